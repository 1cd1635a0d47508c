import assert from "node:assert/strict";
import test from "node:test";

import { fitsIn, largest, slideOf, target, turns } from "../shared/slides.js";

test("keys turn the slides and stop at the ends", () => {
  const press = (key, at, more = {}) => target({ key, ...more }, at, 9);
  for (const key of ["ArrowRight", "ArrowDown", "PageDown", " "]) {
    assert.equal(press(key, 3), 4);
    assert.equal(press(key, 9), 9);
  }
  for (const key of ["ArrowLeft", "ArrowUp", "PageUp"]) {
    assert.equal(press(key, 3), 2);
    assert.equal(press(key, 1), 1);
  }
  assert.equal(press(" ", 3, { shiftKey: true }), 2);
  assert.equal(press("Home", 3), 1);
  assert.equal(press("End", 3), 9);
  assert.equal(press("x", 3), null);
  for (const key of ["altKey", "ctrlKey", "metaKey"]) assert.equal(press("ArrowLeft", 3, { [key]: true }), null, "the browser's own keys");
});

test("the hash names a slide of the deck", () => {
  assert.equal(slideOf("#4", 9), 4);
  for (const [hash, at] of [["", 1], ["#", 1], ["#0", 1], ["#99", 9], ["#closing", 1], ["#-2", 1], ["#4x", 1]]) assert.equal(slideOf(hash, 9), at, hash);
});

test("a swipe is long and level", () => {
  assert.equal(turns(-120, 10), 1);
  assert.equal(turns(120, -10), -1);
  for (const [dx, dy] of [[0, 0], [-40, 0], [-100, 90], [0, 300]]) assert.equal(turns(dx, dy), 0);
});

test("the largest scale that fits, and never below the least", () => {
  assert.equal(largest(() => true), 1);
  assert.equal(largest((scale) => scale <= 0.8), 0.8);
  assert.equal(largest(() => false, 0.6), 0.6);
});

test("a slide fits if none of its boxes overflows", () => {
  const box = (scrollWidth, scrollHeight) => ({ clientWidth: 100, clientHeight: 50, scrollWidth, scrollHeight });
  const slide = (content, ...inner) => ({ querySelector: () => content, querySelectorAll: () => inner });
  assert.ok(fitsIn(slide(box(100, 50))));
  assert.ok(!fitsIn(slide(box(100, 60))));
  assert.ok(!fitsIn(slide(box(100, 50), box(140, 50))), "code that is too wide");
});
