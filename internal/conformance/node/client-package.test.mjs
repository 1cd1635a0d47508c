// The client's folder as a package: loaded by Node as npm would lay it out, and what its types declare.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as client from "../../../web/client/index.js";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const folder = fileURLToPath(new URL("../../../web/client", import.meta.url));

/** A folder of an application that has installed the client. */
async function install(t) {
  const dir = await mkdtemp(join(tmpdir(), "client-package-"));
  t.after(() => rm(dir, { recursive: true }));
  await cp(folder, join(dir, "node_modules", "realtimelab-client"), { recursive: true });
  return dir;
}

/** What a script of the application prints. */
async function output(dir, name, script) {
  await writeFile(join(dir, name), script);
  return (await run("node", [name], { cwd: dir, timeout: 120000 })).stdout.trim();
}

const show = `console.log(typeof io, typeof io.Manager, typeof io.connect, io.protocol, io("http://127.0.0.1:1", { autoConnect: false }).nsp);`;
const shown = "function function function 5 /";

for (const name of ["realtimelab-client", "realtimelab-client/dist/socket.io.js", "realtimelab-client/dist/socket.io.min.js", "realtimelab-client/dist/socket.io.msgpack.min.js"]) {
  test(`require("${name}")`, async (t) => {
    assert.equal(await output(await install(t), "app.cjs", `const io = require("${name}"); ${show}`), shown);
  });
  test(`import "${name}"`, async (t) => {
    assert.equal(await output(await install(t), "app.mjs", `import io from "${name}"; ${show}`), shown);
  });
}

test("import of names", async (t) => {
  const script = `import { io, connect, Manager, Socket, protocol } from "realtimelab-client"; ${show}`;
  assert.equal(await output(await install(t), "app.mjs", script), shown);
});

test("the debug log in Node", async (t) => {
  const dir = await install(t);
  await writeFile(join(dir, "app.mjs"), `import { io } from "realtimelab-client"; io("http://127.0.0.1:1", { autoConnect: false });`);
  const { stdout } = await run("node", ["app.mjs"], { cwd: dir, env: { ...process.env, DEBUG: "socket.io-client:url" } });
  assert.match(stdout, /socket\.io-client:url .*http:\/\/127\.0\.0\.1:1/);
  assert.doesNotMatch(stdout, /manager/);
});

for (const types of ["ours", "official"]) {
  test(`a user's program compiles with the types: ${types}`, async () => {
    const tsc = join(here, "node_modules/typescript/bin/tsc");
    await run("node", [tsc, "-p", join(here, "types", `${types}.json`)]).catch((err) => assert.fail(err.stdout));
  });
}

test("the types declare what there is", async () => {
  const { default: ts } = await import("typescript");
  const file = join(folder, "index.d.ts");
  const program = ts.createProgram([file], { strict: true, lib: ["lib.es2022.d.ts", "lib.dom.d.ts"], types: [] });
  const checker = program.getTypeChecker();
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const values = exported.filter((symbol) => {
    const { flags } = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return flags & ts.SymbolFlags.Value;
  });
  const names = values.map((symbol) => symbol.name).filter((name) => name !== "Emitter").sort();
  assert.deepEqual(names, Object.keys(client).sort());

  const manager = new client.Manager("http://127.0.0.1:1", { autoConnect: false });
  manager.engine = {}; // there once it connects
  const instances = { Manager: manager, Socket: manager.socket("/") };
  for (const [name, instance] of Object.entries(instances)) {
    const type = checker.getDeclaredTypeOfSymbol(exported.find((symbol) => symbol.name === name));
    const declared = checker.getPropertiesOfType(type).map((property) => property.name);
    assert.deepEqual(declared.filter((property) => !(property in instance)), [], `${name} lacks what is declared`);
    const methods = [];
    for (let proto = Object.getPrototypeOf(instance); proto !== Object.prototype; proto = Object.getPrototypeOf(proto)) {
      methods.push(...Object.getOwnPropertyNames(proto).filter((method) => method !== "constructor" && !method.startsWith("_")));
    }
    assert.deepEqual(methods.filter((method) => !declared.includes(method)), [], `${name} has what is not declared`);
  }
});
