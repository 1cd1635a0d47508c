// Answers: the server's to the client, and the client's to the server.

function answers(io, log) {
  io.on("connection", (socket) => {
    socket.on("add", (a, b, ack) => ack(a + b));
    socket.on("several", (ack) => ack(1, "two", { three: 3 }, null));
    socket.on("nothing", (ack) => ack());
    socket.on("never", () => log("never"));
    socket.on("bytes", (ack) => ack({ deep: [Buffer.from([1, 2, 3])] }));
    socket.on("out", () => socket.disconnect());
    socket.on("cut", () => socket.conn.close());
    socket.on("ask me", async (event) => {
      socket.emit(event, "question", new Uint8Array([7]), (...args) => log("client answered", ...args));
    });
  });
}

/**
 * Logs each "step" that it ignores, and the first that it answers: on a slow machine the client may ask once more before
 * an answer is there.
 */
function answerAfter(io, log, attempts, answer) {
  const seen = {};
  io.on("connection", (socket) => {
    socket.on("step", (n, ack) => {
      const attempt = (seen[n] = (seen[n] ?? 0) + 1);
      const due = attempts[n] ?? 1;
      if (attempt <= due) log("step", n);
      if (attempt >= due) answer(n, ack);
    });
  });
}

export const acks = {
  "acks": {
    server: answers,
    async client(c) {
      const socket = c.connect();
      socket.emit("add", 1, 2, (...args) => c.log("ack", ...args));
      socket.emit("several", (...args) => c.log("several", ...args));
      socket.emit("nothing", (...args) => c.log("nothing", ...args));
      socket.emit("bytes", (...args) => c.log("bytes", ...args));
      c.log(await c.limit("add", socket.emitWithAck("add", "a", "b")));
      c.log(await c.limit("several", socket.emitWithAck("several")));
      c.log(await c.limit("nothing", socket.emitWithAck("nothing")));
    },
  },

  "acks with a timeout": {
    server: answers,
    async client(c) {
      const socket = c.connect();
      const done = (name) => new Promise((resolve) => socket.timeout(100).emit(name, (...args) => resolve(args)));
      await c.next(socket, "connect");
      c.log(await done("never"));
      c.log(await c.limit("several", new Promise((resolve) => socket.timeout(5000).emit("several", (...args) => resolve(args)))));
      c.log(await socket.timeout(100).emitWithAck("never").catch((err) => ["rejected", err]));
      c.log(await socket.timeout(5000).emitWithAck("add", 2, 3));
      c.log(socket.timeout(5) === socket, Object.keys(socket.acks).length);
    },
  },

  "ackTimeout for all": {
    server: answers,
    async client(c) {
      const socket = c.connect({ ackTimeout: 100 });
      await c.next(socket, "connect");
      c.log(await new Promise((resolve) => socket.emit("never", (...args) => resolve(args))));
      c.log(await c.limit("add", socket.timeout(5000).emitWithAck("add", 1, 1)));
    },
  },

  "a timeout while away": {
    async client(c) {
      const socket = c.connect({ autoConnect: false });
      socket.emit("before");
      c.log(await socket.timeout(50).emitWithAck("x").catch((err) => err));
      c.log(socket.sendBuffer.length, Object.keys(socket.acks).length);
    },
  },

  "acks that the disconnect prevents": {
    server: answers,
    async client(c) {
      const socket = c.connect();
      await c.next(socket, "connect");
      socket.on("disconnect", (reason) => c.log("disconnect", reason));
      socket.emit("never", () => c.log("never called: it cannot take an error"));
      const promise = socket.emitWithAck("never").catch((err) => c.log("promise", err));
      socket.timeout(60000).emit("never", (...args) => c.log("timeout", ...args));
      await c.heard(3);
      socket.disconnect();
      await promise;
      c.log(Object.keys(socket.acks).length);
    },
  },

  "the server asks": {
    server: answers,
    async client(c) {
      const socket = c.connect();
      socket.on("what", (question, bytes, ack) => {
        c.log(question, bytes, typeof ack);
        ack("answer", { n: 1 }, bytes);
        ack("once only");
      });
      socket.on("quiet", (...args) => args.at(-1)());
      socket.emit("ask me", "what").emit("ask me", "quiet");
      await c.heard(2);
    },
  },

  "an unexpected ack": {
    server(io) {
      io.on("connection", (socket) => {
        socket.conn.write('312["unknown id"]');
        socket.emit("after");
      });
    },
    async client(c) {
      const socket = c.connect();
      c.trace("socket", socket, "disconnect");
      await c.next(socket, "after");
      c.log(socket.connected);
    },
  },

  "retries": {
    server(io, log) {
      answerAfter(io, log, { 1: 3 }, (n, ack) => ack("done", n));
    },
    async client(c) {
      const socket = c.connect({ retries: 3, ackTimeout: 1000 });
      const results = [];
      for (const n of [1, 2]) socket.emit("step", n, (...args) => results.push([n, ...args]));
      socket.emit("step", 3);
      c.log(await c.limit("four", socket.emitWithAck("step", 4)));
      c.log(...results);
      await c.heard(6);
    },
  },

  "retries used up": {
    server(io, log) {
      answerAfter(io, log, { 1: 4 }, (n, ack) => ack(n));
    },
    async client(c) {
      const socket = c.connect({ retries: 2, ackTimeout: 1000 });
      c.log(await new Promise((resolve) => socket.emit("step", 1, (...args) => resolve(args))));
      c.log(await c.limit("two", socket.emitWithAck("step", 2)));
      await c.heard(4);
    },
  },

  "retries through a reconnection": {
    server(io, log) {
      let cut = false;
      io.on("connection", (socket) =>
        socket.on("step", (n, ack) => {
          log("step", n);
          if (cut) return ack(n);
          cut = true;
          socket.conn.close();
        }),
      );
    },
    async client(c) {
      const socket = c.connect({ retries: 5, ackTimeout: 4000, reconnectionDelay: 20 });
      const first = socket.emitWithAck("step", 1);
      const second = socket.emitWithAck("step", 2);
      socket.volatile.emit("step", 0, () => {});
      c.log(await c.limit("first", first), await c.limit("second", second));
      await c.heard(3);
    },
  },
};
