// The official client against rows of the feature table: node rows.mjs PACKAGE TRANSPORTS. For each line of JSON on stdin,
// {"row", "url"}, it plays the row against the server there and writes one line of JSON: null, or what failed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createInterface } from "node:readline";

const [pkg, transports] = process.argv.slice(2);
const { io, Manager } = await import(pkg);
const options = { transports: transports.split(","), forceNew: true, reconnectionDelay: 20, reconnectionDelayMax: 50 };

let url; // of the row's server
const started = []; // the row's sockets

const start = (path = "", extra = {}) => {
  const socket = io(url + path, { ...options, ...extra });
  started.push(socket);
  return socket;
};
const open = async (path = "", extra = {}) => {
  const socket = start(path, extra);
  await once(socket, "connect");
  return socket;
};
const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, resolve));
// log collects the received events; sync returns when everything that the server sent before has
// arrived.
const log = (socket) => {
  const got = [];
  socket.onAny((...args) => got.push(args));
  return got;
};
const sync = (...sockets) => Promise.all(sockets.map((socket) => ask(socket, "sync")));
const take = (got) => got.splice(0).map((args) => args.slice(1).join(" "));

const rows = {
  async CONNECT() {
    const socket = await open("", { auth: { token: "t", n: [1] } });
    assert.deepEqual(await ask(socket, "auth"), { token: "t", n: [1] });
    const [unknown] = await once(start("/unknown"), "connect_error");
    assert.equal(unknown.message, "Invalid namespace");

    const silent = new Manager(url, { ...options, autoConnect: false, reconnection: false });
    await new Promise((resolve) => silent.open(resolve));
    assert.deepEqual(await once(silent, "close").then(([reason]) => reason), "transport close"); // connectTimeout

    for (const packet of ['2["too early"]', "1", "3[]", "nonsense"]) {
      const first = new Manager(url, { ...options, autoConnect: false, reconnection: false });
      await new Promise((resolve) => first.open(resolve));
      const closed = once(first, "close");
      first.engine.write(packet);
      await closed;
    }
  },

  async codec() {
    const socket = await open();
    for (const value of [
      null, 0, -1.5, "你好\u2028\u0000\ud83d\ude00", "", [], {}, [[[[]]]], true, { a: { b: [Buffer.from([0, 255])] } },
      [Buffer.alloc(0), Buffer.alloc(70000, 7), { "_placeholder": "text" }], { "": 1, " ": 2 },
    ]) {
      assert.deepEqual(await ask(socket, "echo", value), value);
    }
    const ten = Array.from({ length: 10 }, (_, i) => Buffer.from([i]));
    assert.deepEqual(await ask(socket, "echo", ten), ten);

    for (const write of [
      (s) => s.emit("echo", [...ten, Buffer.from([10])]), // more attachments than allowed
      (s) => s.io.engine.write("2["),
      (s) => s.io.engine.write("2{}"),
      (s) => s.io.engine.write('2["disconnect"]'),
      (s) => s.io.engine.write("9"),
      (s) => { s.io.engine.write('51-["x",{"_placeholder":true,"num":1}]'); s.io.engine.write(Buffer.from([1])); },
      (s) => s.io.engine.write(Buffer.from([1])),
      (s) => s.io.engine.write("2[" + "[".repeat(100000) + "]".repeat(100000) + "]"),
    ]) {
      const bad = await open("", { reconnection: false });
      write(bad);
      const [reason] = await once(bad, "disconnect");
      assert.equal(reason, "transport close");
    }
    assert.equal(await ask(socket, "echo", "still there"), "still there");
  },

  async namespaces() {
    const fixed = await open("/fixed");
    assert.equal(await ask(fixed, "where"), "/fixed");
    const [one, two] = await Promise.all([open("/dynamic-1"), open("/dynamic-2")]);
    assert.equal(await ask(one, "where"), "/dynamic-1");
    assert.equal(await ask(two, "where"), "/dynamic-2");
    const again = await open("/dynamic-1");
    const [atOne, atAgain, atTwo] = [log(one), log(again), log(two)];
    assert.equal(await ask(one, "all", "x"), true);
    await sync(one, again, two);
    assert.deepEqual([take(atOne), take(atAgain), take(atTwo)], [["x"], ["x"], []]);

    const allowed = await open("/rooms/7", { auth: { key: "7" } });
    assert.equal(await ask(allowed, "where"), "/rooms/7");
    const [refused] = await once(start("/rooms/8", { auth: { key: "7" } }), "connect_error");
    assert.equal(refused.message, "Invalid namespace");

    const [error] = await once(start("/denied"), "connect_error");
    assert.equal(error.message, "not authorized");
    assert.deepEqual(error.data, { code: 7 });

    const events = await ask(fixed, "new namespaces");
    assert.deepEqual(events.sort(), ["/denied", "/dynamic-1", "/dynamic-2", "/fixed", "/rooms/7"]);
    for (const socket of [one, two, again]) socket.disconnect();
    while ((await ask(fixed, "namespaces")).some((name) => name.startsWith("/dynamic"))) await sync(fixed);
    const back = await open("/dynamic-1");
    assert.equal(await ask(back, "where"), "/dynamic-1");
  },

  async rooms() {
    const [a, b] = [await open(), await open()];
    assert.deepEqual(await ask(a, "rooms"), [a.id]);
    await ask(a, "join", ["r1", "r2"]);
    await ask(b, "join", ["r2"]);
    assert.deepEqual(await ask(a, "rooms"), [a.id, "r1", "r2"]);
    await ask(a, "leave", "r1");
    assert.deepEqual(await ask(a, "rooms"), [a.id, "r2"]);
    const id = a.id;
    a.disconnect();
    while ((await ask(b, "members", "r2")).length > 1) await sync(b);
    assert.deepEqual(await ask(b, "members", "r2"), [b.id]);
    assert.deepEqual(await ask(b, "events of", id), [
      `create-room ${id}`, `join-room ${id}`, "create-room r1", "join-room r1", "create-room r2", "join-room r2",
      "leave-room r1", "delete-room r1", "leave-room r2", `leave-room ${id}`, `delete-room ${id}`,
    ]);
  },

  async emit() {
    const sockets = [await open(), await open(), await open()];
    const [a, b, c] = sockets;
    const logs = sockets.map(log);
    await ask(a, "join", ["r1"]);
    await ask(b, "join", ["r1", "r2"]);
    const arrives = async (how, ...at) => {
      await ask(a, "send it", how, [a.id, b.id, c.id]);
      await sync(...sockets);
      assert.deepEqual(logs.map(take), at, how);
    };
    await arrives("all", ["all"], ["all"], ["all"]);
    await arrives("room", ["room"], ["room"], []);
    await arrives("rooms", ["rooms"], ["rooms"], []);
    await arrives("except", [], [], ["except"]);
    await arrives("but the sender", [], ["but the sender"], ["but the sender"]);
    await arrives("room but the sender", [], ["room but the sender"], []);
    await arrives("room except", ["room except"], [], []);
    await arrives("one by id", [], [], ["one by id"]);
    await arrives("one by id through all", [], ["one by id through all"], []);
    await arrives("uncompressed", ["uncompressed"], ["uncompressed"], ["uncompressed"]);
    await arrives("local", ["local"], ["local"], ["local"]);
    while (!logs.every((got) => got.length > 0)) await ask(a, "send it", "volatile", []); // a client that cannot be sent to at once misses it
  },

  async acks() {
    const sockets = [await open(), await open()];
    const [a, b] = sockets;
    assert.equal(await a.emitWithAck("ferret", "tobi"), "woot");
    assert.deepEqual(await a.emitWithAck("echo", { b: Buffer.from([1]) }), { b: Buffer.from([1]) });
    await assert.rejects(a.timeout(50).emitWithAck("never"), /operation has timed out/);

    for (const [i, s] of sockets.entries()) s.on("question", (x, ack) => ack(i + x));
    assert.equal(await ask(a, "ask me"), "10");
    assert.deepEqual((await ask(a, "ask all")).sort(), ["10", "11"]);

    a.on("only one answers", (ack) => ack("a"));
    const partial = await ask(b, "ask all, one answers");
    assert.deepEqual(partial, { answers: ["a"], missing: [b.id], error: "operation has timed out" });
    assert.deepEqual(await ask(b, "ask, no answer"), "operation has timed out");

    const gone = ask(a, "ask b, who leaves", b.id);
    b.on("who leaves", () => b.disconnect());
    assert.equal(await gone, "disconnected");
  },

  async events() {
    const s = await open();
    const got = log(s);
    for (const args of [["n", "text"], ["n"], ["n", 1, 2], ["n", {}]]) s.emit(...args);
    s.emit("n", 7);
    await sync(s);
    // missing arguments are zero and surplus ones are dropped, as in a JavaScript listener
    assert.deepEqual(got.splice(0).filter(([event]) => event !== "error"), [["n", 0], ["n", 1], ["n", 7]]);
    const errors = await ask(s, "errors");
    assert.equal(errors.length, 2);
    for (const error of errors) assert.match(error, /event "n"/);

    s.emit("blocked", 1);
    assert.deepEqual(await ask(s, "errors"), ["no blocked events"]);
    s.emit("changed", "x");
    await sync(s);
    assert.deepEqual(got.splice(0), [["changed", "x!"]]);

    s.send(1, "two");
    await sync(s);
    assert.deepEqual(got.splice(0), [["message", 1, "two"]]);

    s.emit("order");
    s.emit("order");
    await sync(s);
    assert.deepEqual(got.splice(0), [["order", "first"], ["order", "once"], ["order", "last"], ["order", "first"], ["order", "last"]]);
    await ask(s, "off");
    s.emit("order");
    await sync(s);
    assert.deepEqual(got.splice(0), []);
    s.on("now", () => s.emit("seen me", [1]));
    assert.deepEqual(await ask(s, "seen"), { in: ["seen me [1]"], out: ["seen too [2]"] });
    assert.equal(await ask(s, "reserved"), "sio: the event name is reserved");
  },

  async values() {
    const s = await open();
    const got = log(s);
    const args = [{ z: 1, a: Buffer.from([1, 2]), m: [{ b: Buffer.alloc(300, 9) }] }, null, "x", Buffer.from([3])];
    s.emit("relay", ...args);
    await sync(s);
    assert.deepEqual(got, [["relayed", Buffer.from([0]), ...args]]);
    assert.deepEqual(Object.keys(got.splice(0)[0][2]), ["z", "a", "m"]);
    assert.deepEqual(await new Promise((resolve) => s.emit("rest", "lobby", ...args, (...back) => resolve(back))), args);

    assert.deepEqual(await ask(s, "written"), { name: "ann", wait: 1e9, list: [], none: null, inner: {} });
    assert.equal(await ask(s, "login", { USERNAME: "ann", wait: 5 }), "ann 5ns");
    assert.deepEqual(await ask(s, "login", { username: ["ann"] }), { error: 'event "login": argument 1: .username: want string, got array' });
    assert.match((await ask(s, "unwritable")).error, /chan int/);
    assert.match((await ask(s, "raw", { a: Buffer.from([1]) })).error, /raw JSON cannot hold binary data/);
    assert.deepEqual(await ask(s, "raw", { b: 1, a: "x" }), { b: 1, a: "x" });
    assert.equal((await ask(s, "errors")).length, 3);

    assert.equal(await ask(s, "wanted"), true);
    s.emit("wanted");
    await sync(s);
    assert.deepEqual(got.splice(0), [["wanted", true], ["wanted", false]]);
  },

  async "handshake data"() {
    const s = await open("", { extraHeaders: { "X-Lab": "yes" }, query: { a: "1", b: "é&" }, auth: { token: "t" } });
    const h = await ask(s, "handshake");
    assert.equal(h.header, "yes");
    assert.equal(h.a, "1");
    assert.equal(h.b, "é&");
    assert.deepEqual(h.auth, { token: "t" });
    assert.match(h.address, /^127\.0\.0\.1:\d+$/);
    assert.equal(h.secure, false);
    assert.equal(h.xdomain, false);
    assert.match(h.url, /^\/socket\.io\/\?.*EIO=4/);
    assert.ok(Math.abs(new Date(h.time) - Date.now()) < 60000);
    const { headers, time, address, xdomain, secure, issued, url: target, query, auth, ...more } = h.whole;
    assert.deepEqual(more, {});
    assert.equal(headers["x-lab"], "yes");
    assert.equal(query.b, "é&");
    assert.deepEqual([address, xdomain, secure, target, auth], ["127.0.0.1", false, false, h.url, { token: "t" }]);
    assert.equal(Math.floor(issued / 1000) * 1000, Date.parse(time));
    const x = await open("", { extraHeaders: { Origin: "http://elsewhere" } });
    assert.equal((await ask(x, "handshake")).xdomain, true);
  },

  async socket() {
    const s = await open();
    assert.match(s.id, /^[\w-]{20}$/);
    assert.equal(await ask(s, "id"), s.id);
    assert.deepEqual(await ask(s, "data"), { user: "ann", n: 1 });

    const reasons = await open("/reasons");
    const why = async (end, expected, seenHere) => {
      const socket = await open("", { reconnection: false });
      const id = socket.id;
      await ask(socket, "join", ["r"]);
      const here = once(socket, "disconnect");
      end(socket);
      assert.equal((await here)[0], seenHere);
      let told;
      while (!(told = await ask(reasons, "of", id)));
      assert.deepEqual(told, { reason: expected, rooms: [id, "r"], times: 1 });
    };
    await why((x) => x.disconnect(), "client namespace disconnect", "io client disconnect");
    await why((x) => x.emit("leave me"), "server namespace disconnect", "io server disconnect");
    await why((x) => x.emit("close me"), "server namespace disconnect", "io server disconnect");
    await why((x) => x.io.engine.close(), "transport close", "forced close");
    await why((x) => x.io.engine.write("2["), "forced close", "transport close");
  },

  async "admin of sockets"() {
    const sockets = [await open(), await open(), await open()];
    const [a, b, c] = sockets;
    await ask(a, "join", ["r"]);
    await ask(b, "join", ["r"]);
    const found = await ask(c, "fetch", "r");
    assert.deepEqual(found.map((s) => s.id).sort(), [a.id, b.id].sort());
    for (const s of found) {
      assert.deepEqual(s.rooms, [s.id, "r"]);
      assert.deepEqual(s.data, { user: "ann" });
      assert.equal(s.handshake.query.EIO, "4");
    }
    await ask(c, "all of r join", "s");
    assert.deepEqual(await ask(a, "rooms"), [a.id, "r", "s"]);
    await ask(c, "all of s leave", "r");
    assert.deepEqual(await ask(b, "rooms"), [b.id, "s"]);
    assert.equal((await ask(c, "fetch", "r")).length, 0);
    const gone = Promise.all([once(a, "disconnect"), once(b, "disconnect")]);
    await ask(c, "disconnect all of", "s");
    assert.deepEqual((await gone).map(([reason]) => reason), ["io server disconnect", "io server disconnect"]);
    assert.equal(c.connected, true);
  },

  async "connection state recovery"() {
    const [a, b] = [await open(), await open()];
    assert.equal(a.recovered, false);
    await ask(a, "join", ["r"]);
    await ask(a, "set", "name", "ann");
    const got = log(a);
    const id = a.id;
    await ask(b, "to all", "before");
    await sync(a);
    for (let round = 0; round < 3; round++) {
      a.io.reconnection(false);
      const away = once(a, "disconnect");
      a.io.engine.close();
      await away;
      while (await ask(b, "is there", id));
      const missed = [];
      for (let i = 0; i < 5; i++) {
        await ask(b, "to all", `all ${round}.${i}`);
        await ask(b, "to room", "r", `r ${round}.${i}`);
        await ask(b, "to room", "other", `other ${round}.${i}`);
        await ask(b, "to all volatile", "volatile");
        missed.push(`all ${round}.${i}`, `r ${round}.${i}`);
      }
      const back = once(a, "connect");
      a.connect();
      await back;
      assert.equal(a.recovered, true);
      assert.equal(a.id, id);
      assert.deepEqual(await ask(a, "rooms"), [id, "r"]);
      assert.deepEqual(await ask(a, "get", "name"), "ann");
      await ask(b, "to all", `after ${round}`);
      await sync(a);
      assert.deepEqual(got.splice(0).map(([, text]) => text), [...(round ? [] : ["before"]), ...missed, `after ${round}`]);
    }
    assert.equal(await ask(a, "middleware ran"), 2); // once for a, once for b
    const gone = a.disconnect(), back = once(gone, "connect");
    gone.connect();
    await back;
    assert.equal(gone.recovered, false); // said goodbye
    assert.notEqual(gone.id, id);
    await ask(gone, "to all", "x");
    gone.auth = { pid: "nonsense", offset: "x" };
    gone._pid = "unknown";
    const left = once(gone, "disconnect");
    gone.io.engine.close(); // which waits for a POST under way
    await left;
    const third = once(gone, "connect");
    gone.connect();
    await third;
    assert.equal(gone.recovered, false);
  },

  async "custom parser"() {
    const parser = (await import("socket.io-msgpack-parser")).default;
    const s = await open("", { parser, auth: { token: "t" } });
    assert.deepEqual(await ask(s, "auth"), { token: "t" });
    for (const value of [null, 0, -1, 1.5, 2 ** 40, "你好", [1, [2]], { z: 1, a: [true, false] }, Buffer.from([0, 255]), [{ b: Buffer.alloc(70000, 1) }]]) {
      assert.deepEqual(await ask(s, "echo", value), value);
    }
    assert.equal(await ask(s, "echo", new Date(0)), "1970-01-01T00:00:00.000Z");
    s.on("question", (x, ack) => ack(x, Buffer.from([1])));
    assert.equal(await ask(s, "ask me"), "10");
    const [error] = await once(start("/unknown", { parser }), "connect_error");
    assert.equal(error.message, "Invalid namespace");
    const admin = await open("/admin", { parser });
    assert.equal(await ask(admin, "where"), "/admin");
    const wrong = await open("", { parser, reconnection: false });
    wrong.io.engine.write(Buffer.from([0x93]));
    assert.equal((await once(wrong, "disconnect"))[0], "transport close");
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  url = request.url;
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error("took too long")), 60000);
  });
  const failure = await Promise.race([rows[request.row](), late]).then(() => null, (err) => String(err.stack));
  clearTimeout(timer);
  for (const socket of started.splice(0)) socket.io._close();
  console.log(JSON.stringify(failure));
}
process.exit(0);
