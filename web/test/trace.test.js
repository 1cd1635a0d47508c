import assert from "node:assert/strict";
import test from "node:test";

import { Trace, frames, packets, rowsOf, short } from "../shared/trace.js";

let id = 0;
const at = (ms) => new Date(1e12 + ms).toISOString();
const request = (conn, client) => ({ id: ++id, conn, dir: "in", layer: "http", time: at(0), summary: { en: `GET /socket.io/?client=${client}&EIO=4` } });
const packet = (conn, dir, text, ms = 0) => ({ id: ++id, conn, dir, layer: "eio", time: at(ms), size: text.length, packet: text, summary: { en: "" } });
const made = () => new Trace({ "page-1": "me", "page-1-other": "other" }, packets);
const said = (trace) => trace.arrows.map((a) => `${a.client} ${a.up ? "→" : "←"} ${a.packet}`);

test("packets belong to the client of the last request on their connection", () => {
  const trace = made();
  assert.equal(trace.add([request(1, "page-1"), request(2, "page-1-other"), request(3, "page-2")]), false, "no packet yet");
  assert.equal(trace.add([packet(1, "in", "40"), packet(2, "out", "42[\"hi\"]"), packet(3, "in", "42[\"stranger\"]"), packet(4, "in", "40")]), true);
  trace.add([request(1, "page-1-other"), packet(1, "out", "6")]);
  assert.deepEqual(said(trace), ["me → 40", "other ← 42[\"hi\"]", "other ← 6"]);
});

test("a packet has a kind, and an event its name", () => {
  const trace = made();
  trace.add([request(1, "page-1"), ...["2", "2probe", "3", "42[\"a \\\"b\\\"\",1]", "42/chat,7[\"c\"]", "43[]", "0{}"].map((text) => packet(1, "in", text))]);
  assert.deepEqual(trace.arrows.map((a) => a.event ?? a.kind), ["heartbeat", "control", "heartbeat", "a \"b\"", "c", "ack", "control"]);
  assert.deepEqual(["42[\"/chat,\"]", "40/chat,", "42/chat,7[\"c\"]", "451-/chat,[\"c\"]", "44/a,{}"].map((text) => packets(packet(1, "in", text)).nsp), [undefined, "/chat", "/chat", "/chat", "/a"]);
  trace.add([{ ...packet(1, "in", ""), packet: undefined, size: 12 }]);
  assert.equal(trace.arrows.at(-1).packet, "‹12 B›");
});

test("rows that come late stand in their order", () => {
  const trace = made();
  const early = [request(1, "page-1"), packet(1, "in", "40")];
  trace.add([request(2, "page-1-other"), packet(2, "in", "41")]);
  trace.add(early);
  assert.deepEqual(said(trace), ["me → 40", "other → 41"]);
});

test("an idle connection's heartbeats do not push the messages out", () => {
  const trace = made();
  trace.add([request(1, "page-1"), packet(1, "in", "42[\"hi\"]")]);
  for (let i = 0; i < 500; i++) trace.add([packet(1, "out", "2"), packet(1, "in", "3")]);
  assert.deepEqual(said(trace), ["me → 42[\"hi\"]", "me ← 2", "me → 3"]);
  for (let i = 0; i < 500; i++) trace.add([packet(1, "in", `42["${i}"]`)]);
  assert.equal(trace.arrows.length, 120);
  trace.clear();
  trace.add([packet(1, "in", "40")]);
  assert.deepEqual(said(trace), [], "the connections are unknown again");
});

test("one event to both clients is one row", () => {
  const trace = made();
  const m = "42[\"m\"]";
  trace.add([
    request(1, "page-1"), request(2, "page-1-other"), packet(1, "in", m), packet(1, "out", m), packet(2, "out", m, 3),
    packet(1, "out", m, 4), packet(2, "out", "42[\"n\"]", 5), packet(1, "out", "42[\"n\"]", 500),
  ]);
  assert.deepEqual(rowsOf(trace.arrows).map((row) => row.map((a) => a.client)), [["me"], ["me", "other"], ["me"], ["other"], ["me"]]);
});

test("a packet in short keeps the event's name", () => {
  for (const [packet, most, want] of [
    ["42[\"hi\"]", 20, "42[\"hi\"]"],
    ["42[\"chat message\",{\"text\":\"long\"}]", 24, "42[\"chat message\",…]"],
    ["42[\"chat message\",{\"text\":\"long\"}]", 10, "42[\"chat …"],
    ["0{\"sid\":\"abcdefghijkl\"}", 10, "0{\"sid\":\"…"],
  ]) assert.equal(short(packet, most), want);
});

test("a WebSocket without Socket.IO: its handshake and its frames", () => {
  const row = (layer, en) => frames({ layer, summary: { en } });
  const said = (layer, en) => row(layer, en)?.packet;
  assert.equal(said("http", "GET /ws?client=page-1"), "GET /ws");
  assert.equal(said("http", "GET /ws?after=7@2000-01-01T00:00:00.000Z&client=page-1"), "GET /ws?after=7@2000-01-01T00:00:00.000Z");
  assert.equal(said("http", "101 Switching Protocols · answers GET /ws?client=page-1"), "101 Switching Protocols");
  assert.equal(said("http", "GET /lab/shared/stage.js"), undefined);
  assert.equal(said("http", "POST /cut?client=page-1"), undefined);
  assert.equal(said("ws", "text frame, 5 bytes · Hello"), "text 5 B · Hello");
  assert.equal(said("ws", "text frame, 1 byte · x"), "text 1 B · x");
  assert.equal(said("ws", "text frame, 0 bytes · ⟨⟩"), "text 0 B");
  assert.equal(said("ws", "binary frame, 65537 bytes, more follow · ⟨61⟩"), "binary 65,537 B · ⟨61⟩");
  assert.equal(said("ws", "4096 more bytes of the frame"), undefined);
  assert.equal(said("ws", "close: 1000 "), "close 1000");
  assert.equal(said("ws", "close: 4001 bye"), "close 4001 bye");
  assert.equal(row("ws", "ping frame, 0 bytes · ⟨⟩").kind, "heartbeat");
  assert.equal(said("eio", "2"), undefined);
});
