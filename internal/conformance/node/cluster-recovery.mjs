// Official clients that leave one server of a cluster and come back to another, with connection state recovery:
//
//	node cluster-recovery.mjs NAME=URL NAME=URL…
//
// For each pair of servers, and from each to itself, the client must get what it missed, in order
// and once. The servers run cluster-server.mjs. Prints "ok" or fails.
import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";
import { io } from "socket.io-client";

const servers = process.argv.slice(2).map((arg) => arg.split("="));

let step = "";
setTimeout(() => { console.error("took too long:", step); process.exit(1); }, 60000).unref();

function client(url, namespace) {
  const socket = io(url + namespace, { transports: ["websocket"], forceNew: true, reconnection: false });
  socket.got = [];
  socket.on("news", (...args) => {
    socket.got.push(args[0]);
    socket.wake?.();
  });
  socket.on("told", () => {});
  return socket;
}

const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, resolve));

async function reads(socket, texts, where) {
  while (socket.got.length < texts.length) await new Promise((resolve) => { socket.wake = resolve; });
  assert.deepEqual(socket.got.splice(0), texts, where);
}

async function scenario([here, from], [there, to], namespace) {
  const where = `${here} to ${there}, ${namespace}`;
  step = `connect, ${where}`;
  const [x, y, z] = [client(from, namespace), client(from, namespace), client(to, namespace)];
  await Promise.all([x, y, z].map((socket) => once(socket, "connect")));
  step = `receive, ${where}`;
  y.emit("join", [x.id], ["red"]);
  await ask(y, "fetch", [x.id]);
  y.emit("emit", ["red"], [], "before");
  await reads(x, ["before"], where);

  step = `leave, ${where}`;
  const { id } = x;
  const left = once(x, "disconnect");
  x.io.engine.close();
  await left;
  while ((await ask(z, "fetch", [id])).length > 0) await after(10);
  step = `miss, ${where}`;
  const texts = [];
  for (let i = 0; i < 5; i++) { // one after another, because each server has its own order
    for (const [name, socket] of [["y", y], ["z", z]]) {
      for (const [to, except, text] of [[["red"], [], "red"], [[id], [], "alone"], [[], [], "all"], [["blue"], [], "not to x"], [[], ["red"], "not to red"]]) {
        socket.emit("emit", to, except, `${text} ${i} of ${name}`);
        if (!text.startsWith("not")) texts.push(`${text} ${i} of ${name}`);
      }
      const seen = (socket) => socket.got.some((text) => text === `not to red ${i} of ${name}`);
      while (!seen(y) || !seen(z)) await after(2);
    }
  }
  step = `come back, ${where}`;
  x.io.uri = to;
  x.connect();
  await once(x, "connect");
  assert.equal(x.recovered, true, `${where}: recovered`);
  assert.equal(x.id, id, where);
  await reads(x, texts, where);

  step = `go on, ${where}`;
  const [info] = await ask(z, "fetch", [id]);
  assert.deepEqual(info.rooms, [id, "red"], where);
  assert.deepEqual(info.data, { server: here.replace(/\d/, ""), n: 1.5 }, where);
  y.emit("emit", ["red"], [], "after");
  z.emit("emit", [id], [], "the end");
  await Promise.all([y, z].map((socket) => ask(socket, "fetch", [])));
  while (x.got.length < 2) await after(2);
  assert.deepEqual(x.got.splice(0).sort(), ["after", "the end"], where);

  // The state is not given to another client a second time.
  x.disconnect();
  for (const socket of [y, z]) socket.disconnect();
}

for (const here of servers) {
  for (const there of servers) {
    for (const namespace of ["/", "/chat"]) await scenario(here, there, namespace);
  }
}
console.log("ok");
process.exit(0);
