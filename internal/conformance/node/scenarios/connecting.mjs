// How a client connects, and the data that it sends to the server meanwhile.

const state = ({ connected, disconnected, active, recovered, id }) => ({ connected, disconnected, active, recovered: Boolean(recovered), id });

function greet(io, log) {
  io.on("connection", (socket) => {
    log("connection", socket.nsp.name, socket.conn.transport.name);
    socket.on("disconnect", (reason) => log("disconnect", reason));
  });
}

function logHandshake(io, log) {
  io.on("connection", ({ handshake, request }) => {
    const { t, sid, ...query } = handshake.query;
    log("handshake", query, handshake.auth, request.headers["x-lab"] ?? null, request.url.split("?")[0]);
  });
}

/** A server that logs each handshake and answers it by closing the connection. */
const withHandshake = (client, options) => ({ options, server: logHandshake, client });

const silent = { allowRequest: () => {} }; // never answers

export const connecting = {
  "connect and upgrade": {
    server: greet,
    async client(c) {
      const socket = c.connect();
      c.log(state(socket), socket.nsp);
      await c.next(socket, "connect");
      c.log(state(socket), socket.io.engine.readyState, socket.id !== socket.io.engine.id);
      await c.until("upgrade", () => socket.io.engine.transport.name === "websocket");
      socket.on("disconnect", (...args) => c.log("disconnect", ...args, state(socket)));
      c.log(socket.disconnect() === socket, state(socket));
      await c.heard(2);
    },
  },

  "io() without an address": {
    server: greet,
    async client(c) {
      c.io.Manager.prototype.lab = true; // the bundle's own class
      const own = c.io({ forceNew: true, autoConnect: false });
      c.log(own.nsp, own.io.lab, own.io.opts.path);
      own.io.uri = c.url;
      own.connect();
      c.sockets.push(own);
      await c.next(own, "connect");
      const named = c.io("/elsewhere", { forceNew: true, autoConnect: false });
      c.log(named.nsp, new URL(named.io.uri).host === location.host);
      const bare = c.io("example.org:1/x?y=z", { forceNew: true, autoConnect: false });
      c.log(bare.nsp, bare.io.uri, bare.io.opts.query);
    },
  },

  "io.connect is io": {
    server: greet,
    async client(c) {
      const socket = c.io.connect(c.url, { forceNew: true });
      c.sockets.push(socket);
      await c.next(socket, "connect");
      c.log(c.io.connect === c.io.io, socket instanceof c.io.Socket, socket.io instanceof c.io.Manager);
    },
  },

  "a Manager of one's own": {
    server: greet,
    async client(c) {
      const manager = new c.io.Manager(c.url, { autoConnect: false });
      const opened = new Promise((resolve) => manager.open((err) => resolve(err ?? "opened")));
      c.log(await opened, manager._readyState);
      const socket = manager.socket("/");
      c.sockets.push(socket);
      c.log(state(socket), manager.socket("/") === socket);
      socket.connect();
      await c.next(socket, "connect");
      c.log(state(socket));
    },
  },

  "a Manager's settings": {
    async client(c) {
      const manager = new c.io.Manager(c.url, { autoConnect: false });
      const names = ["reconnection", "reconnectionAttempts", "reconnectionDelay", "reconnectionDelayMax", "randomizationFactor", "timeout"];
      c.log(...names.map((name) => String(manager[name]())));
      c.log(manager.reconnection(false).reconnectionAttempts(3).reconnectionDelay(4).reconnectionDelayMax(5).timeout(6) === manager);
      c.log(manager.randomizationFactor(0) === manager, ...names.map((name) => manager[name]()));
      const zero = new c.io.Manager({ autoConnect: false, randomizationFactor: 0, timeout: false });
      c.log(zero.randomizationFactor(), zero.timeout(), zero.opts.path);
    },
  },

  "polling only": {
    server: greet,
    async client(c) {
      const socket = c.connect({ transports: ["polling"] });
      await c.next(socket, "connect");
      c.log(socket.io.engine.transport.name, socket.io.engine.transports);
      socket.disconnect();
      await c.heard(2);
    },
  },

  "websocket only": {
    server: greet,
    async client(c) {
      const socket = c.connect({ transports: ["websocket"] });
      await c.next(socket, "connect");
      c.log(socket.io.engine.transport.name, socket.io.engine.transports);
      socket.disconnect();
      await c.heard(2);
    },
  },

  "upgrade: false": {
    server: greet,
    async client(c) {
      const socket = c.connect({ upgrade: false });
      socket.io.engine.on("upgrading", () => c.log("upgrading"));
      await c.next(socket, "connect");
      await c.next(socket.io, "ping");
      c.log(socket.io.engine.transport.name);
    },
    options: { pingInterval: 100 },
  },

  "rememberUpgrade": {
    server: greet,
    async client(c) {
      const first = c.connect();
      await c.until("upgrade", () => first.io.engine.transport.name === "websocket");
      const second = c.connect({ rememberUpgrade: true });
      c.log(second.io.engine.transport.name);
      await c.next(second, "connect");
      const third = c.connect();
      c.log(third.io.engine.transport.name);
      await c.next(third, "connect");
    },
  },

  "a transport that the server refuses": {
    options: { transports: ["polling"] },
    async client(c) {
      const socket = c.connect({ transports: ["websocket", "polling"], reconnection: false });
      c.trace("manager", socket.io, "error", "close");
      const [err] = await c.next(socket, "connect_error");
      c.log("connect_error", err, err instanceof Error, state(socket));
    },
  },

  "tryAllTransports": {
    options: { transports: ["polling"] },
    server: greet,
    async client(c) {
      const socket = c.connect({ transports: ["websocket", "polling"], tryAllTransports: true });
      socket.on("connect_error", (err) => c.log("connect_error", err));
      await c.next(socket, "connect");
      c.log(socket.io.engine.transport.name, socket.io.engine.transports);
    },
  },

  "a WebTransport that cannot connect": {
    options: { transports: ["polling", "websocket", "webtransport"] },
    server: greet,
    async client(c) {
      const transports = ["polling", "websocket", "webtransport"];
      const offered = c.connect({ transports });
      await c.next(offered, "connect");
      await c.until("upgrade", () => offered.io.engine.transport.name === "websocket");
      const first = c.connect({ transports: ["webtransport", "polling"], reconnection: false });
      c.log((await c.next(first, "connect_error"))[0].message);
      const all = c.connect({ transports: ["webtransport", "polling"], tryAllTransports: true });
      await c.next(all, "connect");
      c.log(all.io.engine.transport.name, offered.connected);
    },
  },

  // The official client 4.8.4 throws a TypeError for unknown names. Ours filters them, like older
  // official ones.
  "transports of other versions": {
    differs: [JSON.stringify([["websocket"]])],
    server: greet,
    async client(c) {
      const socket = c.connect({ transports: ["flashsocket", "websocket", "toString"] });
      await c.next(socket, "connect");
      c.log(socket.io.engine.transports);
      await c.heard(1);
    },
  },

  "only transports of other versions": {
    differs: [JSON.stringify([["No transports available"], true])],
    async client(c) {
      const socket = c.connect({ transports: ["flashsocket", "jsonp-polling"], reconnection: false });
      c.log(await c.next(socket, "connect_error"), socket.active);
    },
  },

  "no transports": {
    async client(c) {
      const socket = c.connect({ transports: [], reconnection: false });
      c.log(...(await c.next(socket, "connect_error")));
    },
  },

  "a server that is not there": {
    async client(c) {
      for (const transports of [["polling"], ["websocket"]]) {
        const socket = c.io("http://127.0.0.1:9", { forceNew: true, transports, reconnection: false });
        const [err] = await c.next(socket, "connect_error");
        c.log(err, state(socket));
      }
    },
  },

  "an answer that refuses": {
    options: { allowRequest: (req, callback) => callback("not you", false) },
    async client(c) {
      const socket = c.connect({ reconnection: false });
      c.trace("socket", socket, "connect_error"); // at once: the request is soon aborted
      await c.next(socket, "connect_error");
    },
  },

  "query, auth, extraHeaders": withHandshake(async (c) => {
    const socket = c.connect({
      query: { room: "a b&c", n: 1 },
      auth: { token: "ä", deep: { list: [1, null] } },
      extraHeaders: { "x-lab": "yes" },
      transports: ["polling"],
    });
    await c.next(socket, "connect");
    c.log(socket.auth, socket.io.opts.query, socket.io.engine.opts.query);
  }),

  "query in the address": withHandshake(async (c) => {
    const socket = c.connect({}, "/?token=%C3%A9%20x&empty=");
    await c.next(socket, "connect");
    const both = c.connect({ query: { other: 1 } }, "/?token=1");
    await c.next(both, "connect");
    const text = c.connect({ query: "a=1&b=%20" });
    await c.next(text, "connect");
  }),

  "path": withHandshake(
    async (c) => {
      const socket = c.connect({ path: "/my-app/" });
      await c.next(socket, "connect");
      c.log(socket.io.opts.path, socket.io.engine.opts.path);
      const slashless = c.connect({ path: "/my-app", transports: ["websocket"] });
      await c.next(slashless, "connect");
    },
    { path: "/my-app/" },
  ),

  "addTrailingSlash: false": withHandshake(
    async (c) => {
      const socket = c.connect({ addTrailingSlash: false });
      await c.next(socket, "connect");
      c.log(socket.io.engine.opts.path);
    },
    { addTrailingSlash: false },
  ),

  "timestamps": {
    http: (http, log) =>
      http.prependListener("request", (req) => {
        const query = Object.fromEntries(new URL(req.url, "http://x").searchParams);
        if (query.EIO && !query.sid && req.method === "GET") log("polling", query.t !== undefined, query.stamp !== undefined);
      }),
    server: (io, log) => io.on("connection", ({ handshake: { query } }) => log("t", query.t !== undefined, query.stamp !== undefined)),
    async client(c) {
      for (const opts of [
        { transports: ["polling"] },
        { transports: ["polling"], timestampRequests: false },
        { transports: ["polling"], timestampParam: "stamp" },
        { transports: ["websocket"] },
        { transports: ["websocket"], timestampRequests: true },
      ]) {
        await c.next(c.connect(opts), "connect");
      }
    },
  },

  "transportOptions": withHandshake(async (c) => {
    const socket = c.connect({ transportOptions: { polling: { extraHeaders: { "x-lab": "polling" } } } });
    await c.next(socket, "connect");
  }),

  "withCredentials": {
    options: { cookie: { name: "sticky", path: "/", sameSite: "lax" } },
    http: (http, log) =>
      http.prependListener("request", (req) => {
        if (req.method === "POST" && req.url.includes("EIO")) log("cookie", /sticky=/.test(req.headers.cookie ?? ""));
      }),
    async client(c) {
      for (const withCredentials of [false, true]) {
        const socket = c.connect({ transports: ["polling"], withCredentials });
        await c.next(socket, "connect");
      }
    },
  },

  "auth by a function": {
    server(io, log) {
      io.on("connection", (socket) => {
        log("auth", socket.handshake.auth);
        if (socket.handshake.auth.attempt < 3) socket.conn.close();
      });
    },
    async client(c) {
      let attempt = 0;
      const auth = (send) => setTimeout(() => send({ attempt: ++attempt }));
      const socket = c.connect({ auth, reconnectionDelay: 20 });
      await c.until("third attempt", () => attempt === 3 && socket.connected);
      await c.heard(3);
    },
  },

  "autoConnect: false": {
    server: greet,
    async client(c) {
      const socket = c.connect({ autoConnect: false });
      c.log(state(socket), socket.io._readyState, socket.io.engine === undefined);
      c.log(socket.open() === socket, state(socket), socket.io._readyState);
      await c.next(socket, "connect");
      c.log(socket.connect() === socket, state(socket));
    },
  },

  "timeout": {
    options: silent,
    async client(c) {
      const socket = c.connect({ timeout: 100, reconnection: false });
      c.trace("manager", socket.io, "open", "error", "close");
      c.log(...(await c.next(socket, "connect_error")), socket.io.engine.readyState, state(socket));
    },
  },

  "disconnect while connecting": {
    options: silent,
    async client(c) {
      const socket = c.connect();
      const engine = socket.io.engine;
      c.trace("socket", socket, "connect", "disconnect", "connect_error");
      c.trace("manager", socket.io, "open", "error", "close");
      c.trace("engine", engine, "open", "error", "close");
      socket.disconnect();
      c.log(state(socket), engine.readyState, socket.io._readyState);
    },
  },

  "disconnect between open and connect": {
    server(io) {
      io.use(() => {}); // accepts no client
    },
    async client(c) {
      const socket = c.connect();
      c.trace("socket", socket, "connect", "disconnect", "connect_error");
      c.trace("manager", socket.io, "open", "error", "close");
      await c.next(socket.io, "open");
      socket.disconnect();
      c.log(state(socket));
    },
  },

  "connect again after disconnect": {
    server: greet,
    async client(c) {
      const socket = c.connect({ transports: ["websocket"] });
      c.trace("socket", socket, "connect", "disconnect");
      await c.next(socket, "connect");
      const first = socket.id;
      socket.disconnect().connect();
      await c.next(socket, "connect");
      c.log(first !== socket.id, state(socket));
      await c.heard(3);
    },
  },

  "the page goes away": {
    server: greet,
    async client(c) {
      const socket = c.connect({ closeOnBeforeunload: true, reconnection: false });
      c.trace("socket", socket, "disconnect");
      await c.until("upgrade", () => socket.io.engine.transport?.name === "websocket");
      dispatchEvent(new Event("beforeunload"));
      await c.heard(2);
      c.log(state(socket));
    },
  },

  "the network goes away": {
    server: greet,
    async client(c) {
      const socket = c.connect({ transports: ["websocket"], reconnection: false });
      c.trace("socket", socket, "disconnect");
      await c.next(socket, "connect");
      dispatchEvent(new Event("offline"));
      await c.heard(2);
      c.log(state(socket));
    },
  },
};
