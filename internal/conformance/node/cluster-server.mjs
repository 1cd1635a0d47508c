// The official server with an official Redis adapter: one of a cluster. Prints its URL.
//
// usage: node cluster-server.mjs REDIS KIND [OTHERS]
//
// REDIS is a URL or the path of a socket. KIND is pubsub, specific (pubsub, with responses to one
// server alone), static, dynamic, dynamic-private (sharded Pub/Sub), streams, or streams-sharded
// (requests by sharded Pub/Sub). The streams have connection state recovery. OTHERS is the number
// of running servers, by default 1.
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { setTimeout as after } from "node:timers/promises";
import { createAdapter, createShardedAdapter } from "@socket.io/redis-adapter";
import { createAdapter as createStreamsAdapter } from "@socket.io/redis-streams-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

// The adapter for Pub/Sub does not handle the promise of a PUBLISH. Without this, the process ends when Redis does.
process.on("unhandledRejection", () => {});

const [redis, kind] = process.argv.slice(2);
const name = `cluster-server-${process.pid}`; // of this server's connections to Redis
const pub = createClient({ name, ...(redis.startsWith("/") ? { socket: { path: redis } } : { url: redis }) });
pub.on("error", () => {}); // Redis may stop and start again
const sub = pub.duplicate();
sub.on("error", () => {});
await Promise.all([pub.connect(), sub.connect()]);

const streams = kind.startsWith("streams");
function adapter() {
  if (kind === "streams" || kind === "streams-sharded") {
    return createStreamsAdapter(pub, { useShardedPubSub: kind === "streams-sharded", blockTimeInMs: 200 });
  }
  if (kind === "pubsub" || kind === "specific") {
    return createAdapter(pub, sub, { publishOnSpecificResponseChannel: kind === "specific", requestsTimeout: 20000 });
  }
  return createShardedAdapter(pub, sub, { subscriptionMode: kind });
}

const http = createServer();
const io = new Server(http, { adapter: adapter(), connectionStateRecovery: streams ? {} : undefined });

for (const nsp of [io.of("/"), io.of("/chat")]) {
  nsp.on("double", (n, ack) => ack(2 * n));
  nsp.on("tell", (...args) => nsp.local.emit("told", "node", ...args));
  nsp.on("connection", (socket) => {
    if (!socket.recovered) socket.data = { server: "node", n: 1.5 };
    socket.on("emit", (to, except, ...args) => nsp.to(to).except(except).emit("news", ...args));
    socket.on("date", () => nsp.emit("news", new Date(86400000)));
    socket.on("local", (...args) => nsp.local.emit("news", ...args));
    socket.on("join", (to, rooms) => nsp.in(to).socketsJoin(rooms));
    socket.on("leave", (to, rooms) => nsp.in(to).socketsLeave(rooms));
    socket.on("kick", (to, close) => nsp.in(to).disconnectSockets(close));
    socket.on("fetch", async (to, ack) => {
      const sockets = await nsp.in(to).fetchSockets();
      ack(sockets.map(({ id, rooms, data, handshake: h }) => ({
        id, rooms: [...rooms], data,
        handshake: [h.headers["x-test"], h.query.q, h.auth, h.xdomain, h.secure, h.url.split("?")[0], Math.abs(h.issued - Date.now()) < 60000],
      })));
    });
    socket.on("ask", async (to, ms, args, ack) => {
      try {
        ack(await nsp.in(to).timeout(ms).emitWithAck("question", ...args), "all");
      } catch (err) {
        ack(err.responses, "some");
      }
    });
    socket.on("double", async (n, ack) => ack(await nsp.serverSideEmitWithAck("double", n)));
    socket.on("tell", (...args) => nsp.serverSideEmit("tell", ...args));
    socket.on("volatile", (...args) => nsp.volatile.emit("news", ...args));
    socket.on("rooms", async (ack) => ack(nsp.adapter.allRooms ? [...(await nsp.adapter.allRooms())] : null)); // the newer adapters cannot report it
  });
}

// A line "emit N 1ms" sends N numbered broadcasts, one each millisecond, and with 0s as fast as
// possible. A line "mark" sends one broadcast of that name.
async function emit(n, every) {
  const start = performance.now();
  for (let i = 0; i < n; i++) {
    const wait = start + i * every - performance.now();
    if (wait > 0) await after(wait);
    io.emit("n", i, "hello, everyone: this is a message of a chat");
  }
}

// reads waits until the adapter has read an entry of the stream. Before its first entry, it asks for
// "the next one" again every blockTimeInMs, and misses what is added between two questions.
async function reads() {
  for (let i = 0; i < 500; i++) {
    const [clients] = await pub.multi().addCommand(["CLIENT", "LIST"]).xAdd("socket.io", "*", { from: name }).exec();
    const waits = (client) => client.includes(` name=${name} `) && / flags=\S*b/.test(client) && client.includes(" cmd=xread");
    if (String(clients).split("\n").some(waits)) return;
    await after(20);
  }
  throw new Error("the adapter does not read the stream");
}

createInterface({ input: process.stdin })
  .on("line", (line) => {
    if (line === "mark") {
      io.emit("mark");
      return;
    }
    const [, n, every] = /^emit (\d+) (\d+)m?s$/.exec(line);
    emit(Number(n), Number(every));
  })
  .on("close", () => process.exit(0));
http.listen(0, "127.0.0.1", async () => {
  // The adapter does not report when it listens: this is the last channel that it subscribes to.
  const last = kind === "pubsub" || kind === "specific" ? "socket.io-request#/chat#" : "socket.io#/chat#";
  const sharded = !["pubsub", "specific", "streams"].includes(kind);
  const before = Number(process.argv[4] ?? 1);
  for (let i = 0; (await pub.sendCommand(["PUBSUB", sharded ? "SHARDNUMSUB" : "NUMSUB", last]))[1] < before + 1; i++) {
    if (i > 500) throw new Error("the servers do not meet at Redis");
    await after(20);
  }
  if (streams) await reads();
  console.log(`http://127.0.0.1:${http.address().port}`);
});
