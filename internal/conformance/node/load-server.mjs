// The servers for the tests of lab load: Socket.IO, and ws at /ws. It prints its URL, answers each
// line of its stdin with one of its stdout, and ends with its stdin:
//
//     clients    the number of Socket.IO clients
//     cpu        the microseconds of CPU that this process has used
//     peak       the most clients at a time
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Server } from "socket.io";
import { WebSocketServer } from "ws";

const http = createServer();
const io = new Server(http, { allowEIO3: true });
let peak = 0;
io.on("connection", (socket) => {
  peak = Math.max(peak, io.engine.clientsCount);
  socket.on("chat message", (message) => io.emit("chat message", message));
  socket.on("question", (message, ack) => ack(message));
  socket.on("client to server event", () => {});
  socket.on("join", (room) => socket.join(room));
  socket.on("say", (room, message) => io.to(room).emit("said", { room, message }));
});

const chat = new WebSocketServer({ noServer: true });
chat.on("connection", (socket) => {
  socket.on("message", (data) => chat.clients.forEach((client) => client.send(data.toString())));
});
http.on("upgrade", (request, socket, head) => {
  if (request.url === "/ws") chat.handleUpgrade(request, socket, head, (client) => chat.emit("connection", client, request));
});

const commands = {
  clients: () => io.engine.clientsCount,
  cpu: () => process.cpuUsage().user + process.cpuUsage().system,
  peak: () => peak,
};
createInterface({ input: process.stdin })
  .on("line", (line) => console.log(commands[line]()))
  .on("close", () => process.exit(0));
http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(`http://127.0.0.1:${http.address().port}`));
