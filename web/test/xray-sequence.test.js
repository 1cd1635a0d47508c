import assert from "node:assert/strict";
import test from "node:test";

import { fitting } from "../shared/xray-diagram.js";
import { placesOf, sequence } from "../shared/xray-sequence.js";

const at = (ms) => new Date(1e12 + ms).toISOString();
const row = (id, ms, more) => ({ id, conn: 1, layer: "http", dir: "in", time: at(ms), client: "a", message: true, ...more });
const draw = (rows, isOpen = () => false) => sequence(rows, { nameOf: (r) => r.client, rankOf: (name) => name.charCodeAt(0), isOpen });

test("messages are arrows between lifelines", () => {
  const { lifelines, items } = draw([row(1, 0), row(2, 1, { dir: "out", request: 1 }), row(3, 2, { client: "b", kind: "heartbeat", layer: "eio" })]);
  assert.deepEqual(lifelines, ["a", "b"], "in the order of their ranks");
  assert.deepEqual(items.map(({ id, kind, client, up }) => [id, kind, client, up]), [[1, "data", "a", true], [2, "data", "a", false], [3, "heartbeat", "b", true]]);
});

test("a request that the server holds is a bar, until its answer", () => {
  const held = row(1, 0), other = row(2, 50), quick = row(3, 60, { dir: "out", request: 2 });
  assert.deepEqual(draw([held, other, quick]).bars, [{ client: "a", from: 0, to: null }]);
  const answer = row(4, 5000, { dir: "out", request: 1 });
  assert.deepEqual(draw([held, other, quick, answer]).bars, [{ client: "a", from: 0, to: 3 }]);
  const packets = row(4, 5000, { dir: "out", request: 1, layer: "event" });
  assert.deepEqual(draw([held, packets]).bars, [{ client: "a", from: 0, to: 1 }], "its answer may be packets");
});

test("an answer that is still coming is a bar, until the connection is cut", () => {
  const stream = [row(1, 0), row(2, 1, { dir: "out", request: 1 }), row(3, 2, { dir: "out", request: 1, layer: "sse" })];
  assert.deepEqual(draw(stream, () => true).bars, [{ client: "a", from: 0, to: null }]);
  const cut = row(4, 3, { layer: "tcp", kind: "cut" });
  const { bars, items } = draw([...stream, cut], () => true);
  assert.deepEqual(bars, [{ client: "a", from: 0, to: 3 }]);
  assert.equal(items[3].kind, "cut");
});

test("a reset of HTTP/2 ends the bar of its own stream", () => {
  const rows = [row(1, 0, { stream: 1 }), row(2, 1, { stream: 3 }), row(3, 2, { layer: "h2", kind: "cut", stream: 3, request: 2 })];
  assert.deepEqual(draw(rows).bars, [{ client: "a", from: 0, to: null }, { client: "a", from: 1, to: 2 }]);
});

test("an upgrade is not a held request, and a restart ends a held one", () => {
  assert.deepEqual(draw([row(1, 0, { kind: "upgrade" })]).bars, []);
  const restart = row(2, 1, { layer: "restart", client: "" });
  const { lifelines, items, bars } = draw([row(1, 0), restart]);
  assert.deepEqual(lifelines, ["a"]);
  assert.equal(items[1].kind, "restart");
  assert.deepEqual(bars, [{ client: "a", from: 0, to: 1 }]);
});

test("of many clients the latest have lifelines", () => {
  const rows = Array.from({ length: 9 }, (_, i) => row(i + 1, i, { client: "abcdefghi"[i] }));
  const { lifelines, items } = draw(rows);
  assert.deepEqual(lifelines, ["d", "e", "f", "g", "h", "i"]);
  assert.equal(items.length, 6);
});

test("the server stands between the first client and the others", () => {
  for (const names of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    const { server, of } = placesOf(names, 600);
    assert.ok(of("a") < server);
    for (const name of names.slice(1)) assert.ok(of(name) > server);
  }
  assert.ok(placesOf([], 600).server > 0);
});

test("the names of lifelines have room beside each other", () => {
  for (const width of [350, 480]) {
    for (const names of [["a"], ["a", "b"], [..."abcdef"]]) {
      const { server, of, room } = placesOf(names, width);
      const places = [server, ...names.map(of)].sort((a, b) => a - b);
      assert.ok(room > 40, `${room} px for a name`);
      assert.ok(places[0] >= room / 2 && width - places.at(-1) >= room / 2, "inside of the picture");
      for (const [i, place] of places.slice(1).entries()) assert.ok(place - places[i] > room, "no two names touch");
    }
  }
});

test("a label keeps to its room; a Chinese character takes two places", () => {
  for (const [text, letters, want] of [["42[\"hi\"]", 8, "42[\"hi\"]"], ["42[\"hello\"]", 8, "42[\"hel…"], ["你好", 4, "你好"], ["你好吗", 5, "你…"], ["abc", 1, "a…"]]) {
    assert.equal(fitting(text, letters * 7.7 + 0.1), want);
  }
});
