// The language of the x-ray's filter, by the table that the Go package internal/xray/filter has, too.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

import { setLanguage } from "../shared/catalogue.js";
import { FilterError, complete, layers, matches, parse, searches } from "../shared/xray-language.js";

const cases = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, "../../internal/xray/filter/testdata/cases.json"), "utf8"));
const said = (row) => `${row.layer} #${row.conn} ${row.said}${row.problem ? ` ! ${row.problem}` : ""}`;

/** The rows as the server sends them for a filter: with a bit for each needle that their bytes have. */
function rowsFor(filter) {
  const needles = filter.terms.filter((term) => term.needle !== undefined);
  const inBytes = (row, { found }) => (row.layer !== "tcp" || row.message) && [row.data, row.view ?? ""].some((text) => found(text));
  return cases.rows.map((row) => ({ ...row, found: needles.reduce((bits, n) => bits | (inBytes(row, n) ? 1 << n.needle : 0), 0) }));
}

for (const { filter: source, rows } of cases.matches) {
  test(`the filter ${source || "nothing"}`, () => {
    const filter = parse(source);
    const inHex = /^"?(?:0x|[0-9a-f]{2} )/i.test(source); // bytes are searched by the server alone
    const all = rowsFor(filter);
    if (inHex) for (const row of all) row.found = rows.includes(row.id) ? 1 : 0;
    assert.deepEqual(all.filter((row) => matches(filter, row, said)).map((row) => row.id), rows);
  });
}

for (const { filter, at, en } of cases.errors) {
  test(`the error of ${filter}`, () => {
    setLanguage("en");
    assert.throws(() => parse(filter), (error) => error instanceof FilterError && error.at === at && error.why === en);
  });
}

for (const { filter, start, terms } of cases.completions) {
  test(`the completion of ${filter || "nothing"}`, () => assert.deepEqual(complete(filter, cases.seen), { start, terms }));
}

test("a message is asked for the layers and kinds of its parts, and a search for their bytes", () => {
  const ws = { id: 4, layer: "ws", kind: "upgrade", size: 9, dir: "in", found: 1 }, event = { id: 5, layer: "event", size: 3, dir: "in" };
  const passes = (source) => matches(parse(source), event, () => "", () => [event, ws], () => ws.found);
  for (const source of ["layer:ws", "layer:event kind:upgrade", "anything", "size=3", "row=4", "row=5"]) assert.equal(passes(source), true, source);
  for (const source of ["-layer:ws", "size=9", "-anything", "row=6", "-row=4"]) assert.equal(passes(source), false, source);
});

test("a filter of words searches the bytes", () => {
  assert.equal(searches(parse("layer:ws chat")), true);
  assert.equal(searches(parse("layer:ws #3")), false);
  assert.equal(layers.length, 15);
});
