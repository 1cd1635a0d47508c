import { Emitter } from "../emitter.js";
import { Timers, soon } from "../timers.js";
import { decodeQuery, parse } from "../url.js";
import { encodedSize, protocol } from "./packet.js";
import { Fetch, XHR } from "./polling.js";
import { probe } from "./upgrade.js";
import { WebSocketTransport } from "./websocket.js";
import { WebTransportTransport } from "./webtransport.js";
import { logger } from "../debug.js";

const debug = /* @__PURE__ */ logger("engine.io-client:socket");

const TRANSPORTS = { polling: XHR, websocket: WebSocketTransport, webtransport: WebTransportTransport };

const DEFAULTS = {
  path: "/engine.io",
  addTrailingSlash: true,
  upgrade: true,
  rememberUpgrade: false,
  withCredentials: false,
  timestampParam: "t",
  transportOptions: {},
  closeOnBeforeunload: false,
};

/** Whether a WebSocket worked the last time, for rememberUpgrade. */
let priorWebSocketSuccess = false;

// One listener from the start for all connections: a service worker may add none later.
const offline = new Set();
globalThis.addEventListener?.("offline", () => {
  for (const cut of [...offline]) cut();
});

/**
 * A connection to an Engine.IO server (protocol 4): messages both ways over whatever transport works, beginning with
 * the first of `transports` and upgraded to a better one, with heartbeats that notice when the other side is gone.
 *
 * readyState goes "opening", "open", "closing", "closed", and never back. Emits "handshake", "open", "packet",
 * "message" and "data" (data), "packetCreate" (packet), "flush", "drain", "ping", "upgrading" and "upgrade" (transport),
 * "upgradeError" (error), "error" (error), and once "close" (reason, details).
 */
export class Engine extends Emitter {
  binaryType = "arraybuffer";
  id = undefined;
  upgrading = false;

  writeBuffer = []; // packets not yet taken by the transport, the first _sending of them handed to it
  _sending = 0;

  _upgrades = [];
  _pingInterval = -1;
  _pingTimeout = -1;
  _pingDeadline = Infinity;
  _maxPayload = -1;

  /**
   * @param {string | object} [uri] where to connect; the page's own host if left out
   * @param {object} [opts] as the Manager's
   */
  constructor(uri, opts = {}) {
    super();
    if (uri && typeof uri === "object") [uri, opts] = [undefined, uri];
    this.opts = { ...DEFAULTS, ...opts, ...addressOptions(uri, opts) };
    this.opts.path = this.opts.path.replace(/\/$/, "") + (this.opts.addTrailingSlash ? "/" : "");
    if (typeof this.opts.query === "string") this.opts.query = decodeQuery(this.opts.query);
    this._timers = new Timers(this.opts);
    this._setAddress();
    this._setTransports();
    this._watchPage();
    this._open();
  }

  _setAddress() {
    const { secure, hostname, port } = this.opts;
    const page = globalThis.location;
    this.secure = secure ?? page?.protocol === "https:";
    this.hostname = hostname || page?.hostname || "localhost";
    this.port = port || (!hostname && page?.port) || (this.secure ? "443" : "80");
  }

  /** `transports` holds names or transport classes. A name that this client does not know is left out. */
  _setTransports() {
    const wanted = this.opts.transportImplementations ?? this.opts.transports ?? Object.keys(TRANSPORTS);
    this._implementations = { ...TRANSPORTS };
    const names = wanted.map((transport) => {
      if (typeof transport === "string") return transport;
      this._implementations[transport.prototype.name] = transport;
      return transport.prototype.name;
    });
    this.transports = names.filter((name) => Object.hasOwn(this._implementations, name));
  }

  _watchPage() {
    if (typeof globalThis.addEventListener !== "function") return;
    if (this.opts.closeOnBeforeunload) {
      this._beforeUnload = () => {
        this.transport?.off(); // silently: the page that leaves hears no "disconnect"
        this.transport?.close();
      };
      addEventListener("beforeunload", this._beforeUnload);
    }
    if (this.hostname !== "localhost") {
      this._offline = () => this._onClose("transport close", { description: "network connection lost" });
      offline.add(this._offline);
    }
  }

