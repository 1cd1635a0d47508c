// Sessions of WebTransport for the official server, over TCP, because HTTP/3 on Node is native code.
import { Duplex } from "node:stream";

export const transports = ["polling", "websocket", "webtransport"]; // for the server's options

// takeWebTransport opens a session for each CONNECT of HTTP/1.1. Its connection is the only stream, on which the server
// reads and writes its packets as on a stream of HTTP/3.
export function takeWebTransport(http, io) {
  http.on("connect", (_, socket) => {
    socket.on("error", () => {});
    socket.on("end", () => socket.end()); // the client ends its session
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const { readable, writable } = Duplex.toWeb(socket);
    io.engine.onWebTransportSession({
      incomingBidirectionalStreams: new ReadableStream({ start: (streams) => streams.enqueue({ readable, writable }) }),
      closed: new Promise((resolve) => socket.on("close", resolve)),
      close: () => socket.destroySoon(),
    });
  });
}
