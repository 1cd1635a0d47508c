import assert from "node:assert/strict";
import test from "node:test";

import { advance, begin, phase } from "../shared/steps.js";

const steps = [
  { name: "first", answer: 1, acts: ["x", "y"], until: [["a"], ["b", "c"]] },
  { name: "second", answer: 0, acts: ["x"], until: [["a"]] },
];

/** The state after these events. */
const after = (...events) => events.reduce((state, event) => advance(steps, state, event), begin());

test("a step is predicted, acted out and explained, and then comes the next", () => {
  const guess = { guess: 1 };
  assert.equal(phase(steps, after()), "guess");
  assert.equal(phase(steps, after(guess)), "act");
  assert.equal(phase(steps, after(guess, { fact: "a" }, { fact: "c" })), "act");
  const done = after(guess, { fact: "a" }, { fact: "c" }, { fact: "b" });
  assert.equal(phase(steps, done), "why");
  const second = advance(steps, done, { next: true });
  assert.deepEqual([second.at, second.solved, phase(steps, second)], [1, [true], "guess"]);
  const end = [{ guess: 3 }, { fact: "a" }, { next: true }].reduce((state, event) => advance(steps, state, event), second);
  assert.deepEqual([end.solved, phase(steps, end)], [[true, false], "end"]);
  assert.deepEqual(advance(steps, end, { again: true }), begin());
});

test("the reader may begin at a later step, and an unknown one is the first", () => {
  assert.deepEqual([begin(steps, "second").at, begin(steps, "third").at, begin(steps, null).at], [1, 0, 0]);
  const done = [{ guess: 0 }, { fact: "a" }, { next: true }].reduce((state, event) => advance(steps, state, event), begin(steps, "second"));
  assert.deepEqual([phase(steps, done), done.solved], ["end", [true]]);
});

test("facts count after the prediction, and a group after the one before it", () => {
  assert.equal(phase(steps, after({ fact: "a" }, { fact: "b" }, { fact: "c" }, { guess: 0 })), "act");
  assert.deepEqual(after({ guess: 0 }, { fact: "b" }, { fact: "a" }).left, [["b", "c"]]);
});

test("the step's button begins again after its last act", () => {
  const pressed = [0, 1, 2, 3].map((n) => after({ guess: 0 }, ...Array(n).fill({ acted: true })).acted);
  assert.deepEqual(pressed, [0, 1, 0, 1]);
});

test("an event that does not fit changes nothing", () => {
  for (const [before, event] of [
    [[], { next: true }], [[], { acted: true }],
    [[{ guess: 0 }], { guess: 1 }], [[{ guess: 0 }], { next: true }], [[{ guess: 0 }], { fact: "z" }],
  ]) {
    const state = after(...before);
    assert.equal(advance(steps, state, event), state, JSON.stringify([before, event]));
  }
});

test("the steps themselves stay as they are", () => {
  const before = JSON.stringify(steps);
  after({ guess: 1 }, { fact: "a" }, { fact: "b" }, { fact: "c" }, { next: true });
  assert.equal(JSON.stringify(steps), before);
});
