// The colours of tokens.css, light and dark: what is read stands out 4.5 : 1, what frames a control 3 : 1.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

const css = fs.readFileSync(path.join(import.meta.dirname, "../shared/tokens.css"), "utf8");
const tokens = Object.fromEntries([...css.matchAll(/--([\w-]+): light-dark\((#\w+), (#\w+)\)/g)].map(([, name, light, dark]) => [name, { light, dark }]));

function luminance(hex) {
  const digits = hex.length === 4 ? [...hex.slice(1)].map((c) => c + c) : hex.slice(1).match(/../g);
  const [r, g, b] = digits.map((d) => parseInt(d, 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

test("contrast is that of two colours", () => assert.equal(contrast("#fff", "#000000"), 21));

const read = ["ink", "soft", "accent", "good", "bad", "other", ...Object.keys(tokens).filter((name) => name.startsWith("c-"))];
const pairs = [
  ...read.flatMap((name) => [[name, "card", 4.5], [name, "ground", 4.5]]),
  ["on-accent", "accent", 4.5], ["ink", "wash", 4.5], ["accent", "wash", 4.5],
  ["edge", "card", 3], ["edge", "ground", 3],
];

for (const scheme of ["light", "dark"]) {
  test(`${scheme}: texts and controls stand out`, () => {
    const faint = pairs.map(([a, b, least]) => [a, b, least, contrast(tokens[a][scheme], tokens[b][scheme])])
      .filter(([, , least, got]) => got < least).map(([a, b, least, got]) => `${a} on ${b}: ${got.toFixed(2)} < ${least}`);
    assert.deepEqual(faint, []);
  });
}
