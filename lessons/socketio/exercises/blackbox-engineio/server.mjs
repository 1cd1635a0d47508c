// Engine.IO sessions over polling and WebSocket, without a library. Start it with: node server.mjs 8080
import http from "node:http";

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (url.pathname !== "/socket.io/") return answer(response, 404, "not found");
  const sid = url.searchParams.get("sid"); // null if it is missing
  if (request.method === "POST") {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    // TODO: body holds packets for the session of the sid.
    return answer(response, 501, "TODO");
  }
  // TODO: begin a session, or hold the request.
  answer(response, 501, "TODO");
});

// A request with an Upgrade header comes here. After the handshake, socket is the connection: socket.on("data", …) gives its bytes
// in pieces of any length, head is the first of them, and socket.write(buffer) sends.
server.on("upgrade", (request, socket, head) => {
  socket.on("error", () => socket.destroy());
  // TODO: request.headers has the handshake, in lower case.
  socket.end("HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
});

function answer(response, status, text) {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  response.end(text);
}

const port = Number(process.argv[2] ?? 8080);
server.listen(port, "127.0.0.1", () => console.log("http://127.0.0.1:" + port));
