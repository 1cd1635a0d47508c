import assert from "node:assert/strict";
import test from "node:test";

import { Tally } from "../pages/cluster/tally.js";

const counts = ({ atOnce, recovered, lost, twice }) => ({ atOnce, recovered, lost, twice });

test("a number that is left out is lost, until it arrives", () => {
  const tally = new Tally();
  for (const n of [7, 8, 11]) tally.take(n, false);
  assert.deepEqual(counts(tally), { atOnce: 3, recovered: 0, lost: 2, twice: 0 });
  tally.take(9, true);
  tally.take(9, true);
  assert.deepEqual(counts(tally), { atOnce: 3, recovered: 1, lost: 1, twice: 1 });
  tally.reset();
  tally.take(20, false);
  assert.deepEqual(counts(tally), { atOnce: 1, recovered: 0, lost: 0, twice: 0 });
});
