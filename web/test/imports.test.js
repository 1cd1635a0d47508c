// A module exports each name that another imports from it. Otherwise a browser would run neither.

import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import test from "node:test";

const web = path.join(import.meta.dirname, "..");
const modules = ["shared", "class", ...fs.readdirSync(path.join(web, "pages")).map((dir) => `pages/${dir}`)]
  .flatMap((dir) => fs.readdirSync(path.join(web, dir)).filter((name) => name.endsWith(".js")).map((name) => `${dir}/${name}`));

/** The file that a module's import names, or null if it is none of ours. */
function fileOf(module, from) {
  if (from.startsWith("/lab/shared/")) return `shared/${from.slice("/lab/shared/".length)}`;
  if (from.startsWith("/lab/page/")) return `${path.posix.dirname(module)}/${from.slice("/lab/page/".length)}`;
  return from.startsWith("./") ? `${path.posix.dirname(module)}/${from.slice(2)}` : null;
}

const exported = (source) => new Set([...source.matchAll(/^export (?:async )?(?:function\*?|const|let|class) ([\w$]+)/gm)].map(([, name]) => name));

for (const module of modules) {
  test(`imports of ${module}`, () => {
    const source = fs.readFileSync(path.join(web, module), "utf8");
    for (const [, names, from] of source.matchAll(/^import \{([^}]*)\} from "([^"]+)"/gm)) {
      const file = fileOf(module, from);
      if (!file) continue;
      const has = exported(fs.readFileSync(path.join(web, file), "utf8"));
      for (const name of names.split(",").map((n) => n.trim().split(" as ")[0]).filter(Boolean)) assert.ok(has.has(name), `${file} exports no ${name}`);
    }
  });
}
