// The lines that a page's facts light up are in the code that the page shows.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

const root = path.join(import.meta.dirname, "../..");
const read = (...file) => fs.readFileSync(path.join(root, ...file), "utf8");
const list = (dir) => fs.readdirSync(path.join(root, dir));

const isFolder = (dir) => fs.statSync(path.join(root, dir)).isDirectory();
const folders = list("lessons").map((name) => `lessons/${name}`).filter(isFolder);
const inProduction = list("lessons/production").map((name) => `lessons/production/${name}`).filter(isFolder); // a package for each demo
const server = [...folders, ...inProduction].flatMap((dir) => list(dir).filter((file) => file.endsWith(".go")).map((file) => read(dir, file))).join("\n");

const unquoted = (literal) => (literal.startsWith("`") ? literal.slice(1, -1) : JSON.parse(literal));

for (const demo of list("web/pages")) {
  const module = `web/pages/${demo}/${demo}.js`;
  if (!fs.existsSync(path.join(root, module))) continue;
  const source = read(module);
  const lights = [...source.matchAll(/^ {2}"[^"\n]+": \{ ((?:client|server|wire): .*) \},$/gm)].map(([, light]) => light);
  if (lights.length === 0) continue;
  test(`${module}: the lines that light up are there`, () => {
    const modules = list(`web/pages/${demo}`).filter((file) => file.endsWith(".js")).map((file) => read("web/pages", demo, file)).join("\n");
    const client = [...modules.matchAll(/\/\/ #region .*?\/\/ #endregion/gs)].map(([region]) => region).join("\n");
    for (const light of lights) {
      for (const [, side, literal] of light.matchAll(/(client|server): (`[^`]*`|"(?:[^"\\]|\\.)*")/g)) {
        assert.ok({ client, server }[side].includes(unquoted(literal)), `${side}: ${literal}`);
      }
    }
  });
}
