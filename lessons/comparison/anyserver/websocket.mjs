// npm install ws; node websocket.mjs
import { WebSocket, WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.env.PORT ?? 3000), path: "/ws" });
server.on("connection", (socket) => {
  socket.on("error", () => socket.terminate());
  socket.on("message", (message) => {
    for (const client of server.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(message, { binary: false });
    }
  });
});
server.on("listening", () => console.log(`http://127.0.0.1:${server.address().port}`));
