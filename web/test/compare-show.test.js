import assert from "node:assert/strict";
import test from "node:test";

import { Lap, median } from "../pages/compare/lap.js";
import { Narrator } from "../pages/compare/narrator.js";
import { reorder } from "../pages/compare/rank.js";
import { readable } from "../pages/compare/printable.js";
import { decides, why } from "../pages/compare/sentence.js";
import { texts } from "../pages/compare/text.js";
import { catalogue, setLanguage } from "../shared/catalogue.js";

test("a lap has the median, the longest silence and the messages of its round only", () => {
  const lap = new Lap(10, 1000);
  lap.add(9, 5000, 1010, 0); // from before the round
  lap.add(10, 20, 1120, 0);
  lap.add(11, 900, 3120, 0);
  lap.add(12, 30, 3130, 12);
  lap.add(13, 5000, 9000, 12); // from after it
  assert.deepEqual(lap.outcome("sse", 3200), { lane: "sse", got: 3, delay: 30, silence: 2000 });
});

test("a lane without a message was silent all the time", () => {
  assert.deepEqual(new Lap(1, 1000).outcome("sse", 4000), { lane: "sse", got: 0, delay: 0, silence: 3000 });
  assert.equal(median([]), undefined);
});

const order = (values, options) => {
  const lanes = Object.keys(values);
  return reorder(lanes, (lane) => values[lane], options).join("");
};

test("lanes change places when one is clearly better", () => {
  assert.equal(order({ a: 300, b: 20, c: 100 }), "bca");
  assert.equal(order({ a: 300, b: undefined, c: 100 }), "cab", "a lane without a figure is last");
  assert.equal(order({ a: undefined, b: undefined }), "ab");
});

test("lanes with equal results keep their places", () => {
  assert.equal(order({ a: 102, b: 100, c: 104 }), "abc");
  assert.equal(order({ a: 2, b: 1 }, { least: 4 }), "ab");
  assert.equal(order({ a: 9, b: 1 }, { least: 4 }), "ba");
});

const t = catalogue("compare", texts);
const name = (lane) => lane.toUpperCase();
const place = (lane, rank, figures) => ({ lane, rank, lost: 0, bytes: 0, delay: 0, silence: 0, requests: 0, ...figures });

test("the sentence names the winners, the last lane and what held it up", () => {
  const bytes = [place("a", 1, { bytes: 150 }), place("b", 1, { bytes: 151 }), place("c", 3, { bytes: 1100, requests: 1 })];
  assert.equal(why(t, "bytes", bytes, name), "A and B: 150 bytes a message; C needs 1100, because it makes 1.0 requests a message.");
  const silence = [place("a", 1, { silence: 400 }), place("b", 2, { silence: 2500 })];
  assert.equal(why(t, "silence", silence, name), "A: silent for 400 ms at most; B was silent for 2.5 s.");
  const lossy = [place("a", 1, { silence: 400 }), place("b", 2, { silence: 300, lost: 7 })];
  assert.match(why(t, "silence", lossy, name), /B lost 7 messages,/);
  assert.match(why(t, "silence", [lossy[0], { ...lossy[1], lost: 1 }], name), /B lost 1 message,/);
  assert.match(why(t, "delay", [place("a", 1, { delay: 0.4 }), place("b", 1, { delay: 1 })], name), /< 1 ms; the other lanes do not differ/);
  assert.equal(why(t, "delay", [], name), texts.en.noReport);
  assert.equal(decides(t, "bytes", bytes[2]), "1100 bytes a message");
});

test("every sentence can be said in both languages", () => {
  for (const lang of ["en", "zh"]) {
    setLanguage(lang);
    for (const wins of ["bytes", "delay", "silence"]) {
      for (const figures of [{ lost: 3 }, { requests: 1 }, {}]) {
        const line = why(t, wins, [place("a", 1), place("b", 1), place("c", 1), place("d", 4, figures)], name);
        assert.match(line, /A.*B.*C.*D/);
        assert.doesNotMatch(line, /[{}]|undefined/);
      }
    }
  }
  setLanguage("en");
});

test("a line of the narrator stays, and a newer one of the same kind replaces a waiting one", () => {
  let time = 0;
  const element = {};
  const narrator = new Narrator(element, () => time);
  narrator.say("a", "one");
  assert.equal(element.textContent, "one");
  narrator.say("a", "two");
  narrator.say("b", "three");
  narrator.say("a", "four");
  narrator.next();
  assert.equal(element.textContent, "one", "it is not read yet");
  time = 3000;
  narrator.next();
  assert.equal(element.textContent, "three");
  time = 6000;
  narrator.next();
  assert.equal(element.textContent, "four");
  assert.equal(narrator.idle, false);
  time = 12_000;
  assert.equal(narrator.idle, true);
});

test("after clear, the next line comes at once", () => {
  const element = {};
  const narrator = new Narrator(element, () => 0);
  for (const line of ["one", "two", "three"]) narrator.say(line, line);
  narrator.clear();
  narrator.say("four", "four");
  assert.equal(element.textContent, "four");
  assert.equal(narrator.waiting.length, 0);
});

test("the narrator does not fall behind", () => {
  const narrator = new Narrator({}, () => 0);
  for (let i = 0; i < 100; i++) narrator.say(i, String(i));
  assert.equal(narrator.waiting.length, 3);
  assert.equal(narrator.waiting.at(-1).text, "99");
});

test("bytes are shown as text, or as hexadecimal if they are not text", () => {
  assert.equal(readable(btoa("data: 1\n\n")), "data: 1\n\n");
  assert.equal(readable(btoa("\x81\x7e\x00\xa9")), "81 7e 00 a9");
  assert.equal(readable(null), "");
  assert.equal(readable(btoa("x".repeat(1000))).length, 401);
});
