// The official server, for our Go client: prints its URL, and ends with its stdin. Events: echo, ask me, cut, leave,
// join, all, restart (which closes every connection).
import { createServer } from "node:http";
import { Server } from "socket.io";
import { takeWebTransport, transports } from "./webtransport.mjs";

const http = createServer();
const io = new Server(http, { transports, connectionStateRecovery: {} });
const serve = (socket) => {
  socket.on("echo", (value, ack) => ack(value));
  socket.on("ask me", (n, ack) => socket.timeout(10000).emit("question", n, (err, answer) => ack(err ? String(err) : answer)));
  socket.on("cut", () => socket.conn.close());
  socket.on("leave", () => socket.disconnect());
  socket.on("join", (room, ack) => { socket.join(room); ack([...socket.rooms].length); });
  socket.on("all", (event, n, ack) => { io.emit(event, n); io.to("r").emit(event, `r ${n}`); io.to("other").emit(event, "other"); ack(); });
  socket.on("n", (n) => socket.emit("n", n));
  socket.on("auth", (ack) => ack(socket.handshake.auth));
};
io.on("connection", serve);
io.of("/admin").use((socket, next) => {
  if (socket.handshake.auth.token === "secret") return next();
  next(Object.assign(new Error("not authorized"), { data: { code: 7 } }));
}).on("connection", serve);

takeWebTransport(http, io);
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