  _unwatchPage() {
    if (this._beforeUnload) removeEventListener("beforeunload", this._beforeUnload);
    offline.delete(this._offline);
  }

  createTransport(name) {
    DEBUG: debug("new transport %s", name);
    const Implementation = this._implementations[name];
    const query = { ...this.opts.query, EIO: protocol, transport: name };
    if (this.id) query.sid = this.id;
    const { hostname, port, secure } = this;
    return new Implementation({ ...this.opts, query, socket: this, hostname, port, secure, ...this.opts.transportOptions?.[name] });
  }

  _open() {
    if (this.transports.length === 0) {
      this._timers.start(() => this.emitReserved("error", "No transports available"), 0);
      return;
    }
    const remembered = this.opts.rememberUpgrade && priorWebSocketSuccess && this.transports.includes("websocket");
    this.readyState = "opening";
    this._setTransport(this.createTransport(remembered ? "websocket" : this.transports[0]));
    this.transport.open();
  }

  _setTransport(transport) {
    DEBUG: debug("now over %s", transport.name);
    this.transport?.off();
    this.transport = transport
      .on("drain", () => this._onDrain())
      .on("packet", (packet) => this._onPacket(packet))
      .on("error", (err) => this._onError(err))
      .on("close", (details) => this._onClose("transport close", details));
  }

  _onOpen() {
    DEBUG: debug("open");
    this.readyState = "open";
    priorWebSocketSuccess = this.transport.name === "websocket";
    this.emitReserved("open");
    this.flush();
    if (this.readyState !== "open" || !this.opts.upgrade) return;
    for (const name of this._upgrades) {
      priorWebSocketSuccess = false;
      probe(this, name);
    }
  }

  /** Carries on over a transport that a probe has proven. */
  _upgradeTo(transport) {
    this._setTransport(transport);
    priorWebSocketSuccess = transport.name === "websocket";
    transport.send([{ type: "upgrade" }]);
    this.emitReserved("upgrade", transport);
    this.upgrading = false;
    this.flush();
  }

  _onPacket(packet) {
    if (this.readyState === "closed") return;
    DEBUG: debug("received %s %s", packet.type, packet.data);
    this.emitReserved("packet", packet);
    this.emitReserved("heartbeat");
    switch (packet.type) {
      case "open":
        return this._onHandshake(packet.data);
      case "ping":
        return this._onPing();
      case "error":
        return this._onError(Object.assign(new Error("server error"), { code: packet.data }));
      case "message":
        this.emitReserved("data", packet.data);
        this.emitReserved("message", packet.data);
    }
  }

  /** @param {string} json sid, upgrades, pingInterval and pingTimeout in milliseconds, maxPayload in bytes */
  _onHandshake(json) {
    let handshake;
    try {
      handshake = JSON.parse(json);
    } catch {
      return this._onError(Object.assign(new Error("server error"), { code: "parser error" }));
    }
    this.emitReserved("handshake", handshake);
    this.id = this.transport.query.sid = handshake.sid;
    this._upgrades = (handshake.upgrades ?? []).filter((name) => this.transports.includes(name));
    this._pingInterval = handshake.pingInterval;
    this._pingTimeout = handshake.pingTimeout;
    this._maxPayload = handshake.maxPayload;
    this._onOpen();
    if (this.readyState !== "closed") this._awaitPing();
  }

  _onPing() {
    this._sendPacket("pong");
    this.emitReserved("ping");
    this.emitReserved("pong");
    this._awaitPing();
  }

  /** The server pings every pingInterval; when it is pingTimeout late it is gone. */
  _awaitPing() {
    this._timers.stop(this._pingTimer);
    const delay = this._pingInterval + this._pingTimeout;
    this._pingDeadline = Date.now() + delay;
    this._pingTimer = this._timers.start(() => this._onClose("ping timeout"), delay);
  }

  /**
   * Whether the ping is overdue although no timer has fired yet, as after a laptop's sleep. A
   * packet sent now would be lost. The connection closes as soon as the running code has ended.
   */
  _hasPingExpired() {
    const expired = Date.now() > this._pingDeadline;
    if (expired && this._pingDeadline) {
      this._pingDeadline = 0;
      soon(() => this._onClose("ping timeout"));
    }
    return expired;
  }

