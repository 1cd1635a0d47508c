// Drives demos over TLS, with an unknown certificate: node https-client.mjs WS-ECHO BROADCAST SSE.
// Prints "ok NAME" for each case that holds.
import assert from "node:assert/strict";
import { once } from "node:events";
import http2 from "node:http2";
import { setTimeout as after } from "node:timers/promises";
import { io } from "socket.io-client";
import { WebSocket } from "ws";

const [echo, broadcast, sse] = process.argv.slice(2);
const unknown = { rejectUnauthorized: false };

setTimeout(() => { console.error("took too long"); process.exit(1); }, 50000).unref();

/** Asks over HTTP/2. Returns the status and the body, or with `until` the body so far once it has that text. */
async function ask(session, headers, body, until) {
  const stream = session.request(headers);
  stream.setEncoding("utf8");
  stream.end(body);
  const [head] = await once(stream, "response");
  let text = "";
  for await (const piece of stream) {
    text += piece;
    if (until && text.includes(until)) break;
  }
  return { status: head[":status"], text };
}

const cases = {
  async "an unknown certificate is refused"() {
    const ws = new WebSocket(`${echo.replace("https", "wss")}/ws`);
    const [error] = await once(ws, "error");
    assert.equal(error.code, "DEPTH_ZERO_SELF_SIGNED_CERT");
  },
  async "ws over wss"() {
    const ws = new WebSocket(`${echo.replace("https", "wss")}/ws`, { ...unknown, origin: echo });
    await once(ws, "open");
    for (const size of [1, 125, 30000]) {
      ws.send("a".repeat(size));
      const [data] = await once(ws, "message");
      assert.equal(data.toString(), "a".repeat(size));
    }
    ws.close(1000);
    const [code] = await once(ws, "close");
    assert.equal(code, 1000);
  },
  async "a page of another origin"() {
    const ws = new WebSocket(`${echo.replace("https", "wss")}/ws`, { ...unknown, origin: "https://evil.example" });
    ws.on("error", () => {});
    const [, response] = await once(ws, "unexpected-response");
    assert.equal(response.statusCode, 403);
  },
  async "the official Socket.IO client, by each transport and by upgrade"() {
    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      const socket = io(broadcast, { ...unknown, transports, forceNew: true });
      await once(socket, "connect");
      const back = once(socket, "chat message");
      socket.emit("chat message", { id: "1", from: "node", text: "hello" });
      await back;
      while (socket.io.engine.transport.name !== transports.at(-1)) await after(5);
      socket.disconnect();
    }
  },
  async "Engine.IO's long polling over HTTP/2"() {
    const session = http2.connect(broadcast, unknown);
    const path = "/socket.io/?EIO=4&transport=polling";
    const open = await ask(session, { ":path": path });
    const { sid } = JSON.parse(open.text.slice(1));
    const at = `${path}&sid=${sid}`;
    const post = (body) => ask(session, { ":method": "POST", ":path": at, "content-type": "text/plain;charset=UTF-8" }, body);
    assert.deepEqual(await post("40"), { status: 200, text: "ok" });
    let heard = "";
    while (!heard.includes("40{")) heard += (await ask(session, { ":path": at })).text;
    const held = ask(session, { ":path": at }); // on the same connection as the POST
    await post('42["chat message self",{"id":"2","from":"node","text":"hi"}]');
    assert.match((await held).text, /^42\["chat message"/);
    await post("1");
    session.close();
  },
  async "a stream of events over HTTP/2, beside six others"() {
    const session = http2.connect(sse, unknown);
    const streams = Array.from({ length: 7 }, () => ask(session, { ":path": "/events" }, undefined, '"over h2"')); // over HTTP/1.1 a browser opens six at most
    const sent = await ask(session, { ":method": "POST", ":path": "/messages", "content-type": "application/json" }, '{"from":"node","text":"over h2"}');
    assert.equal(sent.status, 201);
    for (const { status, text } of await Promise.all(streams)) {
      assert.equal(status, 200);
      assert.match(text, /data: .*"over h2"/);
    }
    session.close();
  },
};

for (const [name, run] of Object.entries(cases)) {
  await run();
  console.log("ok", name);
}
process.exit(0);
