import assert from "node:assert/strict";
import test from "node:test";

import { install } from "./fake-document.js";

install();
const { align } = await import("../shared/xray-compare.js");

const bytes = (text) => new TextEncoder().encode(text);

/** The alignment as two lines, with a dot for a gap. */
function lines(a, b) {
  const pairs = align(bytes(a), bytes(b));
  return [pairs.map(([i]) => (i === null ? "." : a[i])).join(""), pairs.map(([, j]) => (j === null ? "." : b[j])).join("")];
}

for (const [a, b, ...want] of [
  ["same", "same", "same", "same"],
  ["", "", "", ""],
  ["", "ab", "..", "ab"],
  ["ab", "", "ab", ".."],
  ["hello", "help", "hello.", "hel..p"],
  ["42[\"hi\"]", "42/chat,[\"hi\"]", "42......[\"hi\"]", "42/chat,[\"hi\"]"],
  ["abc", "xyz", "abc...", "...xyz"],
  ["aXbYc", "abc", "aXbYc", "a.b.c"],
]) {
  test(`${JSON.stringify(a)} beside ${JSON.stringify(b)}`, () => assert.deepEqual(lines(a, b), want));
}

test("a thousand different bytes are aligned", () => {
  const a = Uint8Array.from({ length: 1024 }, (_, i) => i % 251), b = Uint8Array.from({ length: 1024 }, (_, i) => i % 241);
  const pairs = align(a, b);
  assert.equal(pairs.filter(([i]) => i !== null).length, 1024);
  assert.equal(pairs.filter(([, j]) => j !== null).length, 1024);
  for (const [i, j] of pairs) if (i !== null && j !== null) assert.equal(a[i], b[j]);
});
