// The lines that a page's facts light up are in the code that the page shows.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

const root = path.join(import.meta.dirname, "../..");
const read = (...file) => fs.readFileSync(path.join(root, ...file), "utf8");
const list = (dir) => fs.readdirSync(path.join(root, dir));

const server = list("lessons").filter((dir) => fs.statSync(path.join(root, "lessons", dir)).isDirectory())
  .flatMap((dir) => list(`lessons/${dir}`).filter((file) => file.endsWith(".go")).map((file) => read("lessons", dir, file))).join("\n");

const unquoted = (literal) => (literal.startsWith("`") ? literal.slice(1, -1) : JSON.parse(literal));

for (const demo of list("web/pages")) {
  const module = `web/pages/${demo}/${demo}.js`;
  if (!fs.existsSync(path.join(root, module))) continue;
  const source = read(module);
  const lights = [...source.matchAll(/^ {2}"[^"\n]+": \{ ((?:client|server|wire): .*) \},$/gm)].map(([, light]) => light);
  if (lights.length === 0) continue;
  test(`${module}: the lines that light up are there`, () => {
    const client = [...source.matchAll(/\/\/ #region .*?\/\/ #endregion/gs)].map(([region]) => region).join("\n");
    for (const light of lights) {
      for (const [, side, literal] of light.matchAll(/(client|server): (`[^`]*`|"(?:[^"\\]|\\.)*")/g)) {
        assert.ok({ client, server }[side].includes(unquoted(literal)), `${side}: ${literal}`);
      }
    }
  });
}
