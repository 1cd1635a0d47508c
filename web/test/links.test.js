import assert from "node:assert/strict";
import test from "node:test";

import { filterOf } from "../shared/links.js";

const lights = { "→ GET": { client: "await fetch(", server: "func (s *Short) read", wire: "GET /messages" }, opened: { client: "onopen" } };

for (const [line, label] of [
  [`  all: (message) => socket.emit("chat message", message),`, "chat message"],
  [`socket.on("chat message", (message) => {`, "chat message"],
  [`		s.Broadcast().Emit("chat message", msg)`, "chat message"],
  [`	answer, err := s.Timeout(answerTimeout).EmitWithAck(ctx, "question")`, "question"],
  [`const a = await socket.emitWithAck("ferret", name);`, "ferret"],
  [`  const response = await fetch(url);`, "GET /messages"],
  [`func (s *Short) read(w http.ResponseWriter, r *http.Request) {`, "GET /messages"],
  [`socket.onopen = () => {`, undefined],
  [`// a comment`, undefined],
]) test(`${line.trim()} is about ${label}`, () => assert.equal(filterOf(line, lights)?.label, label));

test("a filter finds its arrows", () => {
  const { test: isEvent } = filterOf(`emit("a")`);
  assert.deepEqual([{ event: "a" }, { event: "b" }, {}].map((arrow) => isEvent(arrow)), [true, false, false]);
  const { test: isRequest } = filterOf("await fetch(", lights);
  assert.deepEqual(["GET /messages?after=1", "POST /messages"].map((packet) => isRequest({ packet })), [true, false]);
});
