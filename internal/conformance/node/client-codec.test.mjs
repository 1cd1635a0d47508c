// The pure parts of our browser client: codecs, backoff, addresses, emitter. Run by Go's tests or by `node --test`.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { Backoff } from "../../../web/client/backoff.js";
import { attach, detach, hasBinary } from "../../../web/client/binary.js";
import { Emitter } from "../../../web/client/emitter.js";
import { decodePacket, decodePayload, encodePacket, encodePayload, encodedSize } from "../../../web/client/engine/packet.js";
import { encodeStream, StreamDecoder } from "../../../web/client/engine/stream.js";
import * as msgpackParser from "../../../web/client/msgpack-parser.js";
import { decode, encode } from "../../../web/client/msgpack.js";
import { Decoder, Encoder, PacketType, isPacketValid } from "../../../web/client/parser.js";
import { decodeQuery, encodeQuery, parse, resolve } from "../../../web/client/url.js";

const require = createRequire(import.meta.url);
const official = require("socket.io-msgpack-parser");

const bytes = (...values) => new Uint8Array(values).buffer;
const latin1 = (array) => Buffer.from(array).toString("latin1");

test("Engine.IO packets as text", () => {
  const table = [
    [{ type: "open", data: "{}" }, "0{}"],
    [{ type: "close" }, "1"],
    [{ type: "ping", data: "probe" }, "2probe"],
    [{ type: "pong" }, "3"],
    [{ type: "message", data: "hi 😀" }, "4hi 😀"],
    [{ type: "upgrade" }, "5"],
    [{ type: "noop" }, "6"],
  ];
  for (const [packet, wire] of table) {
    assert.equal(encodePacket(packet, true), wire);
    assert.deepEqual(decodePacket(wire, "arraybuffer"), packet);
  }
});

test("Engine.IO packets with bytes", async () => {
  const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  for (const data of [bytes(1, 2), part, new DataView(part.buffer, 1, 2)]) {
    assert.equal(encodePacket({ type: "message", data }, true), data);
    assert.equal(encodePacket({ type: "message", data }, false), "bAQI=");
  }
  assert.equal(await encodePacket({ type: "message", data: new Blob([part]) }, false), "bAQI=");
  assert.deepEqual(decodePacket("bAQI=", "arraybuffer"), { type: "message", data: bytes(1, 2) });
  assert.deepEqual(decodePacket(part, "arraybuffer").data, bytes(1, 2));
  assert.ok(decodePacket("bAQI=", "blob").data instanceof Blob);
});

test("malformed Engine.IO packets", () => {
  for (const wire of ["", "7", "a", "b!", "bA"]) assert.equal(decodePacket(wire).type, "error", wire);
  assert.deepEqual(decodePayload("4a\x1ezzz\x1e4b").map(({ type }) => type), ["message", "error"]);
});

test("a payload, its size and its order", async () => {
  const packets = [{ type: "message", data: "é😀\ud800" }, { type: "message", data: bytes(1, 2, 3, 4) }, { type: "ping" }];
  const payload = encodePayload(packets);
  assert.equal(payload, "4é😀\ud800\x1ebAQIDBA==\x1e2");
  assert.equal(packets.map(encodedSize).reduce((a, b) => a + b) + 2, new TextEncoder().encode(payload).length - 1); // a lone surrogate is sent as U+FFFD: 3 bytes
  assert.equal(await encodePayload([{ type: "message", data: new Blob(["x"]) }, { type: "message", data: "y" }]), "beA==\x1e4y");
});

