// Official clients of two servers that an emitter sends to: node cluster-emitter.mjs OURS OFFICIAL.
// Prints "ready", and then answers each line on stdin. The line "emit REDIS" has the official
// emitter send; without it, the caller does the same. The line "has N" waits until each client of
// the main namespace has received N messages. The line "check" is answered with "ok" or with what
// is wrong.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";
import { Emitter } from "@socket.io/redis-emitter";
import { createClient } from "redis";
import { io } from "socket.io-client";

const servers = process.argv.slice(2);
const clients = [];
for (const url of servers) {
  for (const namespace of ["/", "/chat"]) {
    const socket = io(url + namespace, { transports: ["websocket"], forceNew: true, reconnection: false });
    socket.got = [];
    for (const event of ["news", "told", "disconnect"]) {
      socket.on(event, (...args) => {
        if (/^\d+-\d+$/.test(args.at(-1))) args.pop(); // the offset, with connection state recovery
        if (args[0] !== "volatile") socket.got.push([event, ...(event === "disconnect" ? args.slice(0, 1) : args)]);
      });
    }
    await once(socket, "connect");
    clients.push(socket);
  }
}

// has waits until the main namespace's clients have received so many messages.
async function has(n) {
  for (let i = 0; i < 1500 && !clients.every((socket) => socket.nsp !== "/" || socket.got.length >= n); i++) await after(20);
}

// emit does the same with the official emitter as the test with ours.
async function emit(path) {
  const redis = createClient({ socket: { path } });
  await redis.connect();
  const all = new Emitter(redis);
  all.emit("news", "all", Buffer.from([1, 2, 255]), { n: 1.5 });
  all.of("/chat").emit("news", "chat");
  all.socketsJoin("red");
  all.to("red").emit("news", "red");
  all.to(["red", "blue"]).except("red").emit("news", "nobody");
  all.volatile.compress(false).emit("news", "volatile");
  all.serverSideEmit("tell", "servers");
  all.socketsLeave("red");
  all.to("red").emit("news", "nobody is red");
  await has(3);
  all.disconnectSockets();
  await redis.quit();
}

const expected = {
  "/": [["news", "all", Buffer.from([1, 2, 255]), { n: 1.5 }], ["news", "red"], ["told", "servers"], ["disconnect", "io server disconnect"]],
  "/chat": [["news", "chat"]],
};

async function check() {
  const complete = () => clients.every((socket) => socket.got.length >= expected[socket.nsp].length);
  for (let i = 0; i < 500 && !complete(); i++) await after(20);
  for (const socket of clients) {
    const got = socket.got.map(([event, ...args]) => [event, ...(event === "told" ? args.slice(1) : args)]); // the sender differs
    const sort = (messages) => messages.sort((a, b) => (a[1] < b[1] ? -1 : 1)); // the server-side one may overtake
    assert.deepEqual(sort(got), sort([...expected[socket.nsp]]), `${socket.io.uri} ${socket.nsp}`);
  }
}

console.log("ready");
for await (const line of createInterface(process.stdin)) {
  const [word, arg] = line.split(" ");
  try {
    if (word === "emit") await emit(arg);
    if (word === "has") await has(Number(arg));
    if (word === "check") await check();
    console.log("ok");
  } catch (err) {
    console.log(JSON.stringify(String(err)));
  }
}
process.exit(0);
