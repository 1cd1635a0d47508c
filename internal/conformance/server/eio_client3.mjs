// The official Engine.IO client 3.5 against an echo: node eio_client3.mjs URL OPTIONS, as JSON. Prints "ok", or fails.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

setTimeout(() => { console.error("timeout"); process.exit(1); }, 20000).unref();
const require = createRequire(createRequire(process.cwd() + "/").resolve("socket.io-client-2"));
const connect = require("engine.io-client");
const [url, json] = process.argv.slice(1);
const options = JSON.parse(json);
const socket = connect(url, { ...options.client, reconnection: false });
const once = (event) => new Promise((resolve, reject) => {
  socket.once(event, resolve);
  if (event !== "close") socket.once("error", reject);
});

await once("open");
if (options.upgrades) await once("upgrade");
assert.equal(socket.transport.name, options.transport);
const sent = ["", "hello", "€ 你好 🙂", "1:2\x1e3:4", Buffer.from([0, 1, 2, 255]), "x".repeat(100_000), Buffer.alloc(100_000, 7), "last"];
const echoed = new Promise((resolve) => {
  const got = [];
  socket.on("message", (data) => { if (got.push(data) === sent.length) resolve(got); });
});
for (const data of sent) socket.send(data);
const got = await echoed;
sent.forEach((data, i) => {
  if (typeof data === "string") assert.equal(got[i] ?? "", data); // an empty packet has no data
  else assert.deepEqual(Buffer.from(got[i]), data);
});
let pongs = 0;
await new Promise((resolve) => socket.on("pong", () => { if (++pongs === 3) resolve(); })); // longer than a heartbeat
const closed = once("close");
socket.close();
await closed;
console.log("ok");
