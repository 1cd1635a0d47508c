// A WebSocket echo, without a library. Start it with: node server.mjs 8080
import http from "node:http";

const server = http.createServer((request, response) => {
  // A request without an upgrade comes here.
  // TODO
  response.writeHead(501, { "Content-Type": "text/plain; charset=utf-8" });
  response.end("TODO");
});

// A request with an Upgrade header comes here. After the handshake, socket is the connection: socket.on("data", …) gives its bytes
// in pieces of any length, head is the first of them, and socket.write(buffer) sends.
server.on("upgrade", (request, socket, head) => {
  socket.on("error", () => socket.destroy());
  // TODO: request.headers has the handshake, in lower case.
  socket.end("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
});

const port = Number(process.argv[2] ?? 8080);
server.listen(port, "127.0.0.1", () => console.log("http://127.0.0.1:" + port));
