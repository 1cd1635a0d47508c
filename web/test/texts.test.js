// The texts of all pages: whole in both languages, each used, and each that is used there.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";
import { pathToFileURL } from "node:url";

const web = path.join(import.meta.dirname, "..");
const read = (file) => fs.readFileSync(path.join(web, file), "utf8");
const list = (dir) => fs.readdirSync(path.join(web, dir)).map((name) => `${dir}/${name}`);
const isText = (file) => file.endsWith("/text.js") || file.endsWith("-text.js");

const shared = list("shared").filter((file) => file.endsWith(".js"));
const pages = list("pages").map((dir) => ({ dir, html: list(dir).filter((file) => file.endsWith(".html")).map(read).join("\n"), js: list(dir).filter((file) => file.endsWith(".js")) }));

/** Each catalogue: its name, its text file, the modules that look up its keys. */
const catalogues = [
  ...shared.filter(isText).map((file) => ({ name: path.basename(file, "-text.js"), file, users: usersOf(shared, path.basename(file)) })),
  { name: "class", file: "class/text.js", users: list("class").filter((file) => file.endsWith(".js") && !isText(file)) },
  ...pages.map(({ dir, js }) => ({ name: "page", dir, file: `${dir}/text.js`, users: js.filter((file) => !isText(file)) })),
];
for (const c of catalogues) c.texts = (await import(pathToFileURL(path.join(web, c.file)))).texts;

function usersOf(files, textFile) {
  return files.filter((file) => read(file).includes(`/${textFile}"`));
}

/** The references such as "room.send" in markup and code. */
function references(source) {
  source = source.replace(/^ *(\/\/| \*|\/\*\*).*$/gm, ""); // comments
  const names = catalogues.map((c) => c.name).join("|");
  return [...source.matchAll(new RegExp(`"(${names})\\.([\\w.-]+)"`, "g"))].map(([, name, key]) => ({ name, key }))
    .filter(({ key }) => !["js", "css"].includes(key));
}

const placeholders = (text) => [...new Set([...text.matchAll(/\{(\d)[^}]*\}/g)].map(([, i]) => i))].sort();
const title = (c) => c.file;

for (const c of catalogues) {
  test(`${title(c)}: both languages have the same keys and placeholders`, () => {
    assert.deepEqual(Object.keys(c.texts), ["en", "zh"]);
    assert.deepEqual(Object.keys(c.texts.zh).sort(), Object.keys(c.texts.en).sort());
    for (const [key, text] of Object.entries(c.texts.en)) {
      assert.ok(text.trim() && c.texts.zh[key].trim(), `${key} is empty`);
      assert.deepEqual(placeholders(c.texts.zh[key]), placeholders(text), key);
    }
  });

  test(`${title(c)}: each text is used, and no other is asked for`, () => {
    const code = c.users.map(read).join("\n");
    const everywhere = c.name === "page" ? [code, pages.find(({ dir }) => dir === c.dir).html] : [...shared, ...pages.flatMap((p) => p.js)].map(read).concat(pages.map((p) => p.html));
    const referred = new Set(everywhere.flatMap(references).filter(({ name }) => name === c.name).map(({ key }) => key));
    const keys = new Set(Object.keys(c.texts.en));

    for (const key of referred) assert.ok(keys.has(key), `${c.name}.${key} is referred to, and is not there`);
    for (const [, key] of code.matchAll(/(?<![\w.])t\("([^"]+)"/g)) assert.ok(keys.has(key), `t("${key}") is looked up, and is not there`);

    const unused = [];
    const lookups = code.replace(/(\$|\bon|\bonce|\bemit|addEventListener|element|is)\("[^"]*"/g, ""); // texts that are not keys
    const beginnings = [...code.matchAll(/(?<![\w.])t\(`([\w-]+)\$\{/g)].map(([, beginning]) => beginning); // t(`is-${status}`)
    for (const key of keys) {
      if (!beginnings.some((beginning) => key.startsWith(beginning)) && !referred.has(key) && !lookups.includes(`"${key}"`)) unused.push(key);
    }
    assert.deepEqual(unused, []);
  });
}

test("a text that counts has one word for one", () => {
  const texts = catalogues.flatMap((c) => Object.entries(c.texts.en).map(([key, text]) => ({ key: `${c.file}: ${key}`, text })));
  const nouns = new Set(texts.flatMap(({ text }) => [...text.matchAll(/\{\d (?:[a-z]+ )*([a-z]+)\}/g)].map(([, noun]) => noun)));
  assert.ok(nouns.has("byte"));
  const plural = new RegExp(`\\{\\d\\} (more )?(${[...nouns].join("|")})s\\b`);
  for (const { key, text } of texts) assert.doesNotMatch(text, plural, `${key}: write {0 byte}, not {0} bytes`);
  for (const c of catalogues) for (const [key, text] of Object.entries(c.texts.zh)) assert.doesNotMatch(text, /\{\d [^}]*\}/, `${c.file}: ${key}`);
});

test("the modules of a page that refer to a catalogue load it", () => {
  for (const { dir, html, js } of pages) {
    const loaded = new Set(js);
    for (const file of loaded) { // grows as it is walked
      for (const [, from, name] of read(file).matchAll(/from "(\/lab\/shared|\/lab\/page|\.)\/([\w-]+\.js)"/g)) {
        loaded.add(from === "/lab/page" || from === "." && file.startsWith(dir) ? `${dir}/${name}` : `shared/${name}`);
      }
    }
    for (const { name, key } of [html, ...[...loaded].map(read)].flatMap(references)) {
      const c = catalogues.find((c) => c.name === name && (name !== "page" || c.dir === dir));
      assert.ok(loaded.has(c.file), `${dir} refers to ${name}.${key}, and does not load ${c.file}`);
      assert.ok(key in c.texts.en, `${dir} refers to ${name}.${key}, which is not there`);
    }
  }
});