test("packets on a stream", async () => {
  const message = (data) => ({ type: "message", data });
  const of = (size, first) => String.fromCharCode(...first) + "4" + "x".repeat(size - 1);
  const table = [
    [message("hi"), "\x034hi"],
    [{ type: "open" }, "\x010"],
    [message("é😀"), "\x074\xc3\xa9\xf0\x9f\x98\x80"],
    [message(bytes(1, 255)), "\x82\x01\xff"],
    [message(bytes()), "\x01b"],
    [message("x".repeat(124)), of(125, [125])],
    [message("x".repeat(125)), of(126, [126, 0, 126])],
    [message("x".repeat(0xfffe)), of(0xffff, [126, 255, 255])],
    [message("x".repeat(0xffff)), of(0x10000, [127, 0, 0, 0, 0, 0, 1, 0, 0])],
    [message(new Uint8Array(0x10000).fill(0x78).buffer), "\xff\0\0\0\0\0\x01\0\0" + "x".repeat(0x10000)],
  ];
  for (const [packet, wire] of table) assert.equal(latin1(encodeStream([packet])), wire);

  const packets = table.map(([packet]) => packet);
  const wire = encodeStream(packets);
  assert.equal(latin1(wire), table.map(([, wire]) => wire).join(""));
  for (const size of [1, 2, 3, 4, 7, 1000, 0x10003, wire.length]) {
    const decoder = new StreamDecoder("arraybuffer");
    const decoded = [];
    for (let at = 0; at < wire.length; at += size) decoded.push(...decoder.decode(wire.slice(at, at + size)));
    assert.deepEqual(decoded, packets, `in chunks of ${size}`);
  }
});

test("bytes of every kind on a stream", async () => {
  const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3);
  for (const data of [part, new DataView(part.buffer, 1, 2), new Uint16Array([0x0201]), new Blob([part])]) {
    const wire = await encodeStream([{ type: "message", data: "a" }, { type: "message", data }]);
    assert.equal(latin1(wire), "\x024a\x82\x01\x02");
  }
  assert.equal(latin1(await encodeStream([{ type: "message", data: new Blob([]) }])), "\x01b");
  const [{ data }] = new StreamDecoder("blob").decode(new Uint8Array([0x81, 7]));
  assert.deepEqual(await data.arrayBuffer(), bytes(7));
});

test("malformed packets on a stream", () => {
  for (const wire of [[0], [0x80], [1, 0x39], [127, 0, 32, 0, 0, 0, 0, 0, 0]]) {
    const decoder = new StreamDecoder("arraybuffer");
    assert.deepEqual([...decoder.decode(new Uint8Array([2, 0x34, 0x61, ...wire]))].map(({ type }) => type), ["message", "error"]);
  }
});

test("base64 of more bytes than a call has arguments", () => {
  const data = Uint8Array.from({ length: 100_000 }, (_, i) => i);
  const wire = encodePacket({ type: "message", data }, false);
  assert.equal(wire, "b" + Buffer.from(data).toString("base64"));
  assert.deepEqual(new Uint8Array(decodePacket(wire).data), data);
});

const { CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR } = PacketType;

test("Socket.IO packets", () => {
  const table = [
    [{ type: CONNECT, nsp: "/" }, "0"],
    [{ type: CONNECT, nsp: "/admin", data: { token: "x" } }, '0/admin,{"token":"x"}'],
    [{ type: DISCONNECT, nsp: "/admin" }, "1/admin,"],
    [{ type: EVENT, nsp: "/", data: ["hi", 1] }, '2["hi",1]'],
    [{ type: EVENT, nsp: "/", id: 0, data: ["hi"] }, '20["hi"]'],
    [{ type: EVENT, nsp: "/a-1/2", id: 12, data: [5] }, "2/a-1/2,12[5]"],
    [{ type: ACK, nsp: "/", id: 13, data: [] }, "313[]"],
    [{ type: CONNECT_ERROR, nsp: "/x", data: { message: "no" } }, '4/x,{"message":"no"}'],
    [{ type: CONNECT_ERROR, nsp: "/", data: "no" }, '4"no"'],
  ];
  for (const [packet, wire] of table) {
    assert.deepEqual(new Encoder().encode(packet), [wire]);
    assert.deepEqual(decoded([wire]), [packet]);
    assert.ok(isPacketValid(packet));
  }
  assert.deepEqual(decoded(["1/admin"]), [{ type: DISCONNECT, nsp: "/admin" }]);
});

function decoded(messages, parser = { Decoder }) {
  const decoder = new parser.Decoder();
  const packets = [];
  decoder.on("decoded", (packet) => packets.push(packet));
  for (const message of messages) decoder.add(message);
  return packets;
}

test("Socket.IO packets with attachments", () => {
  const packet = { type: EVENT, nsp: "/b", id: 3, data: ["x", bytes(1), { deep: [bytes(2)] }] };
  const messages = new Encoder().encode(packet);
  assert.deepEqual(messages, ['52-/b,3["x",{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1}]}]', bytes(1), bytes(2)]);
  assert.deepEqual(decoded(messages), [packet]);
  assert.deepEqual(new Encoder().encode({ type: ACK, nsp: "/", id: 1, data: [bytes(7)] })[0], '61-1[{"_placeholder":true,"num":0}]');
});

