// The features of the server in all combinations of its options: node matrix.mjs PACKAGE
// TRANSPORTS. For each line of JSON on stdin, {"feature", "urls", "msgpack", "recovery",
// "cluster"}, it plays the feature with clients of both servers (the same one twice without a
// cluster) and writes one line of JSON: null, or what failed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";
import msgpack from "socket.io-msgpack-parser";

const [pkg, transports] = process.argv.slice(2);
const module = await import(pkg);
const io = module.io ?? module.default;
const older = pkg.endsWith("-2"); // has no auth payload, and says "error" where later ones say "connect_error"
// A client of Socket.IO 2 hands its packets on in a callback, and calls an event with binary data another type.
const parser = !older ? msgpack : {
  ...msgpack,
  Encoder: class extends msgpack.Encoder {
    encode(packet, done) { done(super.encode(packet)); }
  },
};
const refusal = older ? "error" : "connect_error";

let setup; // the request that is played
const started = [];

const start = (server = 0, path = "", extra = {}) => {
  const socket = io(setup.urls[server] + path, {
    transports: transports.split(","), forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 50, query: { q: "1" },
    ...(setup.msgpack ? { parser } : {}), ...extra,
  });
  started.push(socket);
  socket.got = [];
  socket.on("news", (what) => socket.got.push(what));
  return socket;
};
const open = async (...args) => {
  const socket = start(...args);
  await once(socket, "connect");
  return socket;
};
const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, resolve));
const until = async (condition) => {
  while (!(await condition())) await after(2);
};
// fence returns when everything that any server emitted before it has arrived.
let fences = 0;
const fence = async (...sockets) => {
  for (const sender of sockets) {
    const n = ++fences;
    const seen = sockets.map((socket) => new Promise((resolve) => {
      socket.on("fence", function listen(m) {
        if (m !== n) return;
        socket.off("fence", listen);
        resolve();
      });
    }));
    sender.emit("fence", n);
    await Promise.all(seen);
  }
};
const take = (...sockets) => sockets.map((socket) => socket.got.splice(0));
// three returns two clients of the first server and one of the other. In their rooms: a and c in r,
// b and c in s.
const three = async () => {
  const sockets = await Promise.all([open(0), open(0), open(1)]);
  const [a, b, c] = sockets;
  await Promise.all([ask(a, "join", ["r"]), ask(b, "join", ["s"]), ask(c, "join", ["r", "s"])]);
  return sockets;
};

