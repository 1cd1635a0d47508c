// npm install socket.io; node socketio.mjs
import { createServer } from "node:http";
import { Server } from "socket.io";

const server = createServer();
const io = new Server(server);
io.on("connection", (socket) => {
  socket.on("chat message", (message) => io.emit("chat message", message));
  socket.on("question", (message, ack) => ack(message));
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
