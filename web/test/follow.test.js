// Follow mode: what moves a student's browser, and where to.

import assert from "node:assert/strict";
import test from "node:test";

const { lead, led } = await import("../class/follow.js");

const page = { moved: "10:00", at: { path: "/lab/lesson/websocket" } };
const pushed = { moved: "10:05", at: { path: "/lab/exercise/cursor" }, place: page.at, push: { exercise: "cursor", n: 1 } };

test("the newest of a page and an exercise for everyone moves the class", () => {
  assert.equal(lead({}, led(page)), "/lab/lesson/websocket");
  assert.equal(lead(led(page), led(pushed)), "/lab/exercise/cursor");
  assert.equal(lead(led(pushed), led({ ...page, moved: "10:10" })), "/lab/lesson/websocket", "the same page, shown again");
  assert.equal(lead(led(pushed), led({ ...page, moved: "10:05" })), "", "an exercise that is taken back moves no student");
});

test("a demo moves no student, a vote comes first", () => {
  assert.equal(lead(led(page), led({ moved: "10:10", at: { demo: "sse" } })), "");
  assert.equal(lead(led(page), led({ ...pushed, question: { id: "q", round: 1 } })), "/lab/class/");
});

test("a class that moves no student", () => assert.equal(lead({}, led({})), ""));
