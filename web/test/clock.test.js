import assert from "node:assert/strict";
import test from "node:test";

import { Clock } from "../shared/clock.js";

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

test("a clock that was set is learned anew", () => {
  const clock = new Clock();
  ask(clock, 1000, 1, 1, 0);
  ask(clock, -5000, 1, 1, 5000);
  assert.ok(Math.abs(clock.offset + 5000) <= 1, `${clock.offset}`);
});
