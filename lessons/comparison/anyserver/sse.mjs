// node sse.mjs
import { createServer } from "node:http";

const clients = new Set();
const server = createServer(async (request, response) => {
  const path = request.url.split("?")[0];
  if (request.method === "GET" && path === "/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.flushHeaders();
    clients.add(response);
    response.on("close", () => clients.delete(response));
  } else if (request.method === "POST" && path === "/messages") {
    let message = "";
    for await (const piece of request.setEncoding("utf8")) message += piece;
    for (const client of clients) client.write(`data: ${message}\n\n`);
    response.writeHead(204).end();
  } else {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.env.PORT ?? 3000), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
