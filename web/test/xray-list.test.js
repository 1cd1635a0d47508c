import assert from "node:assert/strict";
import test from "node:test";

import { frame, install } from "./fake-document.js";

install();
const { RowList } = await import("../shared/xray-list.js");

const height = 20; // of a row, as the fake document says
const sight = 10; // rows in the box

/** A list of n rows with ids 1, 3, 5, …, drawn. */
function listOf(n) {
  const box = document.createElement("div");
  box.clientHeight = sight * height;
  const filled = [], chosen = [], missed = [];
  const list = new RowList(box, (e, row) => { filled.push(row.id); e.textContent = row.text; }, (row) => chosen.push(row.id), (n) => missed.push(n));
  const rows = Array.from({ length: n }, (_, i) => ({ id: 2 * i + 1, text: `row ${i}` }));
  list.show(rows);
  frame();
  return {
    list, box, rows, filled, chosen, missed,
    drawn: () => box.children[0].children,
    ids: () => box.children[0].children.map((e) => Number(e.id.slice(2))).sort((a, b) => a - b),
    scroll: (top) => { box.scrollTop = top; box.fire("scroll"); frame(); },
    key: (key) => { const event = box.fire("keydown", { key }); frame(); return event; },
  };
}

/** Whether the row with that id lies in the box wholly. */
function inSight({ box, rows }, id) {
  const top = rows.findIndex((row) => row.id === id) * height;
  return top >= box.scrollTop && top + height <= box.scrollTop + box.clientHeight;
}

test("of ten thousand rows only those in sight are in the document", () => {
  const l = listOf(10_000);
  assert.equal(l.box.children[0].style.height, `${10_000 * height}px`);
  assert.ok(l.drawn().length <= sight + 5, `${l.drawn().length}`);
  assert.ok(l.ids().includes(19_999), "it follows the newest");
  l.scroll(5000 * height);
  assert.ok(l.drawn().length >= sight && l.drawn().length <= sight + 5);
  assert.ok(l.ids().includes(2 * 5000 + 1));
  const first = l.drawn().find((e) => e.id === `x-${2 * 5000 + 1}`);
  assert.equal(first.style.top, `${5000 * height}px`);
  assert.equal(first.getAttribute("aria-posinset"), "5001");
  assert.equal(first.getAttribute("aria-setsize"), "10000");
});

test("a row that stays in sight is filled once", () => {
  const l = listOf(100);
  l.scroll(0);
  l.filled.length = 0;
  l.scroll(height);
  assert.ok(l.filled.length <= 1, `${l.filled}`);
  l.list.rewrite(); // another language
  frame();
  assert.equal(l.filled.length > sight, true);
});

test("it follows the end until the reader scrolls up, and again at the end", () => {
  const l = listOf(100);
  const grow = () => {
    l.rows.push({ id: l.rows.at(-1).id + 2, text: "new" });
    l.list.grown();
    frame();
  };
  grow();
  assert.ok(l.ids().includes(l.rows.at(-1).id));
  l.scroll(30 * height);
  grow();
  assert.equal(l.box.scrollTop, 30 * height, "the reader is not moved");
  l.scroll(l.box.scrollHeight - l.box.clientHeight);
  grow();
  assert.ok(l.ids().includes(l.rows.at(-1).id));
});

test("the keys move the active row, keep it in sight, and stop at both ends", () => {
  const l = listOf(100);
  for (const [key, id] of [
    ["Home", 1], ["ArrowUp", 1], ["ArrowDown", 3], ["ArrowDown", 5], ["PageDown", 5 + 2 * (sight - 1)], ["PageUp", 5],
    ["End", 199], ["ArrowDown", 199], ["PageUp", 199 - 2 * (sight - 1)],
  ]) {
    const event = l.key(key);
    assert.equal(l.list.active, id, key);
    assert.ok(event.defaultPrevented, `${key} does not scroll the page`);
    assert.ok(inSight(l, id), `${key}: ${id} in sight, scrolled to ${l.box.scrollTop}`);
    assert.equal(l.box.getAttribute("aria-activedescendant"), `x-${id}`);
    assert.deepEqual(l.drawn().filter((e) => e.getAttribute("aria-selected") === "true").map((e) => e.id), [`x-${id}`]);
  }
  assert.deepEqual(l.chosen, [], "moving chooses nothing");
  l.key("Enter");
  assert.deepEqual(l.chosen, [199 - 2 * (sight - 1)]);
});

