import assert from "node:assert/strict";
import test from "node:test";

import { Clock } from "../shared/clock.js";

globalThis.WebSocket ??= { OPEN: 1 }; // not in every Node

/** Asks a server whose clock is ahead by that many ms. The way there and the way back take that long. */
function ask(clock, ahead, there, back, at) {
  clock.exchange(at, at + there + back, at + there + ahead, at + there + ahead);
}

test("a quick answer corrects what slow ones said while the page loaded", () => {
  const clock = new Clock();
  for (let i = 0; i < 15; i++) ask(clock, 1000, 500, 10, i * 200);
  assert.ok(Math.abs(clock.offset - 1000) > 200, `${clock.offset}`);
  ask(clock, 1000, 1, 1, 10_000);
  assert.ok(Math.abs(clock.offset - 1000) <= 1, `${clock.offset}`);
  ask(clock, 1000, 10, 500, 15_000);
  assert.ok(Math.abs(clock.offset - 1000) <= 1, "a slow answer later changes nothing");
});

test("the next answer corrects the estimate after a clock was set", () => {
  const clock = new Clock();
  ask(clock, 1000, 1, 1, 0);
  ask(clock, -5000, 1, 1, 5000);
  assert.ok(Math.abs(clock.offset + 5000) <= 1, `${clock.offset}`);
});

test("a live page's socket is asked when it opens, then every 5 s until it closes", ({ mock }) => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  const sent = [];
  const socket = Object.assign(new EventTarget(), { readyState: WebSocket.OPEN, send: (text) => sent.push(text) });
  const clock = new Clock(() => 7);
  clock.askOver(socket, 3);
  socket.dispatchEvent(new Event("open"));
  mock.timers.tick(0);
  assert.deepEqual(sent, ['{"ping":7}']);
  mock.timers.tick(4999);
  assert.equal(sent.length, 3);
  mock.timers.tick(5001);
  assert.equal(sent.length, 5);
  socket.dispatchEvent(new Event("close"));
  mock.timers.tick(60_000);
  assert.equal(sent.length, 5);
  clock.answered({ pong: 7, now: 1007 });
  assert.ok(Math.abs(clock.offset - 1000) < 1, `${clock.offset}`);
});
