import assert from "node:assert/strict";
import test from "node:test";

import { Arrivals } from "../pages/compare/arrivals.js";

const said = [1, 2, 3, 4, 5, 6, 7];

/** The numbers of `said` that are lost, and those that may still come. */
const state = (arrivals) => [said.filter((n) => arrivals.lost(n)), said.filter((n) => arrivals.waiting(n))];

test("before the first message nothing is lost", () => {
  assert.deepEqual(state(new Arrivals()), [[], said]);
});

test("messages from before the lane joined are not lost, whatever the clocks say", () => {
  const arrivals = new Arrivals();
  for (const n of [3, 4, 5]) arrivals.add(n, 0);
  assert.deepEqual(state(arrivals), [[], [6, 7]]);
});

test("a gap between two messages is a loss", () => {
  const arrivals = new Arrivals();
  for (const n of [2, 3, 6]) arrivals.add(n, 1000);
  assert.deepEqual(state(arrivals), [[4, 5], [7]]);
});

test("a message counts once, and is kept as long as it is shown", () => {
  const arrivals = new Arrivals();
  assert.equal(arrivals.add(1, -50), true); // a clock that is behind makes it arrive before it was sent
  assert.equal(arrivals.add(1, 10), false);
  assert.equal(arrivals.at(1), -50);
  arrivals.add(2, 20);
  arrivals.forget(new Map([[2, 0]]));
  assert.equal(arrivals.has(1), false);
  assert.equal(arrivals.has(2), true);
  assert.equal(arrivals.newest, 2);
});
