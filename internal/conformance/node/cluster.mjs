// Official clients on two servers of a cluster, ours and the official one: node cluster.mjs OURS OFFICIAL. Prints "ok" or fails.
import assert from "node:assert/strict";
import { once } from "node:events";
import { io } from "socket.io-client";

const servers = { ours: process.argv[2], node: process.argv[3] };

const waiting = new Map(); // what has not come yet, for the error

setTimeout(() => {
  console.error("took too long, without", ...waiting.values());
  process.exit(1);
}, 120000).unref();

// waits returns what a promise brings, and names it while it is missing.
async function waits(what, promise) {
  const key = Symbol();
  waiting.set(key, what);
  const came = await promise;
  waiting.delete(key);
  return came;
}

const excerpt = (value) => JSON.stringify(value).slice(0, 300);

class Client {
  constructor(server, namespace, options = {}) {
    this.server = server;
    this.got = [];
    this.socket = io(servers[server] + namespace, {
      transports: ["websocket"], forceNew: true, reconnection: false, query: { q: "1" }, auth: { token: "t" }, extraHeaders: { "X-Test": "x" }, ...options,
    });
    for (const event of ["news", "told"]) {
      this.socket.on(event, (...args) => {
        if (/^\d+-\d+$/.test(args.at(-1))) args.pop(); // the offset, with connection state recovery
        this.got.push(args);
        this.wake?.();
      });
    }
    this.socket.on("question", (...args) => args.pop()("answer of", ...args));
  }

  async open() {
    await waits(`connect of ${this.server}`, once(this.socket, "connect"));
    return this;
  }

  ask(...args) {
    return waits(`ack of ${args} at ${this.server}`, new Promise((resolve) => this.socket.emit(...args, resolve)));
  }

  // reads waits for the next messages, which must equal the given ones.
  async reads(...messages) {
    while (this.got.length < messages.length) {
      const more = new Promise((resolve) => { this.wake = resolve; });
      await waits(`${this.server} ${this.id}: got ${excerpt(this.got)}, want ${excerpt(messages)}`, more);
    }
    assert.deepEqual(this.got.splice(0, messages.length), messages, `at ${this.server}`);
  }

  get id() {
    return this.socket.id;
  }
}

const open = (...args) => new Client(...args).open();
const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
const big = Buffer.alloc(70000, 7);

// scenario has a client of each server; y's server must do the same as x's.
async function scenario(here, there, namespace) {
  const [x, y, z] = [await open(here, namespace), await open(there, namespace), await open(there, namespace)];
  const ids = [x.id, y.id, z.id];
  const all = async (...message) => { for (const client of [x, y, z]) await client.reads(message); };
  // Changes to sockets on the other server are done when a later broadcast and a later request are.
  // Depending on the adapter, they travel with broadcasts or with requests, and the two are not
  // ordered.
  const arrived = async () => {
    x.socket.emit("emit", [], [], "arrived");
    await all("arrived");
    await x.ask("fetch", [x.id]);
  };

  const message = ["你好 🎉", 1.5, -7, -1e10, 2 ** 40, here === "ours" ? 1e300 : 0, null, true, { deep: [bytes, { x: big }], empty: [{}, [], ""] }, bytes];
  x.socket.emit("emit", [], [], ...message); // the official server's encoder cannot write 1e300
  await all(...message);
  if (here === "node") {
    x.socket.emit("date");
    await all("1970-01-02T00:00:00.000Z");
  }

  x.socket.emit("emit", [y.id], [], "y alone");
  x.socket.emit("emit", [], [y.id], "not y");
  x.socket.emit("emit", [x.id, y.id, z.id], [z.id], "x and y");
  await x.reads(["not y"], ["x and y"]);
  await y.reads(["y alone"], ["x and y"]);
  await z.reads(["not y"]);
  x.socket.emit("local", "here"); // with the newer adapters, a broadcast waits for Redis, and this one does not
  await x.reads(["here"]);

  x.socket.emit("join", [x.id, y.id], ["red", "blue"]);
  await arrived();
  x.socket.emit("emit", ["red"], [], "to red");
  x.socket.emit("emit", ["red", "blue"], [], "once");
  x.socket.emit("emit", [], ["red"], "to the rest");
  await x.reads(["to red"], ["once"]);
  await y.reads(["to red"], ["once"]);
  await z.reads(["to the rest"]);
  x.socket.emit("leave", [y.id], ["red"]);
  await arrived();
  const sockets = await x.ask("fetch", ids);
  sockets.sort((a, b) => ids.indexOf(a.id) - ids.indexOf(b.id));
  const handshake = ["x", "1", { token: "t" }, false, false, "/socket.io/", true];
  const data = (name) => ({ server: name, n: 1.5 });
  assert.deepEqual(sockets, [
    { id: x.id, rooms: [x.id, "red", "blue"], data: data(here), handshake },
    { id: y.id, rooms: [y.id, "blue"], data: data(there), handshake },
    { id: z.id, rooms: [z.id], data: data(there), handshake },
  ]);
  if (here === "node") {
    const rooms = await x.ask("rooms");
    if (rooms) assert.deepEqual(new Set(rooms), new Set([...ids, "red", "blue"]));
  }
  x.socket.emit("emit", ["red"], [], "red is less");
  x.socket.emit("emit", ["blue"], [], "blue is not");
  await x.reads(["red is less"], ["blue is not"]);
  await y.reads(["blue is not"]);

  const ask = (...args) => new Promise((resolve) => x.socket.emit(...args, (answers, who) => resolve([answers, who])));
  assert.deepEqual(await ask("ask", ids, 20000, ["q"]), [["answer of", "answer of", "answer of"], "all"]);
  y.socket.off("question").on("question", (sent, ack) => ack({ back: sent }));
  assert.deepEqual(await ask("ask", [y.id], 20000, [bytes]), [[{ back: bytes }], "all"]);
  y.socket.off("question");
  const [answers, who] = await ask("ask", ids, 1000, []);
  assert.deepEqual([answers, who], [["answer of", "answer of"], "some"]);

  assert.deepEqual(await x.ask("double", 21), [42]);
  x.socket.emit("tell", "word", { n: [1] });
  for (const client of [y, z]) await client.reads(["told", there, "word", { n: [1] }].slice(1));
  if (here === "ours") {
    x.socket.emit("tell", bytes);
    for (const client of [y, z]) await client.reads([there, bytes]);
  }

  const left = once(y.socket, "disconnect");
  x.socket.emit("kick", [y.id], false);
  assert.equal((await left)[0], "io server disconnect");
  const cut = once(z.socket, "disconnect");
  x.socket.emit("kick", [z.id], true);
  assert.match((await cut)[0], /io server disconnect|transport close/);
  x.socket.emit("emit", [], [], "x is left");
  await x.reads(["x is left"]);
  assert.deepEqual([x.got, y.got, z.got], [[], [], []]);
  for (const client of [x, y, z]) client.socket.disconnect();
}

for (const namespace of ["/", "/chat"]) {
  await scenario("ours", "node", namespace);
  await scenario("node", "ours", namespace);
}
console.log("ok");
process.exit(0);
