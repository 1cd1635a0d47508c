// The official client against a demo of the Socket.IO lesson: node socketio-demos.mjs DEMO URL. Prints "ok" or fails.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";
import { io } from "socket.io-client";

const [demo, url] = process.argv.slice(2);
setTimeout(() => { console.error("took too long"); process.exit(1); }, 40000).unref();

/** A socket, not connected yet, whose events wait in order until next() returns them. */
function client(nsp = "", options = {}) {
  const socket = io(url + nsp, { forceNew: true, autoConnect: false, reconnectionDelay: 20, reconnectionDelayMax: 50, ...options });
  const inbox = [];
  socket.onAny((...event) => inbox.push(event));
  socket.next = async (name) => {
    for (;;) {
      const at = inbox.findIndex(([event]) => event === name);
      if (at >= 0) return inbox.splice(at, 1)[0].slice(1);
      await after(5);
    }
  };
  return socket;
}

async function open(nsp, options) {
  const socket = client(nsp, options);
  const connected = once(socket, "connect");
  socket.connect();
  await connected;
  return socket;
}

/** Follows the list of people that a named socket receives. Returns a function that waits until the list meets a condition. */
async function people(socket) {
  const [first] = await socket.next("people");
  const all = new Map(first.map((p) => [p.id, p]));
  return async (condition) => {
    while (!condition(all)) {
      const [{ here, gone }] = await socket.next("people changed");
      for (const p of here) all.set(p.id, p);
      for (const id of gone) all.delete(id);
    }
    return all;
  };
}

const demos = {
  async broadcast() {
    const [a, b] = [await open(), await open()];
    a.emit("name", "ann");
    b.emit("name", "bob");
    const here = await people(a);
    await here((all) => all.size === 2);
    for (const event of ["chat message", "chat message others", "chat message self", "chat message"]) a.emit(event, event);
    for (const text of ["chat message", "chat message self", "chat message"]) assert.deepEqual(await a.next("chat message"), [text]);
    for (const text of ["chat message", "chat message others", "chat message"]) assert.deepEqual(await b.next("chat message"), [text]);
    b.disconnect();
    await here((all) => all.size === 1 && all.get(a.id).name === "ann");
  },

  /** The lecture's client: its two sockets share one connection. */
  async namespaces() {
    const chat = io(`${url}/chat`);
    const news = io(`${url}/news`);
    const heard = [];
    chat.onAny((...event) => heard.push(event));
    chat.on("connect", () => chat.emit("hi!", 1111));
    const item = once(news, "news");
    const [greeting] = await once(chat, "a message");
    assert.equal(JSON.stringify(greeting), '{"that":"only","/chat":"will get"}');
    assert.deepEqual(await item, [{ news: "item" }]);
    assert.equal(chat.io, news.io);
    assert.deepEqual(await chat.emitWithAck("hi!", "again"), undefined);
    assert.equal(heard.length, 1, "news is not heard in /chat");
    const nowhere = io(`${url}/nowhere`);
    assert.equal((await once(nowhere, "connect_error"))[0].message, "Invalid namespace");
    assert.ok(chat.connected && news.connected);
  },

  async acks() {
    const [a, b] = [await open(), await open()];
    assert.equal(await a.emitWithAck("ferret", "tobi"), "woot");
    a.emit("ferret", "no ack wanted");
    await assert.rejects(a.timeout(200).emitWithAck("silence"), /operation has timed out/);

    a.on("question", (answer) => answer("ann"));
    a.emit("ask me");
    assert.deepEqual(await a.next("answer"), ["ann"]);
    a.emit("ask all"); // b keeps silent
    assert.deepEqual(await a.next("answers"), [1, false]);
    b.on("question", (answer) => answer("bob"));
    a.emit("ask all");
    assert.deepEqual(await a.next("answers"), [2, true]);
    a.off("question");
    a.emit("ask me");
    assert.deepEqual(await a.next("no answer"), ["operation has timed out"]);
  },

  async message() {
    const socket = await open();
    socket.send("hi");
    assert.deepEqual(await socket.next("message"), [222]);
    socket.emit("message", { any: "thing" });
    assert.deepEqual(await socket.next("message"), [222]);
  },

  async rooms() {
    const [a, b] = [await open(), await open()];
    a.emit("name", "ann");
    b.emit("name", "bob".repeat(100));
    const [seenByA, seenByB] = [await people(a), await people(b)];
    const inside = (here, want) => here((all) => Object.entries(want).every(([room, names]) =>
      names === [...all.values()].filter((p) => p.rooms?.includes(room)).map((p) => p.name[0]).sort().join("")));
    assert.equal(await a.emitWithAck("join", "red"), true);
    assert.equal(await b.emitWithAck("join", a.id), false);
    assert.equal(await b.emitWithAck("join", "cellar"), false);
    const all = await inside(seenByB, { red: "a", green: "", blue: "" });
    assert.deepEqual(all.get(a.id), { id: a.id, name: "ann", rooms: ["red"] });

    b.emit("say", [a.id], "into a private room"); // dropped
    b.emit("say", ["red", a.id, "red"], "from outside");
    const [rooms, from, text] = await a.next("said");
    assert.deepEqual([rooms, from.id, from.name.length, text], [["red"], b.id, 40, "from outside"]);
    assert.equal(await a.emitWithAck("join", "green"), true);
    b.emit("say", ["green", "red"], "once");
    b.emit("say", ["green"], "then this");
    assert.deepEqual([(await a.next("said"))[2], (await a.next("said"))[2]], ["once", "then this"]);
    a.emit("leave", "green");
    b.emit("gather");
    await inside(seenByB, { red: "ab" });
    a.emit("say", ["red"], "to both");
    assert.equal((await b.next("said"))[2], "to both");
    a.emit("leave", "red");
    await inside(seenByB, { red: "b" });
    b.disconnect();
    await inside(seenByA, { red: "" });
  },

  async binary() {
    const [a, b] = [await open(), await open("", { transports: ["polling"] })];
    const pixels = Buffer.from([0, 1, 2, 3, 252, 253, 254, 255]);
    const inverted = Buffer.from([255, 254, 253, 3, 3, 2, 1, 255]);
    a.emit("picture", { width: 3, height: 1, pixels }); // not that many: dropped
    a.emit("picture", { width: 2, height: 1, pixels });
    for (const socket of [a, b]) assert.deepEqual(await socket.next("picture"), [{ width: 2, height: 1, pixels: inverted }]);
    assert.deepEqual(await b.emitWithAck("checksum", pixels), createHash("sha256").update(pixels).digest());
    a.emit("checksum", Buffer.alloc(2_000_000));
    assert.match((await once(a, "disconnect"))[0], /^transport (close|error)$/);
  },

  async reconnect() {
    const socket = await open();
    const { id } = socket;
    const [first] = await socket.next("tick");
    const back = once(socket, "connect");
    socket.io.engine.close();
    await back;
    assert.deepEqual([socket.recovered, socket.id], [true, id]);
    for (let n = first + 1; n < first + 4; n++) {
      const [tick, offset] = await socket.next("tick");
      assert.deepEqual([tick, typeof offset], [n, "string"]);
    }
    assert.equal((await socket.next("glance")).length, 1, "no offset: not kept");
    socket.disconnect();
    const again = once(socket, "connect");
    socket.connect();
    await again;
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
    assert.equal((await socket.next("welcome")).length, 1);
  },
};

await demos[demo]();
console.log("ok");
process.exit(0);
