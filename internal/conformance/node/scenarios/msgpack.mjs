// The bundle whose codec is MessagePack, against a server with the matching parser.
const forMsgpack = (scenario) => ({ bundle: "socket.io.msgpack.min.js", ...scenario });

export const msgpack = {
  "msgpack, events and acks": forMsgpack({
    server(io, log) {
      io.on("connection", (socket) => {
        log("auth", socket.handshake.auth);
        socket.on("x", (...args) => {
          const ack = args.pop();
          log(...args);
          ack(...args);
        });
      });
      io.of("/refused").use((socket, next) => next(Object.assign(new Error("no"), { data: { why: 1 } })));
    },
    async client(c) {
      for (const transports of [["polling"], ["websocket"]]) {
        const socket = c.connect({ transports, auth: { token: "é" } });
        await c.next(socket, "connect");
        const answer = await c.limit("ack", new Promise((resolve) => socket.emit("x", 1, -1.5, "文", null, [{ a: true }], new Date(5), new Uint8Array([1, 2]).buffer, (...args) => resolve(args))));
        c.log(...answer);
        c.log(await c.limit("ack", socket.timeout(5000).emitWithAck("x", 2 ** 40)));
        const refused = socket.io.socket("/refused");
        c.log(...(await c.next(refused, "connect_error")));
      }
    },
  }),

  "msgpack, malformed": forMsgpack({
    server(io) {
      const wires = ["2[1]", new Uint8Array([0xc1]), new Uint8Array([0x80]), new Uint8Array([0x81, 0xa4])];
      io.on("connection", ({ conn }) => wires.length && conn.write(wires.pop()));
    },
    async client(c) {
      const socket = c.connect({ transports: ["websocket"], reconnectionDelay: 20 });
      for (let i = 0; i < 4; i++) {
        const [reason, details] = await c.next(socket, "disconnect");
        c.log(reason, details instanceof Error);
      }
      await c.next(socket, "connect");
    },
  }),
};
