// Losing the connection and getting it back.

const quick = { reconnectionDelay: 100, reconnectionDelayMax: 400, randomizationFactor: 0 };
const managerEvents = ["open", "error", "close", "reconnect", "reconnect_attempt", "reconnect_error", "reconnect_failed"];

// The time when the server notices a loss is not compared: it may be after the client has
// reconnected.
function log(io, log) {
  io.on("connection", (socket) => {
    log("connection", socket.recovered);
    socket.on("n", (n, ack) => {
      log("n", n);
      ack?.(n);
    });
  });
}

const cut = { cut: (io) => io.engine.clients && Object.values(io.engine.clients).forEach((conn) => conn.transport.close()) };

export const reconnecting = {
  "the server restarts": {
    server: log,
    async client(c) {
      for (const transports of [["websocket"], ["polling"]]) {
        const socket = c.connect({ ...quick, transports });
        await c.next(socket, "connect");
        const first = socket.id;
        const lost = c.next(socket, "disconnect");
        await c.call("stop");
        const [reason, details] = await lost;
        c.log(reason === "transport close" || reason === "transport error", socket.active, socket.connected, Boolean(details));
        socket.emit("n", 1);
        const answer = socket.emitWithAck("n", 2);
        await c.next(socket.io, "reconnect_error");
        const connected = c.next(socket, "connect");
        const [attempt] = await c.after("start", socket.io, "reconnect");
        c.log(attempt >= 2);
        await connected;
        c.log(await c.limit("answer", answer), socket.id !== first, socket.recovered === true);
        socket.disconnect(); // or it takes part in the next restart
      }
      await c.heard(8);
    },
  },

  "reconnection events": {
    server: log,
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick, transports: ["websocket"] });
      await c.next(socket, "connect");
      c.trace("manager", socket.io, ...managerEvents);
      c.trace("socket", socket, "connect", "disconnect", "connect_error");
      await c.after("cut", socket, "connect");
      await c.heard(2);
    },
  },

  "every attempt fails": {
    async client(c) {
      const socket = c.io("http://127.0.0.1:9", { ...quick, forceNew: true, transports: ["websocket"], reconnectionAttempts: 2 });
      c.sockets.push(socket);
      c.trace("manager", socket.io, ...managerEvents);
      c.trace("socket", socket, "connect", "disconnect", "connect_error");
      await c.next(socket.io, "reconnect_failed");
      c.log(socket.active, Boolean(socket.io._reconnecting), socket.io.backoff.attempts);
    },
  },

  "reconnection: false": {
    server: log,
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick, reconnection: false, transports: ["websocket"] });
      await c.next(socket, "connect");
      c.trace("manager", socket.io, ...managerEvents);
      await c.after("cut", socket, "disconnect");
      c.log(socket.active, Boolean(socket.io._reconnecting));
      socket.connect();
      await c.next(socket, "connect");
    },
  },

  "disconnect while reconnecting": {
    server: log,
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick, transports: ["websocket"] });
      await c.next(socket, "connect");
      c.trace("manager", socket.io, ...managerEvents);
      c.trace("socket", socket, "connect", "disconnect");
      await c.after("cut", socket, "disconnect");
      c.log(Boolean(socket.io._reconnecting), socket.active);
      socket.disconnect();
      c.log(Boolean(socket.io._reconnecting), socket.active);
      socket.connect();
      await c.next(socket, "connect");
    },
  },

  "disconnect in reconnect_attempt": {
    server: log,
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick, transports: ["websocket"] });
      await c.next(socket, "connect");
      c.trace("manager", socket.io, ...managerEvents);
      socket.io.on("reconnect_attempt", () => socket.disconnect());
      await c.after("cut", socket.io, "reconnect_attempt");
      c.log(socket.active, socket.io._readyState);
    },
  },

  "options that change between attempts": {
    server(io, log) {
      io.on("connection", ({ handshake, conn }) => log(handshake.query.token ?? null, handshake.auth, conn.transport.name));
    },
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick, query: { token: "1" }, auth: { a: 1 }, transports: ["websocket"] });
      await c.next(socket, "connect");
      socket.io.on("reconnect_attempt", () => {
        socket.io.opts.query.token = "2";
        socket.io.opts.transports = ["polling"];
        socket.auth = { a: 2 };
      });
      await c.after("cut", socket, "connect");
      await c.heard(2);
    },
  },

  "engine.close reconnects": {
    server: log,
    async client(c) {
      const socket = c.connect({ ...quick });
      await c.until("upgrade", () => socket.connected && socket.io.engine.transport.name === "websocket");
      c.trace("socket", socket, "disconnect");
      socket.io.engine.close();
      await c.next(socket, "connect");
      await c.heard(2);
    },
  },

  "what is sent while away": {
    server: log,
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick });
      await c.next(socket, "connect");
      await c.after("cut", socket, "disconnect");
      for (let n = 1; n <= 3; n++) socket.emit("n", n);
      socket.volatile.emit("n", 0);
      socket.emit("n", 4);
      await c.next(socket, "connect");
      await c.limit("answer", socket.emitWithAck("n", 5));
    },
  },

  "no ping from the server": {
    options: { pingInterval: 300, pingTimeout: 1500 },
    actions: {
      mute: (io) =>
        Object.values(io.engine.clients).forEach((conn) => {
          conn.sendPacket = () => {};
          conn.resetPingTimeout = () => {}; // nor does it notice that the answers stop, at the same time as the client
          clearTimeout(conn.pingIntervalTimer);
          clearTimeout(conn.pingTimeoutTimer);
        }),
    },
    async client(c) {
      for (const transports of [["polling"], ["websocket"]]) {
        const socket = c.connect({ ...quick, transports });
        await c.next(socket.io, "ping");
        c.log(await c.after("mute", socket, "disconnect"), socket.active);
        await c.next(socket, "connect");
      }
    },
  },

  "heartbeats": {
    options: { pingInterval: 50, pingTimeout: 5000 },
    server: log,
    async client(c) {
      for (const transports of [["polling"], ["websocket"]]) {
        const socket = c.connect({ transports });
        c.trace("socket", socket, "disconnect");
        for (let i = 0; i < 3; i++) c.log("ping", ...(await c.next(socket.io, "ping")));
      }
    },
  },

  "recovery": {
    options: { connectionStateRecovery: {} },
    server(io, log) {
      io.on("connection", (socket) => {
        log("connection", socket.recovered, [...socket.rooms].length);
        if (!socket.recovered) socket.join("room");
        socket.emit("hello", 1);
      });
    },
    actions: {
      async "cut and tell"(io) {
        const [socket] = io.sockets.sockets.values();
        const gone = new Promise((resolve) => socket.once("disconnect", resolve));
        cut.cut(io);
        await gone;
        io.to("room").emit("told", "while away");
      },
      "tell back": (io) => void io.to("room").emit("told", "back"),
    },
    async client(c) {
      const socket = c.connect({ ...quick, transports: ["websocket"] });
      for (const event of ["hello", "told"]) socket.on(event, (text, offset) => c.log(event, text, typeof offset));
      await c.next(socket, "hello");
      const first = socket.id;
      c.log(Boolean(socket._pid), typeof socket._lastOffset, socket.recovered === true);
      await c.after("cut and tell", socket, "connect");
      c.log(socket.recovered, socket.id === first, socket.io._readyState);
      await c.call("tell back");
      await c.until("told", () => c.entries.some((entry) => JSON.stringify(entry).includes("back")));
    },
  },

  "recovery that comes too late": {
    options: { connectionStateRecovery: { maxDisconnectionDuration: 1 } },
    server(io, log) {
      io.on("connection", (socket) => {
        log("connection", socket.recovered);
        socket.emit("hello", 1);
      });
    },
    actions: cut,
    async client(c) {
      const socket = c.connect({ ...quick, transports: ["websocket"] });
      await c.next(socket, "hello");
      const first = socket.id;
      await c.after("cut", socket, "hello");
      c.log(socket.recovered === true, socket.id !== first);
    },
  },
};
