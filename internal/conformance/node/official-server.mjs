// The official server for a client in another process, which sends commands over HTTP:
//
//     POST /start, /stop     the server, at the same address each time
//     POST /cut              ends every connection without a close of the protocol
//     POST /mute             no connection sends anything from now on
//     POST /refuse?on=true   refuses handshakes from now on
//     POST /tell?text=…      emits "told" to all who joined, also to those whose state is kept
//     POST /clients          how many connections there are
//     POST /log              what the server saw so far, a list of lists
//
// usage: node official-server.mjs OPTIONS_AS_JSON; it writes {"control", "server"}, two addresses
import { createServer } from "node:http";
import { Server } from "socket.io";
import { takeWebTransport, transports } from "./webtransport.mjs";

const options = JSON.parse(process.argv[2] ?? "{}");
const log = [];
let io, http, port = 0, refuse = false;

function serve(socket) {
  const { nsp, conn, handshake, recovered } = socket;
  const { t, sid, EIO, transport, ...query } = handshake.query;
  log.push(["connection", nsp.name, { recovered, query, auth: handshake.auth, lab: handshake.headers["x-lab"] ?? "" }]);
  if (nsp.name === "/") {
    conn.on("heartbeat", () => log.push(["heartbeat", conn.transport.name]));
    conn.on("message", (data) => log.push(["message", String(data)])); // as it came, including packets that the server then ignores
  }
  socket.on("disconnect", (reason) => log.push(["disconnect", nsp.name, reason]));
  if (!recovered) socket.join("room");

  socket.on("echo", (...args) => args.pop()(...args));
  socket.on("n", (n, ack) => {
    log.push(["n", n]);
    ack?.(n);
  });
  socket.on("burst", (n) => {
    for (let i = 0; i < n; i++) socket.emit("burst", i);
  });
  socket.on("ask me", (x, ack) => socket.emit("question", x, (...answer) => ack(...answer)));
  socket.on("kick", (close) => socket.disconnect(close));
  socket.on("never", () => {});
  let seen = 0;
  socket.on("third time", (n, ack) => {
    log.push(["third time", n]);
    if (++seen >= 3) ack(n);
  });
}

const control = {
  async start() {
    http = createServer();
    io = new Server(http, { transports, ...options, allowRequest: (req, callback) => callback(refuse ? "not you" : null, !refuse) });
    takeWebTransport(http, io);
    for (const name of ["/", "/chat", "/denied"]) io.of(name).on("connection", serve);
    io.of("/denied").use((socket, next) => next(Object.assign(new Error("not authorized"), { data: { code: 7 } })));
    await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
    port = http.address().port;
  },
  async stop() {
    http.closeAllConnections();
    await new Promise((resolve) => io.close(resolve));
  },
  cut() {
    for (const conn of Object.values(io.engine.clients)) conn.transport.close();
  },
  mute() {
    for (const conn of Object.values(io.engine.clients)) {
      conn.sendPacket = () => {};
      conn.resetPingTimeout = () => {}; // nor does it notice that the answers stop
      clearTimeout(conn.pingIntervalTimer);
      clearTimeout(conn.pingTimeoutTimer);
    }
  },
  refuse({ on }) {
    refuse = on === "true";
  },
  tell({ text }) {
    io.to("room").emit("told", text);
  },
  clients: () => io.engine.clientsCount,
  log: () => log,
};

const lab = createServer(async (req, res) => {
  const url = new URL(req.url, "http://lab");
  try {
    res.end(JSON.stringify((await control[url.pathname.slice(1)](Object.fromEntries(url.searchParams))) ?? null));
  } catch (err) {
    console.error(err);
    res.writeHead(500).end(String(err));
  }
});

process.stdin.on("end", () => process.exit(0)).resume();
await control.start();
lab.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ control: `http://127.0.0.1:${lab.address().port}`, server: `http://127.0.0.1:${port}` }));
});
