// Carries messages by server-sent events. Start it with: node server.mjs 8080
import http from "node:http";

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  if (request.method === "POST" && url.pathname === "/messages") {
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += piece;
    // TODO: store the message in body, which is JSON.
    return answer(response, 501, { error: "TODO" });
  }
  if (request.method === "GET" && url.pathname === "/events") {
    const after = url.searchParams.get("after"); // null if it is missing
    // TODO: response.writeHead and response.flushHeaders begin a stream, response.write goes on with it.
    return answer(response, 501, { error: "TODO" });
  }
  answer(response, 404, { error: "not found" });
});

function answer(response, status, value) {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
}

const port = Number(process.argv[2] ?? 8080);
server.listen(port, "127.0.0.1", () => console.log("http://127.0.0.1:" + port));
