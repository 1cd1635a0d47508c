import assert from "node:assert/strict";
import test from "node:test";

import { Backoff } from "../shared/backoff.js";

test("the limit doubles up to the most, and a success starts over", () => {
  const backoff = new Backoff({ first: 500, most: 8000, random: () => 1 });
  const waits = Array.from({ length: 7 }, () => backoff.next());
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000]);
  backoff.reset();
  assert.equal(backoff.next(), 500);
});

test("a thousand failures do not overflow", () => {
  const backoff = new Backoff({ most: 30_000, random: () => 1 });
  for (let i = 0; i < 1000; i++) assert.ok(backoff.next() <= 30_000);
  assert.equal(backoff.next(), 30_000);
});

test("full jitter: waits fill the whole range from nothing to the limit", () => {
  const quarters = [0, 0, 0, 0];
  for (let i = 0; i < 2000; i++) quarters[Math.min(Math.floor(new Backoff({ first: 4000 }).next() / 1000), 3)]++;
  for (const n of quarters) assert.ok(n > 350, `${quarters}`);
});
