// Several namespaces over one connection, and which clients may join.

function chat(io, log) {
  for (const name of ["/", "/chat", "/news", "/文 a"]) {
    io.of(name).on("connection", (socket) => {
      log("connection", name, socket.handshake.auth);
      socket.emit("welcome", name);
      socket.on("disconnect", (reason) => log("disconnect", name, reason));
    });
  }
}

const engineIsOpen = (socket) => socket.io.engine.readyState === "open";

export const namespaces = {
  "namespaces share a connection": {
    server: chat,
    async client(c) {
      const io = (nsp) => c.io(c.url + nsp, { transports: ["websocket"], auth: { nsp } });
      const sockets = ["/", "/chat", "/news"].map(io);
      c.sockets.push(...sockets);
      for (const socket of sockets) socket.once("welcome", (name) => c.log(socket.nsp, name));
      await Promise.all(sockets.map((socket) => c.next(socket, "welcome")));
      const [root, chat, news] = sockets;
      c.log(root.io === chat.io, chat.io === news.io, new Set(sockets.map((s) => s.id)).size, Object.keys(root.io.nsps));
      root.disconnect();
      c.log(engineIsOpen(chat), root.active, chat.active);
      await c.heard(4);
      chat.disconnect();
      news.disconnect();
      c.log(engineIsOpen(news));
      await c.heard(6);
    },
  },

  "a namespace in any script": {
    server: chat,
    async client(c) {
      const socket = c.connect({}, "/文 a?x=1");
      c.log(await c.next(socket, "welcome"), socket.nsp);
    },
  },

  "the same namespace twice": {
    server: chat,
    async client(c) {
      const opts = { transports: ["websocket"] };
      const sockets = [c.io(c.url, opts), c.io(c.url, opts), c.io(c.url, { ...opts, forceNew: true }), c.io(c.url + "/chat", { ...opts, multiplex: false })];
      c.sockets.push(...sockets);
      await Promise.all(sockets.map((socket) => c.next(socket, "connect")));
      c.log(new Set(sockets.map((socket) => socket.io)).size);
      const chat = c.io(c.url + "/chat", opts);
      c.sockets.push(chat);
      c.log(chat.io === sockets[0].io);
      await c.next(chat, "connect");
    },
  },

  "Manager.socket connects again": {
    server: chat,
    async client(c) {
      const socket = c.connect({ transports: ["websocket"] });
      await c.next(socket, "connect");
      socket.disconnect();
      c.log(socket.io.socket("/") === socket, socket.active);
      await c.next(socket, "connect");
    },
  },

  "an unknown namespace": {
    server: chat,
    async client(c) {
      const socket = c.connect({}, "/nowhere");
      const [err] = await c.next(socket, "connect_error");
      c.log(err, err instanceof Error, socket.active, socket.connected, engineIsOpen(socket));
    },
  },

  "an unknown namespace beside a known one": {
    server: chat,
    async client(c) {
      const known = c.connect();
      await c.next(known, "connect");
      const socket = known.io.socket("/nowhere");
      c.log(...(await c.next(socket, "connect_error")), socket.active, known.connected);
    },
  },

  "a middleware refuses": {
    server(io, log) {
      io.use((socket, next) => {
        log("asked", socket.handshake.auth);
        if (socket.handshake.auth.token === "right") return next();
        next(Object.assign(new Error("not authorized"), { data: { content: "please retry", tries: [1] } }));
      });
    },
    async client(c) {
      const socket = c.connect({ auth: { token: "wrong" } });
      c.trace("socket", socket, "connect", "disconnect");
      const [err] = await c.next(socket, "connect_error");
      c.log(err, err.data.tries[0], socket.active);
      socket.auth.token = "right";
      socket.connect();
      await c.next(socket, "connect");
      c.log(socket.connected, socket.active);
    },
  },

  "the server disconnects one": {
    server(io, log) {
      io.on("connection", (socket) => {
        socket.on("disconnect", (reason) => log(reason));
        socket.on("out", (close) => socket.disconnect(close));
      });
    },
    async client(c) {
      for (const close of [false, true]) {
        const socket = c.connect({ transports: ["websocket"] });
        c.trace("socket", socket, "disconnect");
        c.trace("manager", socket.io, "close", "reconnect_attempt");
        await c.next(socket, "connect");
        socket.emit("out", close);
        await c.next(socket, "disconnect");
        c.log(socket.active, socket.connected, socket.id, engineIsOpen(socket));
        socket.connect();
        await c.next(socket, "connect");
      }
    },
  },

  "the server disconnects one of two": {
    server(io) {
      io.of("/chat").on("connection", (socket) => socket.on("out", () => socket.disconnect()));
    },
    async client(c) {
      const root = c.connect({ transports: ["websocket"] });
      await c.next(root, "connect");
      const chat = root.io.socket("/chat");
      await c.next(chat, "connect");
      chat.emit("out");
      c.log(await c.next(chat, "disconnect"), root.connected, chat.active, engineIsOpen(root));
    },
  },

  "a listener that throws": {
    server(io, log) {
      io.on("connection", (socket) => {
        socket.emit("bang");
        socket.on("still here", (n) => log("still here", n));
      });
    },
    async client(c) {
      const socket = c.connect();
      c.trace("socket", socket, "disconnect");
      const uncaught = new Promise((resolve) => {
        addEventListener("error", ({ message }) => resolve(message));
        addEventListener("unhandledrejection", ({ reason }) => resolve(`Uncaught ${reason}`));
      });
      socket.on("bang", () => {
        throw new Error("in a listener");
      });
      await c.next(socket, "connect");
      c.log(await uncaught);
      socket.emit("still here", 1);
      await c.heard(1);
    },
  },
};
