// The official client against a server of ours: node drive.mjs PACKAGE URL TRANSPORTS. Prints "ok" or fails.
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";

const [pkg, url, transports] = process.argv.slice(2);
const module = await import(pkg);
const io = module.io ?? module.default;
const v2 = pkg.endsWith("-2"); // has no auth payload, and says "error" where later ones say "connect_error"
const refusal = v2 ? "error" : "connect_error";
const options = { transports: transports.split(","), forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 50 };

setTimeout(() => { console.error("took too long"); process.exit(1); }, 30000).unref();

const open = async (path = "", extra = {}) => {
  const socket = io(url + path, { ...options, ...extra });
  await once(socket, "connect");
  return socket;
};
const log = (socket) => {
  const got = [];
  socket.on("chat message", (m) => got.push(m));
  return got;
};
const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, resolve));

const [a, b] = [await open(), await open()];
const [atA, atB] = [log(a), log(b)];
const n = 50;
for (let i = 0; i < n; i++) a.emit("chat message", `all ${i}`);
a.emit("chat message others", "others");
a.emit("chat message self", "self");
while (atA.length < n + 1 || atB.length < n + 1) await after(5);
const all = Array.from({ length: n }, (_, i) => `all ${i}`);
assert.deepEqual(atA, [...all, "self"]);
assert.deepEqual(atB, [...all, "others"]);

assert.equal(await ask(a, "ferret", "tobi"), "woot");
b.on("question", (x, ack) => ack(x * 2));
assert.equal(await ask(b, "ask me", 21), 42);

const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
assert.deepEqual(await ask(a, "echo", { deep: [bytes, { x: bytes }], text: "你好 🎉" }), { deep: [bytes, { x: bytes }], text: "你好 🎉" });

const chat = await open("/chat", v2 ? { query: { token: "t" } } : { auth: { token: "t" } });
assert.equal(await ask(chat, "token"), "t");
const nowhere = io(url + "/nowhere", options);
const [refused] = await once(nowhere, refusal);
assert.equal(refused.message, "Invalid namespace");
const denied = io(url + "/denied", options);
const [denial] = await once(denied, refusal);
assert.deepEqual(v2 ? ["not authorized", denial] : [denial.message, denial.data], ["not authorized", { code: 7 }]);

const kicked = once(chat, "disconnect");
chat.emit("kick");
assert.equal((await kicked)[0], "io server disconnect");

if (transports.includes(",")) {
  while (a.io.engine.transport.name !== "websocket") await after(5);
}
const again = once(a, "connect");
const lost = once(a, "disconnect");
const before = a.id;
a.io.engine.close();
assert.equal((await lost)[0], "forced close");
await again;
assert.notEqual(a.id, before);

for (const socket of [a, b, chat, nowhere, denied]) socket.disconnect();
console.log("ok");
process.exit(0);
