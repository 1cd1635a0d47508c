// The official server with the official Redis adapter: one of a cluster. Prints its URL.
//
// usage: node cluster-server.mjs REDIS_URL [specific]
import { createServer } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [url, responses] = process.argv.slice(2);
const pub = createClient({ url });
const sub = pub.duplicate();
await Promise.all([pub.connect(), sub.connect()]);

const http = createServer();
const io = new Server(http, {
  adapter: createAdapter(pub, sub, { publishOnSpecificResponseChannel: responses === "specific", requestsTimeout: 20000 }),
});

for (const nsp of [io.of("/"), io.of("/chat")]) {
  nsp.on("double", (n, ack) => ack(2 * n));
  nsp.on("tell", (...args) => nsp.local.emit("told", "node", ...args));
  nsp.on("connection", (socket) => {
    socket.data = { server: "node", n: 1.5 };
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
    socket.on("rooms", async (ack) => ack([...(await nsp.adapter.allRooms())]));
  });
}

process.stdin.on("end", () => process.exit(0)).resume();
http.listen(0, "127.0.0.1", async () => {
  const count = ["PUBSUB", "NUMSUB", "socket.io-request#/chat#"]; // the last that the adapter listens to; it does not say when it does
  for (let i = 0; (await pub.sendCommand(count))[1] < 2; i++) {
    if (i > 500) throw new Error("the servers do not meet at Redis");
    await after(20);
  }
  console.log(`http://127.0.0.1:${http.address().port}`);
});
