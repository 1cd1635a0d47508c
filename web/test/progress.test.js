import assert from "node:assert/strict";
import test from "node:test";

import { format, forget, parse, record, stateOf } from "../shared/progress.js";

test("a progress is a list of names, with a ~ before a begun one", () => {
  assert.deepEqual([...parse("cursor.~hold.page-volatile")], [["cursor", "solved"], ["hold", "begun"], ["page-volatile", "solved"]]);
  assert.equal(format(parse("cursor.~hold")), "cursor.~hold");
  assert.deepEqual([...parse("")], []);
  assert.deepEqual([...parse("..a b.<i>.~.x;y")], [], "invalid names are left out");
});

test("a progress fits into a cookie", () => {
  const many = new Map(Array.from({ length: 400 }, (_, i) => [`exercise-${i}`, i % 2 ? "begun" : "solved"]));
  const kept = parse(format(many));
  assert.ok(format(many).length <= 3500);
  assert.ok(!kept.has("exercise-1") && kept.has("exercise-398"), "the oldest go, unsolved ones first");
});

test("what is solved stays solved, until it is forgotten", () => {
  globalThis.document = {
    jar: "other=1",
    get cookie() { return this.jar; },
    set cookie(text) { [this.set, this.jar] = [text, text.includes("max-age=0") ? "other=1" : `other=1; ${text.split(";")[0]}`]; },
  };
  assert.equal(stateOf("hold"), undefined);
  record("hold", "begun");
  assert.equal(stateOf("hold"), "begun");
  record("hold", "solved");
  record("hold", "begun");
  assert.equal(stateOf("hold"), "solved");
  record("cursor", "begun");
  assert.match(document.set, /^lab-progress=hold\.~cursor; path=\/; max-age=\d+; samesite=strict$/);
  forget();
  assert.equal(stateOf("hold"), undefined);
  delete globalThis.document;
});
