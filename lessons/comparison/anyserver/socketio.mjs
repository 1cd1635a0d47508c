// npm install socket.io; node socketio.mjs
import { Server } from "socket.io";

const io = new Server(Number(process.env.PORT ?? 3000));
io.on("connection", (socket) => {
  socket.on("chat message", (message) => io.emit("chat message", message));
  socket.on("question", (message, ack) => ack(message));
});
io.httpServer.on("listening", () => console.log(`http://127.0.0.1:${io.httpServer.address().port}`));
