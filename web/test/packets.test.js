import assert from "node:assert/strict";
import test from "node:test";

import { install } from "./fake-document.js";

install();
const { parts, split } = await import("../shared/packets.js");

for (const [packet, ...want] of [
  ["0{\"sid\":\"a\"}", ["engine", "0"], ["data", "{\"sid\":\"a\"}"]],
  ["2", ["engine", "2"]],
  ["2probe", ["engine", "2"], ["data", "probe"]],
  ["3probe", ["engine", "3"], ["data", "probe"]],
  ["40", ["engine", "4"], ["type", "0"]],
  ["40/chat,{\"token\":1}", ["engine", "4"], ["type", "0"], ["nsp", "/chat,"], ["data", "{\"token\":1}"]],
  ["41/chat,", ["engine", "4"], ["type", "1"], ["nsp", "/chat,"]],
  ["42[\"hi!\"]", ["engine", "4"], ["type", "2"], ["data", "[\"hi!\"]"]],
  ["42/chat,7[\"hi!\",1111]", ["engine", "4"], ["type", "2"], ["nsp", "/chat,"], ["ack", "7"], ["data", "[\"hi!\",1111]"]],
  ["4312[]", ["engine", "4"], ["type", "3"], ["ack", "12"], ["data", "[]"]],
  ["44/news,{\"message\":\"no\"}", ["engine", "4"], ["type", "4"], ["nsp", "/news,"], ["data", "{\"message\":\"no\"}"]],
  ["452-/a,3[{\"_placeholder\":true,\"num\":0}]", ["engine", "4"], ["type", "5"], ["count", "2-"], ["nsp", "/a,"], ["ack", "3"], ["data", "[{\"_placeholder\":true,\"num\":0}]"]],
  ["42[\"two\\nlines\",\"/not, a namespace\"]", ["engine", "4"], ["type", "2"], ["data", "[\"two\\nlines\",\"/not, a namespace\"]"]],
  ["no packet", ["data", "no packet"]],
]) {
  test(`the parts of ${packet}`, () => {
    assert.deepEqual(split(packet), want);
    assert.equal(want.map(([, part]) => part).join(""), packet, "no character is lost");
  });
}

test("a long packet is shown in part", () => {
  const [, , data] = parts(`42["${"x".repeat(1000)}"]`);
  assert.equal(data.textContent.length, 301);
  assert.ok(data.textContent.endsWith("…"));
});
