// The properties that are reached through socket.io.engine, and the promises of the packages beside
// the protocol.

/** A codec that shows itself on the wire: everything as one JSON text. */
class Encoder {
  encode(packet) {
    return [`custom:${JSON.stringify(packet)}`];
  }
}

class Decoder {
  listeners = [];

  on(event, listener) {
    if (event === "decoded") this.listeners.push(listener);
  }

  off(event, listener) {
    this.listeners = this.listeners.filter((l) => l !== listener);
  }

  removeListener(event, listener) {
    this.off(event, listener);
  }

  removeAllListeners() {
    this.listeners = [];
  }

  emit(packet) {
    for (const listener of [...this.listeners]) listener(packet);
  }

  add(text) {
    this.emit(JSON.parse(text.replace(/^custom:/, "")));
  }

  destroy() {}
}

const customParser = { Encoder, Decoder };

const engineEvents = ["open", "handshake", "packet", "packetCreate", "data", "message", "flush", "drain", "heartbeat", "ping", "pong", "upgrading", "upgrade", "upgradeError", "error", "close"];

const nameOf = (value) => (value && typeof value === "object" && "query" in value ? value.name : value);

const echo = (io) => io.on("connection", (socket) => socket.on("x", (...args) => args.pop()(...args)));

export const engine = {
  "engine events": {
    server: echo,
    options: { perMessageDeflate: false },
    async client(c) {
      const socket = c.connect({ transports: ["websocket"], autoConnect: false, reconnection: false });
      socket.connect();
      for (const event of engineEvents) {
        socket.io.engine.on(event, (...args) => c.log(event, ...args.map((arg) => (event === "handshake" ? Object.keys(arg) : clean(arg)))));
      }
      await c.next(socket, "connect");
      c.log(await c.limit("ack", socket.emitWithAck("x", 1)));
      const { engine } = socket.io;
      socket.disconnect();
      await c.until("closed", () => engine.readyState === "closed");
    },
  },

  "engine events of the upgrade": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      const { engine } = socket.io;
      for (const event of ["upgrading", "upgrade", "upgradeError"]) engine.on(event, (arg) => c.log(event, nameOf(arg), engine.upgrading));
      await c.next(engine, "upgrade");
      c.log(engine.transport.name, engine.upgrading, engine.transport.query.transport, Boolean(engine.transport.query.sid));
    },
  },

  "engine properties": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      const { engine } = socket.io;
      c.log(engine.readyState, engine.id, engine.hostname, String(engine.port) === String(c.port), engine.secure, engine.transports[0], engine.writeBuffer.length);
      await c.next(engine, "open");
      c.log(engine.readyState, typeof engine.id, engine.binaryType, engine.transport.writable, engine.transport.readyState);
      engine.on("close", (...args) => c.log("close", ...args, engine.id, engine.writeBuffer.length));
      await c.next(socket, "connect");
      await c.until("upgrade", () => engine.transport.name === "websocket");
      engine.close();
      c.log(engine.readyState);
    },
  },

  "engine.write with a callback": {
    server(io, log) {
      io.on("connection", (socket) => socket.on("raw", (...args) => log("raw", ...args)));
    },
    async client(c) {
      const socket = c.connect();
      await c.next(socket, "connect");
      await c.limit("flush", new Promise((resolve) => socket.io.engine.write('2["raw",1]', {}, resolve)));
      await c.limit("flush", new Promise((resolve) => socket.io.engine.send('2["raw",2]', resolve)));
      await c.heard(2);
    },
  },

  "closing waits for what is sent": {
    server(io, log) {
      io.on("connection", (socket) => {
        socket.conn.on("message", (message) => log(message));
        socket.on("disconnect", (reason) => log(reason));
      });
    },
    async client(c) {
      for (const [heard, transport] of [[7, "polling"], [14, "websocket"]]) {
        const socket = c.connect({ transports: [transport] });
        await c.next(socket, "connect");
        for (let n = 0; n < 5; n++) socket.emit("n", n);
        socket.disconnect();
        c.log(socket.connected);
        await c.heard(heard);
      }
    },
  },

  "closing during the upgrade": {
    server(io, log) {
      io.on("connection", (socket) => socket.on("disconnect", (reason) => log(reason)));
    },
    async client(c) {
      const socket = c.connect();
      const { engine } = socket.io;
      c.trace("socket", socket, "disconnect");
      await c.next(socket, "connect");
      if (!engine.upgrading && engine.transport.name === "polling") await c.next(engine, "upgrading");
      socket.disconnect();
      await c.until("closed", () => engine.readyState === "closed");
      await c.heard(1);
    },
  },

  // Chromium fires close with 1006; Firefox and WebKit fire error first.
  "the server aborts a WebSocket": {
    server(io) {
      io.on("connection", ({ conn }) => conn.transport.socket._socket.resetAndDestroy());
    },
    async client(c) {
      const socket = c.connect({ transports: ["websocket"], reconnection: false });
      const [reason, details] = await c.next(socket, "disconnect");
      c.log(reason, details instanceof Error ? [details.message, details.type] : [details.description, details.context.code, details.context.reason, details.context.wasClean]);
    },
  },

  "a custom parser": {
    options: { parser: customParser },
    server: echo,
    async client(c) {
      const socket = c.connect({ parser: customParser, transports: ["websocket"] });
      const sent = [];
      socket.io.engine.on("packetCreate", ({ data }) => sent.push(data));
      c.log(await c.limit("ack", socket.emitWithAck("x", { a: 1 })));
      c.log(sent[0]?.startsWith("custom:"), socket.io.encoder instanceof Encoder, socket.io.decoder instanceof Decoder);
    },
  },

  "the API is all there": {
    async client(c) {
      const { io } = c;
      const named = (object) => Object.getOwnPropertyNames(object).filter((name) => !hidden.has(name)).sort();
      c.log("Manager", ["reconnection", "reconnectionAttempts", "reconnectionDelay", "randomizationFactor", "reconnectionDelayMax", "timeout", "open", "connect", "socket", "disconnect", "_close", "_destroy", "_packet"].map((name) => typeof io.Manager.prototype[name]));
      const hidden = new Set(["subEvents", "_registerAckCallback", "_addToQueue", "_drainQueue", "packet", "onopen", "_sendConnectPacket", "onerror", "onclose", "_clearAcks", "onpacket", "onevent", "emitEvent", "ack", "onack", "onconnect", "emitBuffered", "ondisconnect", "destroy", "notifyOutgoingListeners"]);
      const socket = io("http://127.0.0.1:9", { autoConnect: false, forceNew: true });
      c.log(named(io.Socket.prototype).length > 0, publicMethods.map((name) => [name, typeof socket[name]]));
      c.log(["ids", "acks", "flags", "nsp", "receiveBuffer", "sendBuffer", "connected", "recovered"].map((name) => socket[name]));
    },
  },

  "socket id and engine id": {
    server: echo,
    async client(c) {
      const socket = c.connect();
      await c.next(socket, "connect");
      c.log(typeof socket.id, typeof socket.io.engine.id);
      socket.disconnect();
      c.log(socket.id, socket.connected);
    },
  },
};

const publicMethods = ["on", "once", "off", "emit", "emitWithAck", "send", "connect", "open", "disconnect", "close", "compress", "volatile", "timeout", "onAny", "prependAny", "offAny", "listenersAny", "onAnyOutgoing", "prependAnyOutgoing", "offAnyOutgoing", "listenersAnyOutgoing", "listeners", "hasListeners", "addEventListener", "removeListener", "removeEventListener", "removeAllListeners", "active", "connected", "disconnected"];

/** Without the session's ids. */
function clean(arg) {
  if (typeof arg === "string") return arg.replace(/"(sid|pid)":"[^"]*"/g, '"$1":"…"');
  if (arg && typeof arg.data === "string") return { ...arg, data: clean(arg.data) };
  return nameOf(arg);
}
