// The official server, for conversations in which ours answers differently: see differences_test.go.
//
// usage: node differences-server.mjs; it writes its address, and ends when its stdin does
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);
io.on("connection", (socket) => {
  socket.on("sync", () => socket.emit("synced"));
  socket.on("echo", (...args) => args.pop()(...args));
  socket.on("volatile", () => {
    socket.emit("plain");
    socket.volatile.emit("volatile");
  });
  socket.on("kick", () => {
    socket.disconnect();
    socket.emit("after");
  });
  socket.on("1000", () => socket.emit("thousand"));
});
io.of("/other");
io.of(/^\/many\d+$/);
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.on("end", () => process.exit()).resume();
