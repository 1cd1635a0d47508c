// Drives the WebSocket lesson with the npm package ws. Arguments: the address of an echo and of a chat.
// Prints "ok NAME" for each case that holds, then "waiting", then how the server closed the last connection.
import assert from "node:assert/strict";
import { once } from "node:events";
import { WebSocket } from "ws";

const [echo, chat] = process.argv.slice(2);

async function open(url, options) {
  const ws = new WebSocket(url, options);
  ws.inbox = [];
  ws.on("message", (data, binary) => ws.inbox.push(binary ? data : data.toString()));
  ws.on("error", () => {});
  ws.closed = once(ws, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
  await once(ws, "open");
  return ws;
}

async function receive(ws) {
  while (ws.inbox.length === 0) await once(ws, "message");
  return ws.inbox.shift();
}

async function closedWith(url, act, options) {
  const ws = await open(url, options);
  act(ws);
  return (await ws.closed).code;
}

async function refused(url, options) {
  const ws = new WebSocket(url, options);
  ws.on("error", () => {});
  const [, response] = await once(ws, "unexpected-response");
  response.resume();
  return response.statusCode;
}

const cases = {
  async "echo of text and binary, all sizes"() {
    const ws = await open(echo);
    for (const size of [0, 1, 125, 126, 127, 65535, 65536, 200000]) {
      ws.send("a".repeat(size));
      assert.equal(await receive(ws), "a".repeat(size));
      ws.send(Buffer.alloc(size, 7));
      assert.deepEqual(await receive(ws), Buffer.alloc(size, 7));
    }
    ws.close(1000);
    assert.equal((await ws.closed).code, 1000);
  },
  async "echo of fragments, a character cut in two"() {
    const ws = await open(echo);
    const text = Buffer.from("你好");
    ws.send(text.subarray(0, 2), { binary: false, fin: false });
    ws.send(text.subarray(2, 4), { fin: false });
    ws.send(text.subarray(4), { fin: true });
    assert.equal(await receive(ws), "你好");
    ws.terminate();
  },
  async "compressed"() {
    const ws = await open(echo, { perMessageDeflate: { threshold: 0 } });
    assert.match(ws.extensions, /permessage-deflate/);
    ws.send("你好".repeat(1000));
    assert.equal(await receive(ws), "你好".repeat(1000));
    ws.terminate();
  },
  async "ping and pong"() {
    const ws = await open(echo);
    ws.ping("are you there");
    const [data] = await once(ws, "pong");
    assert.equal(data.toString(), "are you there");
    ws.terminate();
  },
  async "close code and reason come back"() {
    const ws = await open(echo);
    ws.close(4001, "bye");
    assert.equal((await ws.closed).code, 4001);
  },
  async "1002 for what breaks the RFC"() {
    const plain = { perMessageDeflate: false };
    assert.equal(await closedWith(echo, (ws) => ws.send("a", { mask: false }), plain), 1002);
    assert.equal(await closedWith(echo, (ws) => ws._socket.write(Buffer.from("838001020304", "hex")), plain), 1002);
    assert.equal(await closedWith(echo, (ws) => ws._socket.write(Buffer.from("c18101020304ff", "hex")), plain), 1002);
  },
  async "1007 for text that is not UTF-8"() {
    assert.equal(await closedWith(echo, (ws) => ws.send(Buffer.from([0x61, 0xff]), { binary: false })), 1007);
    assert.equal(await closedWith(chat, (ws) => ws.send(Buffer.from([0x61, 0xff]), { binary: false })), 1007);
  },
  async "1009 for what is too large, compressed or not"() {
    assert.equal(await closedWith(echo, (ws) => ws.send(Buffer.alloc(3 << 20)), { perMessageDeflate: false }), 1009);
    assert.equal(await closedWith(echo, (ws) => ws.send(Buffer.alloc(3 << 20)), { perMessageDeflate: { threshold: 0 } }), 1009);
  },
  async "1003 for binary in the chat"() {
    assert.equal(await closedWith(chat, (ws) => ws.send(Buffer.from("{}"))), 1003);
  },
  async "the chat"() {
    const [ann, bob] = [await open(chat), await open(chat)];
    ann.send(JSON.stringify({ from: "ann", text: "你好" }));
    const got = await receive(ann);
    assert.equal(await receive(bob), got);
    const { id, from, text } = JSON.parse(got);
    assert.deepEqual({ id, from, text }, { id: 1, from: "ann", text: "你好" });
    bob.send("no JSON");
    assert.match(JSON.parse(await receive(bob)).error, /must be JSON/);
    bob.send(JSON.stringify({ from: "bob", text: "hi" }));
    assert.equal(JSON.parse(await receive(ann)).id, 2);
    const late = await open(chat + "?after=1");
    assert.equal(JSON.parse(await receive(late)).id, 2);
    for (const ws of [ann, bob, late]) ws.terminate();
  },
  async "handshakes that are refused"() {
    assert.equal(await refused(chat, { origin: "http://evil.example" }), 403);
    assert.equal(await refused(chat, { protocolVersion: 8 }), 426);
    assert.equal(await refused(chat + "?after=x"), 400);
    assert.equal(await refused(chat.replace("/ws", "/nope")), 404);
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run();
  console.log("ok", name);
}
const last = await open(chat);
console.log("waiting");
const { code, reason } = await last.closed;
console.log("closed", code, reason);
process.exit(0); // a refused handshake leaves a keep-alive connection behind
