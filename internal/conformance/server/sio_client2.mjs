// The official Socket.IO client 2 with text and bytes both ways: node sio_client2.mjs URL OPTIONS, as JSON. Prints "ok", or fails.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

setTimeout(() => { console.error("timeout"); process.exit(1); }, 20000).unref();
const require = createRequire(process.cwd() + "/");
const [url, json] = process.argv.slice(1);
const options = JSON.parse(json);
const socket = require("socket.io-client-2")(url, { ...options, reconnection: false });
const upgraded = options.upgraded && new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
await new Promise((resolve, reject) => { socket.on("connect", resolve); socket.on("connect_error", reject); });
await upgraded;
const ask = (value) => new Promise((resolve) => socket.emit("echo", value, resolve));
assert.equal(await ask("€ 🙂"), "€ 🙂");
assert.deepEqual(Buffer.from(await ask(Buffer.from([0, 1, 2, 255]))), Buffer.from([0, 1, 2, 255]));
await new Promise((resolve) => socket.io.engine.once("pong", resolve));
socket.close();
console.log("ok");
