// The columns of the board of a class.

import assert from "node:assert/strict";
import test from "node:test";

import { crowded, layout } from "../class/columns.js";

const exercises = (lesson, n) => Array.from({ length: n }, (_, i) => ({ lesson, name: `${lesson}-${i}` }));

test("a column is an exercise while they fit", () => {
  const few = exercises("longpoll", crowded - 1);
  assert.deepEqual(layout(few, "longpoll"), few);
});

test("of many exercises a column is a lesson, and an open lesson shows its own", () => {
  const many = [...exercises("longpoll", 3), ...exercises("socketio", crowded)];
  const names = (open) => layout(many, open).map((c) => c.name ?? `${c.lesson} ${c.exercises.length} ${c.open}`);
  assert.deepEqual(names(""), ["longpoll 3 false", `socketio ${crowded} false`]);
  assert.deepEqual(names("longpoll"), ["longpoll 3 true", "longpoll-0", "longpoll-1", "longpoll-2", `socketio ${crowded} false`]);
});