const features = {
  async "rooms and broadcasts"() {
    const all = await three(), [a, b, c] = all;
    const arrives = async (sender, how, rooms, except, ...at) => {
      await ask(sender, "send", how, rooms, except, how);
      await fence(...all);
      assert.deepEqual(take(...all), at.map((n) => Array(n).fill(how)), `${how} ${rooms} ${except}`);
    };
    for (const sender of all) {
      await arrives(sender, "io", [], [], 1, 1, 1);
      await arrives(sender, "io", ["r"], [], 1, 0, 1);
      await arrives(sender, "io", ["r", "s"], [], 1, 1, 1);
      await arrives(sender, "io", ["r", "s"], ["s"], 1, 0, 0);
      await arrives(sender, "io", [], ["r"], 0, 1, 0);
      await arrives(sender, "io", [c.id], [], 0, 0, 1);
      await arrives(sender, "socket", [], [], ...all.map((s) => Number(s !== sender)));
      await arrives(sender, "socket", ["r", "s"], [a.id], 0, Number(b !== sender), Number(c !== sender));
    }
    await arrives(a, "local", [], [], 1, 1, setup.cluster ? 0 : 1);
    await ask(c, "leave", "r");
    await arrives(a, "io", ["r"], [], 1, 0, 0);
    b.disconnect();
    await until(async () => (await ask(a, "fetch", ["s"])).length === 1);
    all.splice(1, 1);
    await arrives(a, "io", ["s"], [], 0, 1);
  },

  async "volatile"() {
    const all = await three(), [a] = all;
    await until(async () => {
      await ask(a, "send", "volatile", [], [], "v");
      return all.every((s) => s.got.length > 0);
    });
  },

  async "binary data"() {
    const all = await three(), [a, b, c] = all;
    const value = { z: 1, file: Buffer.from([0, 255]), deep: [null, { more: Buffer.alloc(300, 7) }], text: "你好\u2028" };
    for (const sender of [a, c]) {
      await ask(sender, "send", "io", [], [], value);
      await fence(...all);
      assert.deepEqual(take(...all), [[value], [value], [value]]);
    }
    assert.deepEqual(await ask(a, "echo", value), value);
    for (const s of all) s.on("question", (x, ack) => ack({ x, mine: Buffer.from([1]) }));
    assert.deepEqual(await ask(b, "ask me", value), { x: value, mine: Buffer.from([1]) });
    const { answers } = await ask(b, "ask", ["r"], 20000, Buffer.from([9]));
    assert.deepEqual(answers, [1, 2].map(() => ({ x: Buffer.from([9]), mine: Buffer.from([1]) })));
  },

  async "acknowledgements"() {
    const all = await three(), [a, b, c] = all;
    for (const s of [a, b]) s.on("question", (x, ack) => ack(x + 1));
    assert.equal(await ask(a, "ask me", 1), 2);
    c.on("question", (x, ack) => ack(x + 2));
    const sorted = ({ answers, ...more }) => ({ answers: answers.sort(), ...more });
    assert.deepEqual(sorted(await ask(a, "ask", [], 20000, 1)), { answers: [2, 2, 3], missing: 0 });
    assert.deepEqual(sorted(await ask(c, "ask", ["s"], 20000, 1)), { answers: [2, 3], missing: 0 });
    b.off("question");
    assert.deepEqual(sorted(await ask(c, "ask", ["s"], 300, 1)), { answers: [3], missing: 1, error: "operation has timed out" });
  },

  async "admin of sockets"() {
    const all = await three(), [a, b, c] = all;
    const found = async (asker, ...rooms) => (await ask(asker, "fetch", rooms)).sort((x, y) => x.id < y.id ? -1 : 1);
    const expected = (...list) => list.map(([s, ...rooms]) => ({ id: s.id, rooms: [s.id, ...rooms].sort(), data: { name: "ann", n: 1.5 }, q: "1" }))
      .sort((x, y) => x.id < y.id ? -1 : 1);
    assert.deepEqual(await found(a), expected([a, "r"], [b, "s"], [c, "r", "s"]));
    assert.deepEqual(await found(c, "r"), expected([a, "r"], [c, "r", "s"]));
    a.emit("admin", "join", ["s"], ["t"]);
    await until(async () => (await found(a, "t")).length === 2);
    assert.deepEqual(await found(b, "t"), expected([b, "s", "t"], [c, "r", "s", "t"]));
    c.emit("admin", "leave", ["t"], ["s", "t"]);
    await until(async () => (await found(c, "s")).length + (await found(a, "s")).length === 0);
    assert.deepEqual(await found(b), expected([a, "r"], [b], [c, "r"]));

    assert.equal(await ask(a, "remote", c.id, "hello"), true);
    await until(() => c.got.length > 0);
    assert.deepEqual(take(...all), [[], [], ["hello"]]);

    const gone = [a, c].map((s) => once(s, "disconnect"));
    b.emit("admin", "disconnect", ["r"], []);
    assert.deepEqual((await Promise.all(gone)).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
    await until(async () => (await found(b)).length === 1);
  },

  async "server-side events"() {
    const all = await three(), [a] = all;
    assert.deepEqual(await ask(a, "double", 21), setup.cluster ? [42] : []);
    a.emit("tell", { b: Buffer.from([1]) });
    if (setup.cluster) {
      await until(() => all[2].got.length > 0);
    }
    await fence(...all);
    assert.deepEqual(take(...all), [[], [], setup.cluster ? [{ b: Buffer.from([1]) }] : []]);
  },

  async "namespaces and middlewares"() {
    const extra = older ? { query: { q: "1", token: "t" } } : { auth: { token: "t" } };
    const [a, c] = await Promise.all([open(0, "/chat", extra), open(1, "/chat", extra)]);
    const outside = await open(0);
    await ask(a, "send", "io", [], [], "inside");
    await fence(a, c);
    assert.deepEqual(take(a, c, outside), [["inside"], ["inside"], []]);
    const [refused] = await once(start(1, "/chat"), refusal);
    assert.deepEqual(older ? refused : refused.data, { code: 7 });
    const [unknown] = await once(start(0, "/unknown"), refusal);
    assert.equal(unknown.message, "Invalid namespace");
    const dynamic = await Promise.all([open(0, "/room-1"), open(1, "/room-1"), open(1, "/room-2")]);
    await ask(dynamic[0], "send", "io", [], [], "x");
    await fence(dynamic[0], dynamic[1]);
    assert.deepEqual(take(...dynamic), [["x"], ["x"], []]);
  },

  async "values and errors"() {
    const [a] = await three();
    assert.deepEqual(await ask(a, "login", { USERNAME: "ann" }), "ann");
    assert.deepEqual(await ask(a, "login", "ann"), { error: 'event "login": argument 1: want struct { Username string }, got string' });
    assert.match((await ask(a, "unwritable")).error, /chan int/);
    const relayed = new Promise((resolve) => a.on("relayed", (...args) => resolve(args)));
    a.emit("relay", { z: 1, a: Buffer.from([1]) }, [], null);
    assert.deepEqual((await relayed).slice(0, 3), [{ z: 1, a: Buffer.from([1]) }, [], null]);
  },

  async "ends"() {
    const [a, b, c] = await three();
    const witness = await open(0);
    for (const s of [b, c]) s.io.reconnection(false);
    const ended = async (s, end) => {
      const id = s.id;
      end();
      let told;
      await until(async () => (told = await ask(witness, "ended", id)).length > 0);
      return told;
    };
    assert.deepEqual(await ended(a, () => a.disconnect()), ["client namespace disconnect"]);
    const closing = await ended(b, () => b.io.engine.close());
    assert.deepEqual(closing, ["transport close"]);
    assert.deepEqual(await ended(c, () => c.emit("close me")), ["server namespace disconnect"]);
    await until(async () => (await ask(witness, "fetch", [])).some((s) => s.id === witness.id));
  },

  async "recovery"() {
    const all = await three(), [a, b, c] = all;
    const id = c.id, possible = setup.recovery && !older;
    await ask(a, "send", "io", [], [], "before");
    await fence(...all);
    take(...all);
    c.io.reconnection(false);
    c.io.engine.close();
    await until(async () => (await ask(a, "ended", id)).length > 0);
    const missed = [];
    for (let i = 0; i < 3; i++) {
      for (const [rooms, except] of [[[], []], [["r"], []], [["nobody"], []], [[], ["s"]]]) {
        await ask(a, "send", "io", rooms, except, `${i} ${rooms} ${except}`);
        if (rooms[0] !== "nobody" && except.length === 0) missed.push(`${i} ${rooms} ${except}`);
      }
    }
    if (setup.cluster) await fence(a, await open(1)); // the other server has them by then
    c.connect();
    await once(c, "connect");
    assert.equal(Boolean(c.recovered), possible);
    assert.equal(c.id === id, possible);
    await fence(...all);
    assert.deepEqual(take(c), [possible ? missed : []]);
    assert.deepEqual((await ask(c, "rooms")).sort(), possible ? [id, "r", "s"].sort() : [c.id]);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  setup = JSON.parse(line);
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("took too long")), 30000);
  });
  const played = setup.feature === "" ? Promise.resolve() : features[setup.feature]();
  const failure = await Promise.race([played, late]).then(() => null, (err) => String(err.stack));
  clearTimeout(timer);
  for (const socket of started.splice(0)) (socket.io._close ?? socket.io.close).call(socket.io);
  console.log(JSON.stringify(setup.feature === "" ? Object.keys(features) : failure));
}
process.exit(0);