test("without an active row the arrows begin at the ends; other keys are left alone", () => {
  let l = listOf(50);
  l.key("ArrowDown");
  assert.equal(l.list.active, 1);
  l = listOf(50);
  l.key("ArrowUp");
  assert.equal(l.list.active, 99);
  for (const key of ["Tab", "a", "Escape"]) assert.ok(!l.key(key).defaultPrevented, key);
  const empty = listOf(0);
  for (const key of ["ArrowDown", "End", "Enter"]) assert.ok(!empty.key(key).defaultPrevented, key);
});

test("a click chooses the row that it meets", () => {
  const l = listOf(50);
  l.scroll(0);
  const target = document.createElement("span");
  l.drawn().find((e) => e.id === "x-7").append(target);
  l.box.fire("click", { target });
  assert.deepEqual(l.chosen, [7]);
  assert.equal(l.list.active, 7);
  l.box.fire("click", { target: l.box });
  assert.deepEqual(l.chosen, [7], "a click beside the rows");
});

test("an active row that a filter hides is active no longer", () => {
  const l = listOf(50);
  l.list.select(41);
  frame();
  assert.ok(inSight(l, 41));
  l.list.show(l.rows.filter((row) => row.id !== 41));
  frame();
  assert.equal(l.list.active, null);
  assert.equal(l.box.getAttribute("aria-activedescendant"), null);
  assert.ok(!l.ids().includes(41));
});

test("a click stops following; the list counts what comes, until it follows again", () => {
  const l = listOf(50);
  const grow = () => {
    l.rows.push({ id: l.rows.at(-1).id + 2, text: "new" });
    l.list.grown();
    frame();
  };
  const at = l.box.scrollTop;
  l.box.fire("click", { target: l.drawn().at(-1) });
  frame();
  assert.equal(l.missed.at(-1), 0);
  grow();
  grow();
  assert.equal(l.missed.at(-1), 2);
  assert.equal(l.box.scrollTop, at);
  l.list.follow();
  frame();
  assert.equal(l.missed.at(-1), null);
  assert.ok(l.ids().includes(l.rows.at(-1).id));
});

test("a scroll event that comes late changes nothing", async (t) => {
  const grow = (l, n = 1) => {
    for (let i = 0; i < n; i++) l.rows.push({ id: l.rows.at(-1).id + 2, text: "new" });
    l.list.grown();
    frame();
  };
  await t.test("the list has scrolled to a row, and the reader has asked it to follow", () => {
    const l = listOf(100);
    l.list.select(1);
    l.list.follow();
    l.box.fire("scroll");
    grow(l);
    assert.equal(l.missed.at(-1), null);
  });
  await t.test("the reader has scrolled up, and then asked the list to follow", () => {
    const l = listOf(100);
    l.box.scrollTop = 30 * height;
    l.list.follow();
    l.box.fire("scroll");
    grow(l);
    assert.equal(l.missed.at(-1), null);
  });
  await t.test("the list has followed, and the box has become lower", () => {
    const l = listOf(100);
    grow(l);
    l.box.clientHeight = sight / 2 * height;
    l.box.fire("scroll");
    frame();
    assert.equal(l.missed.at(-1), null);
    assert.ok(inSight(l, l.rows.at(-1).id));
  });
  await t.test("the list has followed, and the reader has clicked on a row", () => {
    const l = listOf(100);
    grow(l);
    l.box.fire("click", { target: l.drawn().at(-1) });
    l.box.fire("scroll");
    grow(l, 2);
    assert.equal(l.missed.at(-1), 2);
  });
});

test("a key that goes to the last row follows the end", () => {
  const l = listOf(100);
  l.key("PageUp");
  assert.equal(l.missed.at(-1), 0);
  l.key("End");
  assert.equal(l.missed.at(-1), null);
  l.key("ArrowUp");
  assert.equal(l.missed.at(-1), 0);
});

test("a row that has changed is filled again", () => {
  const l = listOf(50);
  const row = l.rows.find(({ id }) => id === l.ids()[1]);
  l.filled.length = 0;
  row.text = "with its body";
  l.list.changed([row, { id: 999 }]);
  frame();
  assert.deepEqual(l.filled, [row.id]);
  assert.ok(l.drawn().some((e) => e.textContent === "with its body"));
});
