// Bytes, in every wrapping that a browser has, both ways, over each transport.

function echo(io, log) {
  io.on("connection", (socket) => {
    socket.on("bytes", (...args) => {
      log(...args);
      socket.emit("bytes", ...args);
    });
    socket.on("ack", (data, ack) => ack(data));
    socket.on("send", (count) => socket.emit("many", ...Array.from({ length: count }, (_, i) => Buffer.from([i]))));
  });
}

const transports = [["polling"], ["websocket"]];

function wrappings() {
  const bytes = new Uint8Array([0, 1, 2, 250, 255, 128]);
  return {
    buffer: bytes.buffer.slice(0),
    bytes,
    part: bytes.subarray(2, 4),
    floats: new Float32Array([1.5]),
    view: new DataView(bytes.buffer, 1, 2),
    empty: new ArrayBuffer(0),
  };
}

export const binary = {
  "binary, nested": {
    server: echo,
    async client(c) {
      for (const opts of transports) {
        const socket = c.connect({ transports: opts });
        const data = wrappings();
        socket.emit("bytes", data.buffer, { deep: [data.bytes, { deeper: data.part }], date: new Date(0) }, "text", [data.floats, data.view, data.empty]);
        c.log(...(await c.next(socket, "bytes")));
        c.log(data.bytes); // untouched
      }
    },
  },

  "Blob and File": {
    server: echo,
    async client(c) {
      for (const opts of transports) {
        const socket = c.connect({ transports: opts });
        socket.emit("bytes", new Blob([new Uint8Array([1, 2, 3])]), { file: new File(["text"], "a.txt") });
        c.trace("socket", socket, "bytes");
        c.log(await c.limit("ack", socket.emitWithAck("ack", "after")));
      }
    },
  },

  "binary acks": {
    server: echo,
    async client(c) {
      for (const opts of transports) {
        const socket = c.connect({ transports: opts });
        c.log(await c.limit("ack", socket.emitWithAck("ack", [new Uint8Array([9]), { b: new Uint8Array([8]) }])));
      }
    },
  },

  "binary, large": {
    server: echo,
    async client(c) {
      for (const opts of transports) {
        const socket = c.connect({ transports: opts });
        const sent = Uint8Array.from({ length: 200_000 }, (_, i) => i * 31);
        const received = await c.limit("ack", socket.emitWithAck("ack", sent));
        c.log(received.byteLength, new Uint8Array(received).every((byte, i) => byte === sent[i]));
      }
    },
  },

  "binary in a namespace": {
    server: (io, log) => echo(io.of("/bytes"), log),
    async client(c) {
      const socket = c.connect({}, "/bytes");
      socket.emit("bytes", new Uint8Array([1]), "x", new Uint8Array([2]));
      c.log(...(await c.next(socket, "bytes")));
    },
  },

  "binary through the upgrade": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      const got = [];
      socket.on("bytes", (n, { bytes: [b] }) => got.push(n === new Uint8Array(b)[0]));
      for (let i = 0; i < 50; i++) socket.emit("bytes", i, { bytes: [new Uint8Array([i])] });
      await c.until("upgrade", () => socket.io.engine.transport.name === "websocket");
      for (let i = 50; i < 100; i++) socket.emit("bytes", i, { bytes: [new Uint8Array([i])] });
      await c.until("all came back", () => got.length === 100);
      c.log(got.every(Boolean));
    },
  },

  "toJSON with binary": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      socket.emit("bytes", { toJSON: () => ({ hidden: new Uint8Array([5]) }) }, new Uint8Array([6]));
      c.log(...(await c.next(socket, "bytes")));
    },
  },

  "forceBase64": {
    server: echo,
    async client(c) {
      for (const opts of transports) {
        const socket = c.connect({ transports: opts, forceBase64: true });
        socket.emit("bytes", new Uint8Array([1, 2]), new Blob(["x"]));
        c.log(...(await c.next(socket, "bytes")));
      }
    },
  },

  "ten attachments and eleven": {
    server: echo,
    async client(c) {
      const socket = c.connect({ reconnection: false });
      socket.emit("send", 10);
      c.log((await c.next(socket, "many")).length);
      socket.emit("send", 11);
      const [reason, details] = await c.next(socket, "disconnect");
      c.log(reason, details instanceof Error);
    },
  },
};
