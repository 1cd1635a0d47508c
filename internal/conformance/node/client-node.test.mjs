// Our browser client in Node, where polling goes by fetch and WebSocket is injected, against the
// official server. It also tests what our client does better than the official one, because the
// scenarios cannot compare that.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Server } from "socket.io";
import { WebSocket } from "ws";
import { Fetch, io, WebSocket as WebSocketTransport, WebTransport } from "../../../web/client/index.js";

globalThis.WebSocket = WebSocket;

/** An official server with sockets of ours; both end with the test. */
function setUp(t, options) {
  const server = new Server(0, options);
  const sockets = [];
  t.after(() => {
    for (const socket of sockets) socket.io._close();
    return new Promise((resolve) => server.close(resolve));
  });
  server.on("connection", (socket) => socket.on("echo", (...args) => args.pop()(...args)));
  const { port } = server.httpServer.address();
  const connect = (opts) => {
    const socket = io(`http://localhost:${port}`, { forceNew: true, ...opts });
    sockets.push(socket);
    return socket;
  };
  return { server, connect };
}

const next = (emitter, event) => new Promise((resolve) => emitter.once(event, resolve));

for (const [name, transports] of Object.entries({ polling: ["polling"], websocket: ["websocket"], fetch: [Fetch] })) {
  test(`echo by ${name}`, async (t) => {
    const { connect } = setUp(t);
    const socket = connect({ transports, extraHeaders: { "x-lab": "yes" } });
    const answer = await socket.emitWithAck("echo", { text: "文", bytes: new Uint8Array([1, 2]), blob: new Blob(["x"]) });
    assert.deepEqual(answer, { text: "文", bytes: new Uint8Array([1, 2]).buffer, blob: new TextEncoder().encode("x").buffer });
    assert.equal(socket.io.engine.transport.name, name === "websocket" ? "websocket" : "polling");
  });
}

test("a list of classes, the one that cannot connect first", async (t) => {
  const { connect } = setUp(t);
  const socket = connect({ transports: [WebTransport, WebSocketTransport, Fetch], tryAllTransports: true });
  await next(socket, "connect");
  assert.equal(socket.io.engine.transport.name, "websocket");
});

test("upgrade", async (t) => {
  const { connect } = setUp(t);
  const socket = connect();
  await next(socket, "connect");
  const { engine } = socket.io;
  if (engine.transport.name === "polling") assert.equal((await next(engine, "upgrade")).name, "websocket");
  assert.equal(await socket.emitWithAck("echo", 1), 1);
});

test("a refusal tells its status and body", async (t) => {
  const { connect } = setUp(t, { allowRequest: (req, callback) => callback("not you", false) });
  for (const [transports, message] of [[["polling"], "xhr poll error"], [[Fetch], "fetch read error"]]) {
    const err = await next(connect({ transports, reconnection: false }), "connect_error");
    assert.equal(err.message, message);
    assert.equal(err.description, 403);
    assert.deepEqual(JSON.parse(err.context.responseText), { code: 4, message: "not you" });
  }
});

test("a server that is not there", async (t) => {
  const { server, connect } = setUp(t);
  const socket = connect({ autoConnect: false, reconnection: false });
  await new Promise((resolve) => server.close(resolve));
  socket.connect();
  const err = await next(socket, "connect_error");
  assert.equal(err.description, 0);
});

test("an upgrade that breaks off leaves the connection as it was", async (t) => {
  const { server, connect } = setUp(t);
  let letIn;
  server.use((socket, next) => (letIn = next)); // nothing to send, so the poll that the upgrade waits for is not answered yet
  const socket = connect();
  const { engine } = socket.io;
  engine.once("upgrading", (transport) => transport.ws.terminate());
  const err = await next(engine, "upgradeError");
  letIn();
  assert.match(err.message, /probe error/);
  assert.equal(engine.upgrading, false);
  assert.equal(await socket.emitWithAck("echo", "after"), "after");
  assert.equal(engine.transport.name, "polling");
  assert.ok(socket.connected);
});

