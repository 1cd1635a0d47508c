import assert from "node:assert/strict";
import test from "node:test";

import { install } from "./fake-document.js";

install();
const { linesOf } = await import("../shared/code.js");

const client = `const emits = {
  all: (message) => socket.emit("chat message", message),
  others: (message) => socket.emit("chat message others", message),
};

socket.on("chat message", (message) => {
  show(message);
});`;

const server = `	s.On("chat message others", func(msg any) {
		s.Broadcast().Emit("chat message", msg)
	})
	s.On("name", people.introduce)`;

for (const [code, event, way, want] of [
  [client, "chat message", "emits", [1]],
  [client, "chat message others", "emits", [2]],
  [client, "chat message", "hears", [5, 6, 7]],
  [client, "chat", "hears", []],
  [server, "chat message others", "hears", [0, 1, 2]],
  [server, "chat message", "emits", [1]],
  [server, "name", "hears", [3]],
]) {
  test(`the lines that ${way} ${event} are ${want}`, () => assert.deepEqual(linesOf(code, event, way), want));
}
