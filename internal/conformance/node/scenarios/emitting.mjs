// Events out and in: order, buffers, modifiers, listeners.

/** Sends every event straight back, and logs it. */
function echo(io, log) {
  io.on("connection", (socket) => {
    socket.onAny((event, ...args) => {
      const ack = typeof args.at(-1) === "function" ? args.pop() : undefined;
      log(event, ...args);
      ack ? ack(...args) : socket.emit(event, ...args);
    });
  });
}

/** Waits for a round trip, after which everything sent before has arrived. */
const settled = (c, socket) => c.limit("no answer", socket.emitWithAck("settled"));

const values = [0, -1.5, "", "ünï 文 😀", true, null, undefined, [], {}, [[["deep"]]], { a: { b: [1, { c: null }] } }];

export const emitting = {
  "values of every kind": {
    server: echo,
    async client(c) {
      for (const transports of [["polling"], ["websocket"]]) {
        const socket = c.connect({ transports });
        socket.on("values", (...args) => c.log("values", ...args));
        socket.emit("values", ...values);
        socket.emit("values", { date: new Date(0), toJSON: { toJSON: () => "custom" }, skipped: () => {}, undef: undefined });
        socket.emit("values");
        socket.emit("a name\nwith \"quotes\"", 1);
        await settled(c, socket);
      }
    },
  },

  "buffered until connected": {
    server: echo,
    async client(c) {
      const socket = c.connect({ autoConnect: false });
      socket.emit("one", 1);
      socket.emit("two", 2, (answer) => c.log("ack", answer));
      c.log(socket.sendBuffer.length, socket.receiveBuffer.length);
      socket.on("one", (n) => c.log("one", n));
      socket.on("connect", () => socket.emit("three"));
      socket.connect();
      await c.next(socket, "connect");
      await settled(c, socket);
      c.log(socket.sendBuffer.length);
    },
  },

  "volatile": {
    server: echo,
    async client(c) {
      const socket = c.connect({ transports: ["websocket"] });
      c.log(socket.volatile.emit("dropped") === socket, socket.sendBuffer.length);
      await c.next(socket, "connect");
      await settled(c, socket);
      await c.until("writable", () => socket.io.engine.transport.writable);
      socket.volatile.emit("kept", 1);
      socket.volatile.emit("dropped, the transport is busy", 2);
      socket.emit("kept", 3);
      await settled(c, socket);
    },
  },

  "in order through the upgrade": {
    server(io, log) {
      io.on("connection", (socket) => {
        let expected = 0;
        const timer = setInterval(() => socket.emit("tick", ++socket.data.ticks), 1);
        socket.data.ticks = 0;
        socket.on("n", (n) => n === expected++ || log("out of order", n, expected));
        socket.on("stop", (ack) => {
          clearInterval(timer);
          ack(expected, socket.data.ticks);
        });
      });
    },
    async client(c) {
      const socket = c.connect();
      let [sent, ticks] = [0, 0];
      socket.on("tick", (n) => n === ++ticks || c.log("out of order", n, ticks));
      const timer = setInterval(() => socket.emit("n", sent++), 1);
      await c.until("upgrade", () => socket.io.engine.transport?.name === "websocket");
      const more = sent + 50;
      await c.until("some more", () => sent > more);
      clearInterval(timer);
      const [received, sentByServer] = await c.limit("no answer", new Promise((resolve) => socket.emit("stop", (...args) => resolve(args))));
      c.log(received === sent, sentByServer === ticks, ticks > 0);
    },
  },

  "send is emit message": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      socket.on("message", (...args) => c.log("message", ...args));
      c.log(socket.send(222) === socket, socket.send("a", { b: 1 }) === socket, socket.emit("x") === socket, socket.compress(false) === socket);
      socket.compress(true).emit("compressed", 1);
      await settled(c, socket);
    },
  },

  "a name that is a number": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      for (const name of [1, "1"]) socket.on(name, (...args) => c.log(typeof name, ...args));
      socket.onAny((name) => c.log("any", name));
      socket.emit(1, "number").emit("1", "text");
      await settled(c, socket);
      c.log(socket.listeners(1).length, socket.off("1").hasListeners(1));
    },
  },

  "reserved names": {
    async client(c) {
      const socket = c.connect();
      for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
        try {
          socket.emit(name);
          c.log("sent", name);
        } catch (err) {
          c.log(err);
        }
      }
      socket.emit("error", 1).emit("ping").emit("toString");
      c.log(socket.sendBuffer.length);
    },
  },

  "listeners": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      const listener = (label) => (...args) => c.log(label, ...args);
      const [a, b, once] = [listener("a"), listener("b"), listener("once")];
      c.log(socket.on("x", a) === socket, socket.addEventListener("x", b) === socket, socket.once("x", once) === socket);
      c.log(socket.listeners("x").length, socket.hasListeners("x"), socket.hasListeners("y"), socket.listeners("y"));
      socket.emit("x", 1).emit("x", 2);
      await settled(c, socket);
      c.log(socket.off("x", a) === socket, socket.listeners("x").length);
      socket.once("x", once).off("x", once);
      socket.emit("x", 3);
      await settled(c, socket);
      socket.on("x", a).on("x", a).removeListener("x", a);
      c.log(socket.listeners("x").length, socket.removeEventListener("x") === socket, socket.hasListeners("x"));
      socket.on("x", a).on("y", a).removeAllListeners("x");
      c.log(socket.hasListeners("x"), socket.hasListeners("y"), socket.removeAllListeners() === socket, socket.hasListeners("y"));
    },
  },

  "listeners that change while called": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      const late = () => c.log("late");
      socket.on("x", () => socket.off("x", late).on("x", () => c.log("added")));
      socket.on("x", late);
      socket.on("x", function () {
        c.log("this is the socket", this === socket);
      });
      socket.emit("x");
      await settled(c, socket);
    },
  },

  "catch-all, incoming": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      const any = (label) => (event, ...args) => c.log(label, event, ...args);
      const [a, b, first] = [any("a"), any("b"), any("first")];
      c.log(socket.listenersAny());
      c.log(socket.onAny(a) === socket, socket.onAny(b) === socket, socket.prependAny(first) === socket);
      socket.on("x", () => c.log("x itself"));
      socket.emit("x", 1);
      await settled(c, socket);
      c.log(socket.listenersAny().length, socket.offAny(a) === socket, socket.listenersAny().length);
      socket.emit("y", { z: 1 });
      await settled(c, socket);
      c.log(socket.offAny() === socket, socket.listenersAny());
    },
  },

  "catch-all, outgoing": {
    server: echo,
    async client(c) {
      const socket = c.connect({ autoConnect: false });
      const any = (label) => (event, ...args) => c.log(label, event, ...args);
      const [a, first] = [any("a"), any("first")];
      c.log(socket.listenersAnyOutgoing());
      c.log(socket.onAnyOutgoing(a) === socket, socket.prependAnyOutgoing(first) === socket);
      socket.emit("buffered", 1, () => {});
      c.log("not yet");
      socket.connect();
      await c.next(socket, "connect");
      socket.emit("direct", new Uint8Array([1]));
      c.log(socket.listenersAnyOutgoing().length, socket.offAnyOutgoing(a) === socket);
      socket.emit("only first");
      c.log(socket.offAnyOutgoing() === socket, socket.listenersAnyOutgoing());
      await settled(c, socket);
    },
  },

  "an event before connect": {
    server(io) {
      io.use((socket, next) => {
        socket.conn.write('2["early",1]'); // on the wire before the answer to CONNECT
        next();
      });
    },
    async client(c) {
      const socket = c.connect();
      socket.on("early", (n) => c.log("early", n, socket.connected));
      socket.on("connect", () => c.log("connect"));
      await c.next(socket, "connect");
    },
  },

  "no bigger than maxPayload": {
    options: { maxHttpBufferSize: 1000 },
    server: echo,
    async client(c) {
      const socket = c.connect({ transports: ["polling"] });
      c.trace("socket", socket, "disconnect");
      for (let i = 0; i < 30; i++) socket.emit("n", i, "é".repeat(100));
      for (let i = 0; i < 10; i++) socket.emit("b", i, new Uint8Array(400));
      await settled(c, socket);
      c.log(socket.connected);
    },
  },

  "one that is bigger than maxPayload": {
    options: { maxHttpBufferSize: 1000 },
    server: echo,
    async client(c) {
      const socket = c.connect({ transports: ["polling"], reconnection: false });
      await c.next(socket, "connect");
      c.trace("socket", socket, "disconnect");
      socket.emit("x", "x".repeat(1000));
      await c.next(socket, "disconnect");
    },
  },
};