test("a decoder forgets a packet that is not complete", () => {
  const decoder = new Decoder();
  decoder.add('51-["x",{"_placeholder":true,"num":0}]');
  decoder.destroy();
  decoder.add("2[1]");
});

test("malformed Socket.IO packets", () => {
  const wires = [
    ["", "9", "a", "2", "2{}", "2[", '2["connect"]', '2["disconnecting"]', "2[true]", "2[[]]", "2-[1]", "2,1[2]"],
    ["0[]", "0null", "1{}", "3", "31{}", "4", "41", "4[]"],
    ["5", "51", "5a-[1]", "51.5-[1]", "5-1-[1]", "50-[1]", "5-[1]", "599999999999999999999-[1]", '511-["x"]'],
  ].flat();
  for (const wire of wires) assert.throws(() => decoded([wire]), Error, wire);
  const head = '51-["x",{"_placeholder":true,"num":';
  for (const num of ["1", "-1", '"length"', "0.5", "null"]) assert.throws(() => decoded([`${head}${num}}]`, bytes(1)]), /attachments/, num);
  assert.throws(() => decoded([`${head}0}]`, "2[1]"]));
  assert.throws(() => decoded([bytes(1)]));
  assert.throws(() => decoded([undefined]));
});

test("the decoder's limit and reviver, the encoder's replacer", () => {
  const decoder = new Decoder({ maxAttachments: 1, reviver: (key, value) => (key === "n" ? value + 1 : value) });
  assert.throws(() => decoder.add('52-["x"]'), /too many/);
  decoder.on("decoded", ({ data }) => assert.deepEqual(data, ["x", { n: 2 }]));
  decoder.add('2["x",{"n":1}]');
  assert.deepEqual(new Encoder((key, value) => (key === "secret" ? undefined : value)).encode({ type: EVENT, data: [{ secret: 1 }] }), ["2[{}]"]);
});

test("binary in any wrapping is found and put back", () => {
  const date = new Date(0);
  const value = { list: [bytes(1), { json: { toJSON: () => ({ b: bytes(2) }) } }], date, none: null };
  assert.ok(hasBinary(value));
  assert.ok(!hasBinary({ date, text: ["x", { y: null }], json: { toJSON: () => "x" } }));
  const { data, attachments } = detach(value);
  assert.deepEqual(attachments, [bytes(1), bytes(2)]);
  assert.deepEqual(attach(data, attachments), { list: [bytes(1), { json: { b: bytes(2) } }], date, none: null });
  assert.ok(value.list[0] instanceof ArrayBuffer, "the original is as it was");
});

const msgpackValues = [
  null, true, false, 0, 1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, Number.MAX_SAFE_INTEGER,
  -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, Number.MIN_SAFE_INTEGER, 1.5, -0.1, Infinity,
  "", "é😀", "x".repeat(31), "x".repeat(32), "x".repeat(256), "x".repeat(65536), [], Array(16).fill(1), Array(65536).fill(0),
  {}, { a: { b: [undefined, null] } }, Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i])), new Date(1e12), new Date(-1),
];

test("msgpack, both ways with the official codec's", () => {
  const theirs = new official.Encoder();
  for (const value of msgpackValues) {
    const packet = { type: EVENT, nsp: "/", data: ["x", value] };
    const [mine] = new msgpackParser.Encoder().encode(packet);
    const [reference] = theirs.encode(packet);
    assert.deepEqual(Buffer.from(mine), Buffer.from(reference), String(value).slice(0, 40));
    assert.deepEqual(decoded([reference], msgpackParser), [packet]);
    assert.deepEqual(decoded([Buffer.from(mine)], official), [packet]);
  }
});

test("msgpack, what the official codec lacks or gets wrong", () => {
  const view = new Uint8Array([9, 1, 2]).subarray(1);
  assert.deepEqual(decode(encode([bytes(1, 2), view, new Uint8Array(70000).buffer])), [bytes(1, 2), bytes(1, 2), new ArrayBuffer(70000)]);
  assert.deepEqual(decoded([Buffer.from(encode({ type: 2, nsp: "/", data: ["x", view] }))], official)[0].data[1], Buffer.from([1, 2]));
  assert.deepEqual(decode(bytes(0xc7, 2, 5, 1, 2)), [5, bytes(1, 2)]);
  for (const n of [1e300, -1e300, 2 ** 64]) assert.equal(decode(encode(n)), n); // no 64-bit integer holds them
  assert.deepEqual(decode(bytes(0xca, 0x3f, 0xc0, 0, 0)), 1.5);
});

