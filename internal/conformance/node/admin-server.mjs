// The official server with the server side of the official Admin UI, alone or in a cluster. Prints its URL.
//
// usage: node admin-server.mjs HASH OPTIONS [REDIS_URL]    (of the password, and JSON: mode, readonly)
import { createServer } from "node:http";
import { setTimeout as after } from "node:timers/promises";
import { instrument } from "@socket.io/admin-ui";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [hash, options, redis] = process.argv.slice(2);
let pub, adapter;
if (redis) {
  pub = createClient({ url: redis });
  const sub = pub.duplicate();
  await Promise.all([pub.connect(), sub.connect()]);
  adapter = createAdapter(pub, sub);
}
const http = createServer();
const io = new Server(http, adapter ? { adapter } : {});
instrument(io, {
  auth: { type: "basic", username: "admin", password: hash },
  serverId: "one",
  ...JSON.parse(options),
});

for (const nsp of [io.of("/"), io.of(/^\/dyn-\d+$/)]) {
  nsp.use((socket, next) => {
    socket.join("early");
    next();
  });
  nsp.on("connection", (socket) => {
    socket.join("hall");
    socket.on("data", (value, ack) => {
      socket.data.value = value;
      ack();
    });
    socket.on("echo", (...args) => socket.emit("echoed", ...args));
    socket.on("all", (...args) => socket.nsp.emit("to all", ...args));
    socket.on("ask", async (ack) => ack(await socket.emitWithAck("question", 1)));
    socket.on("ask all", async (ack) => ack(await socket.nsp.to("hall").timeout(10000).emitWithAck("question", 2)));
    socket.on("leave", () => socket.leave("hall"));
    socket.on("bye", () => socket.disconnect());
  });
}

process.stdin.on("end", () => process.exit(0)).resume();
http.listen(0, "127.0.0.1", async () => {
  const count = ["PUBSUB", "NUMSUB", "socket.io-request#/admin#"]; // the last that the adapter listens to
  for (let i = 0; redis && (await pub.sendCommand(count))[1] < 2; i++) {
    if (i > 500) throw new Error("the servers do not meet at Redis");
    await after(20);
  }
  console.log(`http://127.0.0.1:${http.address().port}`);
});
