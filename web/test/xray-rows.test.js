import assert from "node:assert/strict";
import test from "node:test";

import { Rows, gapText } from "../shared/xray-rows.js";

const layers = ["tcp", "http", "body", "chunk", "line", "sse", "ws", "message", "eio", "sio", "event", "bytes"];
const at = (ms) => new Date(1e12 + ms).toISOString();
const row = (id, layer, more = {}) => ({ id, conn: 1, layer, dir: "in", time: at(id), size: 1, summary: { en: `${layer} ${id}`, zh: "" }, ...more });
const made = (run = "a") => {
  const rows = new Rows(layers);
  rows.filter((r) => r.message);
  rows.begin(run, at(0));
  return rows;
};
const ids = (rows) => rows.map((r) => r.id);

test("a message consists of its layers, the topmost first", () => {
  const rows = made();
  rows.add([
    row(1, "tcp"), row(2, "http", { parent: 1 }), row(3, "body", { parent: 1, request: 2 }), row(4, "eio", { parent: 3, request: 2 }),
    row(5, "sio", { parent: 4 }), row(6, "event", { parent: 5, message: true }),
  ]);
  assert.deepEqual(ids(rows.layersOf(rows.get(6))), [6, 5, 4, 3, 2, 1]);
  assert.deepEqual(ids(rows.layersOf(rows.get(4))), [4, 3, 2, 1], "a layer has no layers above it");
  assert.deepEqual(ids(rows.shown), [6]);
});

test("an answer has its own body, and its request another", () => {
  const rows = made();
  rows.add([row(1, "tcp"), row(2, "http", { parent: 1, message: true })]);
  const changed = rows.add([row(3, "body", { parent: 1, request: 2 })]);
  assert.deepEqual(ids(changed), [2]);
  assert.equal(rows.get(2).content.en, "body 3");
  rows.add([row(4, "http", { dir: "out", request: 2, message: true }), row(5, "body", { dir: "out", request: 2 })]);
  assert.deepEqual(ids(rows.layersOf(rows.get(2))), [3, 2, 1]);
  assert.deepEqual(ids(rows.layersOf(rows.get(4))), [5, 4]);
});

test("the attachments of an event are layers of it", () => {
  const rows = made();
  rows.add([row(1, "ws"), row(2, "sio", { parent: 1 }), row(3, "ws"), row(4, "sio", { parent: 3 }), row(5, "event", { parent: 2, parts: [4], message: true })]);
  assert.deepEqual(ids(rows.layersOf(rows.get(5))), [5, 2, 4, 1, 3]);
});

test("an answer in chunks is open until its last chunk", () => {
  const rows = made();
  rows.add([row(1, "http", { message: true }), row(2, "http", { dir: "out", request: 1 }), row(3, "chunk", { dir: "out", request: 1 })]);
  assert.equal(rows.isOpen(1), true);
  rows.add([row(4, "chunk", { dir: "out", request: 1, kind: "end" })]);
  assert.equal(rows.isOpen(1), false);
});

test("an answer over HTTP/2 is open until its last frame", () => {
  const rows = made();
  const frame = (id, more) => row(id, "h2", { dir: "out", request: 1, summary: { en: "DATA · stream 1 · 5 bytes" }, ...more });
  rows.add([row(1, "http", { message: true }), row(2, "http", { dir: "out", request: 1 }), frame(3), row(4, "body", { dir: "out", request: 1 })]);
  assert.equal(rows.isOpen(1), true);
  rows.add([frame(5, { kind: "end" }), row(6, "body", { dir: "out", request: 1 })]);
  assert.equal(rows.isOpen(1), false);
});

test("after a restart the old rows stay, with a divider", () => {
  const rows = made();
  rows.add([row(1, "http", { message: true }), row(2, "http", { dir: "out", request: 1, message: true })]);
  rows.begin("b", at(9));
  rows.add([row(1, "http", { message: true })]);
  assert.deepEqual(rows.shown.map((r) => r.layer), ["http", "http", "restart", "http"]);
  assert.deepEqual(ids(rows.shown), [1, 2, 3, 4]);
  assert.deepEqual([1, 2, 3, 4].map((id) => rows.serverID(id)), [0, 0, 0, 1]);
  rows.begin("b", at(10)); // the same server, after a lost connection: it sends its rows again
  assert.deepEqual(ids(rows.all), [1, 2, 3]);
  rows.add([row(1, "http", { message: true })]);
  assert.deepEqual(ids(rows.all), [1, 2, 3, 4]);
});

test("ids go on after the rows were cleared", () => {
  const rows = made();
  rows.add([row(1, "http"), row(2, "http")]);
  rows.clear();
  rows.begin("b", at(9));
  rows.add([row(1, "http")]);
  assert.deepEqual(ids(rows.all), [3]);
});

test("the time since the row before is that of the rows shown", () => {
  const rows = made();
  rows.add([row(1, "http", { message: true }), row(2, "tcp"), row(5, "ws", { message: true })]);
  assert.deepEqual(rows.shown.map((r) => r.gap), [null, 4]);
  rows.filter(() => true);
  assert.deepEqual(rows.shown.map((r) => r.gap), [null, 1, 3]);
  for (const [ms, text] of [[null, ""], [0, "+0 ms"], [999, "+999 ms"], [1234, "+1.23 s"], [25_000, "+25.0 s"], [130_000, "+2 min"]]) assert.equal(gapText(ms), text);
});

test("rows that come late stand in their order", () => {
  const rows = made();
  rows.add([row(5, "ws", { message: true })]);
  rows.add([row(2, "ws", { message: true }), row(6, "ws", { message: true })]);
  assert.deepEqual(ids(rows.shown), [2, 5, 6]);
});

test("a message has the marks of its own bytes, of its packets and of its frames", () => {
  const rows = made();
  rows.add([row(1, "tcp", { found: 1 }), row(2, "ws", { parent: 1, found: 2 }), row(3, "eio", { parent: 2, message: true, found: 4 }), row(4, "ws", { parent: 1, message: true })]);
  assert.equal(rows.found(rows.get(3)), 6);
  assert.equal(rows.found(rows.get(4)), 0, "the other message in that segment has it");
  assert.equal(rows.found(rows.get(1)), 1, "a layer has its own");
  rows.mark([[4, 1]]);
  assert.equal(rows.found(rows.get(3)), 0);
  assert.equal(rows.found(rows.get(4)), 1);
});

test("a row without a client is of the last request's on its connection", () => {
  const rows = made();
  rows.add([row(1, "http", { client: "page-1" }), row(2, "tcp", { kind: "cut" }), row(3, "tcp", { conn: 2 })]);
  assert.equal(rows.clientOf(rows.get(2)), "page-1");
  assert.equal(rows.clientOf(rows.get(3)), "");
});

test("of very many rows the newest are kept", () => {
  const rows = made();
  for (let i = 0; i < 11; i++) rows.add(Array.from({ length: 1000 }, (_, j) => row(1000 * i + j + 1, "http", { message: true })));
  assert.ok(rows.all.length <= 10_000);
  assert.equal(rows.shown.length, rows.all.length);
  assert.equal(rows.all.at(-1).id, 11_000);
});