test("msgpack that is malformed", () => {
  const wires = [[], [0xc1], [0xa5, 65], [0xdd, 255, 255, 255, 255], [0xdf, 255, 255, 255, 255], [0xc6, 255, 255, 255, 255], [0x92, 1], [1, 1]];
  for (const wire of wires) assert.throws(() => decode(bytes(...wire)), Error, String(wire));
  for (const packet of [1, null, {}, { type: 5, nsp: "/", data: [1] }, { type: 2, nsp: "/", data: {} }, { type: 2, nsp: 1, data: ["x"] }, { type: 0, nsp: "/", data: 1 }, { type: 3, nsp: "/", id: "1", data: [] }]) {
    assert.throws(() => decoded([encode(packet)], msgpackParser), Error, JSON.stringify(packet));
  }
  assert.throws(() => decoded(["2[1]"], msgpackParser));
  assert.throws(() => encode(Symbol()));
});

test("backoff doubles up to its maximum", () => {
  const backoff = new Backoff({ min: 100, max: 1000, jitter: 0 });
  assert.deepEqual(Array.from({ length: 6 }, () => backoff.duration()), [100, 200, 400, 800, 1000, 1000]);
  backoff.reset();
  assert.equal(backoff.attempts, 0);
  assert.equal(backoff.duration(), 100);
});

test("backoff moves each wait at random by up to its jitter", (t) => {
  const backoff = new Backoff({ min: 100, max: 1000, jitter: 0.5 });
  const at = (random) => {
    t.mock.method(Math, "random", () => random);
    backoff.reset();
    return backoff.duration();
  };
  assert.deepEqual([0, 0.5, 0.999999].map(at), [50, 100, 149]);
  backoff.setJitter(2);
  assert.equal(backoff.jitter, 0, "a value out of range means no jitter");
});

test("backoff after a very long time is still its maximum", () => {
  const backoff = new Backoff({ min: 1, max: 5000, jitter: 0.5 });
  backoff.attempts = 5000;
  assert.equal(backoff.duration(), 5000);
});

const page = { protocol: "https:", host: "example.org:8443", hostname: "example.org", port: "8443" };

test("addresses against the page's own", () => {
  const table = [
    [undefined, "https://example.org:8443/socket.io", "/"],
    ["/chat", "https://example.org:8443/socket.io", "/chat"],
    ["//other.org/x", "https://other.org:443/socket.io", "/x"],
    ["other.org:81", "https://other.org:81/socket.io", "/"],
    ["http://other.org", "http://other.org:80/socket.io", "/"],
    ["ws://user:secret@other.org:1234/nsp?a=1#b", "ws://other.org:1234/socket.io", "/nsp"],
    ["wss://[::1]:9/文", "wss://[::1]:9/socket.io", "/文"],
  ];
  for (const [uri, id, nsp] of table) {
    const url = resolve(uri, "/socket.io", page);
    assert.deepEqual([url.id, url.path], [id, nsp], uri);
  }
  assert.equal(resolve("http://x/?a=1&b", "", page).query, "a=1&b");
  assert.equal(parse("[::1]:80").host, "::1");
  assert.equal(resolve("localhost:3000", "/p", undefined).source, "https://localhost:3000");
});

test("queries", () => {
  assert.equal(encodeQuery({ a: "x y", "é": 1, n: null }), "a=x%20y&%C3%A9=1&n=null");
  assert.deepEqual(decodeQuery("a=x%20y&b&c=1=2&"), { a: "x y", b: "", c: "1=2" });
  assert.deepEqual(decodeQuery(""), {});
});

test("an emitter's events may have any name", () => {
  const emitter = new Emitter();
  const heard = [];
  for (const name of ["__proto__", "constructor", "toString", 5]) emitter.on(name, () => heard.push(name)).emit(name);
  assert.deepEqual(heard, ["__proto__", "constructor", "toString", 5]);
  assert.equal(emitter.hasListeners("hasOwnProperty"), false);
});