test("a client that leaves before the handshake is answered leaves no session behind", async (t) => {
  const { server, connect } = setUp(t);
  const opened = once(server.engine, "connection");
  connect().disconnect();
  const [conn] = await opened;
  await once(conn, "close");
  assert.equal(server.engine.clientsCount, 0);
});

test("WebSocket that is missing is an error, not a silence", async (t) => {
  const { connect } = setUp(t);
  delete globalThis.WebSocket;
  t.after(() => (globalThis.WebSocket = WebSocket));
  const err = await next(connect({ transports: ["websocket"], reconnection: false }), "connect_error");
  assert.equal(err.message, "websocket error");
});

// With autoUnref, open sockets do not keep a process alive. The interval holds it until the socket
// has the state that the test wants.
const unrefProgram = (client, name, url) => `
  import { createRequire } from "node:module";
  const require = createRequire(${JSON.stringify(import.meta.url)});
  ${client === "ours" ? `import { io } from ${JSON.stringify(new URL("../../../web/client/index.js", import.meta.url).href)};` : `const { io } = require("socket.io-client");`}
  if (${name !== "node's websocket"}) globalThis.WebSocket = require("ws").WebSocket;
  const alive = setInterval(() => {}, 1000);
  const transports = { plain: ["polling", "websocket"], polling: ["polling"] }[${JSON.stringify(name)}] ?? ["websocket"];
  const socket = io(${JSON.stringify(url)}, { autoUnref: true, transports });
  const release = () => {
    console.log(socket.io.engine.transport.name);
    clearInterval(alive);
  };
  socket.on("connect", async () => {
    await socket.emitWithAck("echo", 1);
    if (transports.length > 1 && socket.io.engine.transport.name === "polling") socket.io.engine.once("upgrade", release);
    else release();
  });`;

for (const client of ["ours", "official"]) {
  for (const name of ["plain", "polling", "websocket", "node's websocket"]) {
    if (client === "official" && name === "node's websocket") continue; // it takes the one of the package ws
    test(`autoUnref: the process of ${client} ends by ${name}`, { timeout: 60_000 }, async (t) => {
      const { server } = setUp(t);
      const url = `http://localhost:${server.httpServer.address().port}`;
      const flags = name === "node's websocket" && Number(process.versions.node.split(".")[0]) < 22 ? ["--experimental-websocket"] : [];
      const program = ["--input-type=module", "-e", unrefProgram(client, name, url)];
      const child = spawn(process.execPath, [...flags, ...program], { stdio: ["ignore", "pipe", "inherit"] });
      t.after(() => child.kill());
      let out = "";
      child.stdout.on("data", (text) => (out += text));
      assert.deepEqual(await once(child, "close"), [0, null]);
      assert.equal(out.trim(), name === "polling" ? "polling" : "websocket");
    });
  }
}

test("a socket works inside a Proxy, as frameworks wrap it", async (t) => {
  const { connect } = setUp(t);
  const socket = new Proxy(connect(), {});
  assert.equal(await socket.timeout(5000).emitWithAck("echo", 1), 1);
  assert.equal(socket.listeners("x").length, 0);
});

test("modifiers are for one emit, with retries too", async (t) => {
  const { connect } = setUp(t);
  const socket = connect({ retries: 1, autoConnect: false });
  socket.timeout(1000).emit("echo", 1);
  assert.deepEqual(socket.flags, {});
});

test("the bundles for scripts are CommonJS modules too", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "client-"));
  t.after(() => rm(dir, { recursive: true }));
  const require = createRequire(import.meta.url);
  for (const file of ["socket.io.js", "socket.io.min.js", "socket.io.msgpack.min.js"]) {
    const copy = join(dir, file.replace(/js$/, "cjs"));
    await copyFile(new URL(`../../../web/client/dist/${file}`, import.meta.url), copy);
    const bundle = require(copy);
    for (const name of ["io", "connect"]) assert.equal(bundle[name], bundle);
    assert.equal(bundle.protocol, 5);
    assert.equal(typeof bundle.Manager, "function");
    assert.equal(bundle("http://localhost:1/nsp", { autoConnect: false }).nsp, "/nsp");
  }
});