  _onDrain() {
    this.writeBuffer.splice(0, this._sending);
    this._sending = 0;
    if (this.writeBuffer.length === 0) this.emitReserved("drain");
    else this.flush();
  }

  /** Hands over what waits, unless the transport is busy or being replaced. */
  flush() {
    if (this.readyState === "closed" || !this.transport.writable || this.upgrading || !this.writeBuffer.length) return;
    const packets = this.writeBuffer.slice(0, this._writableCount());
    DEBUG: debug("flushing %d of %d packets", packets.length, this.writeBuffer.length);
    this._sending = packets.length;
    this.transport.send(packets);
    this.emitReserved("flush");
  }

  /** How many of the waiting packets fit into one POST of at most maxPayload bytes; at least one. */
  _writableCount() {
    if (!(this._maxPayload > 0) || this.transport.name !== "polling") return this.writeBuffer.length;
    let size = 0;
    const tooMany = this.writeBuffer.findIndex((packet, i) => {
      size += encodedSize(packet) + (i > 0 ? 1 : 0); // a separator before each but the first
      return i > 0 && size > this._maxPayload;
    });
    return tooMany === -1 ? this.writeBuffer.length : tooMany;
  }

  /**
   * Sends a message. Packets leave in the order of the calls.
   * @param {string | ArrayBuffer | ArrayBufferView | Blob} data
   * @param {{compress?: boolean}} [options]
   * @param {() => void} [onFlush] called when the transport has taken what waits
   */
  send(data, options, onFlush) {
    if (typeof options === "function") [options, onFlush] = [undefined, options];
    this._sendPacket("message", data, options, onFlush);
    return this;
  }

  write(data, options, onFlush) {
    return this.send(data, options, onFlush);
  }

  _sendPacket(type, data, options, onFlush) {
    if (this.readyState === "closing" || this.readyState === "closed") return;
    const packet = { type, data, options: { ...options, compress: options?.compress !== false } };
    this.emitReserved("packetCreate", packet);
    this.writeBuffer.push(packet);
    if (onFlush) this.once("flush", onFlush);
    this.flush();
  }

  /** Closes once what waits has been sent and an upgrade under way is over. */
  close() {
    if (this.readyState !== "opening" && this.readyState !== "open") return this;
    this.readyState = "closing";
    if (this.writeBuffer.length) this.once("drain", () => this._closeAfterUpgrade());
    else this._closeAfterUpgrade();
    return this;
  }

  _closeAfterUpgrade() {
    if (!this.upgrading) return this._onClose("forced close");
    const close = () => {
      this.off("upgrade", close);
      this.off("upgradeError", close);
      this._onClose("forced close");
    };
    this.on("upgrade", close);
    this.on("upgradeError", close);
  }

  _onError(err) {
    DEBUG: debug("error %s", err);
    priorWebSocketSuccess = false;
    if (this.opts.tryAllTransports && this.transports.length > 1 && this.readyState === "opening") {
      this.transports.shift();
      return this._open();
    }
    this.emitReserved("error", err);
    this._onClose("transport error", err);
  }

  /** The one way out, whoever closes. */
  _onClose(reason, details) {
    if (!["opening", "open", "closing"].includes(this.readyState)) return;
    DEBUG: debug("closed: %s", reason);
    this._timers.stop(this._pingTimer);
    this.transport.off("close");
    this.transport.close();
    this.transport.off();
    this._unwatchPage();
    this.readyState = "closed";
    this.id = null;
    this.emitReserved("close", reason, details);
    this.writeBuffer = []; // only now, so that a listener can still see what was not sent
    this._sending = 0;
  }
}

Engine.protocol = protocol;

/** The options that an address stands for. Its query, if any, takes the place of the option. */
function addressOptions(uri, { host }) {
  if (!uri) return host ? { hostname: parse(host).host } : {};
  const { host: hostname, protocol: scheme, port, query } = parse(uri);
  const secure = scheme === "https" || scheme === "wss";
  return { hostname, port, secure, ...(query && { query }) };
}

export { Fetch, XHR, WebSocketTransport };
