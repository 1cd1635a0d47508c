import { CatchAllEmitter } from "./catchall.js";
import { subscribe } from "./emitter.js";
import { PacketType, RESERVED_EVENTS } from "./parser.js";
import { RetryQueue } from "./retry.js";
import { logger } from "./debug.js";

const debug = /* @__PURE__ */ logger("socket.io-client:socket");

/**
 * The application's end: one namespace over a Manager's connection (Socket.IO protocol 5,
 * "Connection to a namespace"). It comes and goes with the connection and has a new `id` each time,
 * unless its state was recovered.
 *
 * Emits "connect", "connect_error" (error), "disconnect" (reason, details), and what the server emits.
 */
export class Socket extends CatchAllEmitter {
  connected = false;
  recovered = false; // whether the last connection took up where the one before it ended
  id = undefined;

  receiveBuffer = []; // events that came before the answer to CONNECT
  sendBuffer = []; // packets for when the connection is there

  ids = 0;
  acks = {}; // by packet id, the functions that wait for the server's answer
  flags = {}; // modifiers of the next emit

  _pid = undefined; // recovery: names this session to the server, secretly
  _lastOffset = undefined; // recovery: where in the server's log we are

  /** Use io() or Manager.socket(): they know which sockets there are. */
  constructor(io, nsp, opts) {
    super();
    this.io = io;
    this.nsp = nsp;
    this.auth = opts?.auth;
    this._opts = { ...opts };
    this._queue = new RetryQueue(this);
    if (io._autoConnect) this.open();
  }

  get disconnected() {
    return !this.connected;
  }

  /** Whether the socket will connect again by itself when the connection comes back. */
  get active() {
    return Boolean(this._subscriptions);
  }

  connect() {
    if (this.connected) return this;
    this._subscribe();
    if (!this.io._reconnecting) this.io.open();
    if (this.io._readyState === "open") this._onOpen();
    return this;
  }

  open() {
    return this.connect();
  }

  _subscribe() {
    this._subscriptions ??= [
      subscribe(this.io, "open", () => this._onOpen()),
      subscribe(this.io, "packet", (packet) => this._onPacket(packet)),
      subscribe(this.io, "error", (err) => this._onError(err)),
      subscribe(this.io, "close", (reason, details) => this._onClose(reason, details)),
    ];
  }

  disconnect() {
    if (this.connected) this._packet({ type: PacketType.DISCONNECT });
    this._release();
    if (this.connected) this._onClose("io client disconnect");
    return this;
  }

  close() {
    return this.disconnect();
  }

  /** Stops following the connection, which closes when no socket follows it. */
  _release() {
    for (const cancel of this._subscriptions ?? []) cancel();
    this._subscriptions = undefined;
    this.io._destroy(this);
  }

  /**
   * Sends an event. A function as last argument is called with the server's answer.
   * @throws {Error} for a reserved name
   */
  emit(event, ...args) {
    if (RESERVED_EVENTS.has(event)) throw new Error(`"${event}" is a reserved event name`);
    const { flags } = this;
    this.flags = {};
    if (this._opts.retries && !flags.volatile) this._queue.add([event, ...args], flags);
    else this._emit([event, ...args], flags);
    return this;
  }

  /** @param {Array} data the event's name and arguments; taken over */
  _emit(data, flags) {
    const packet = { type: PacketType.EVENT, data, options: { compress: flags.compress !== false } };
    if (typeof data[data.length - 1] === "function") {
      packet.id = this.ids++;
      DEBUG: debug("ack %d will answer this event", packet.id);
      this._registerAck(packet.id, data.pop(), flags.timeout ?? this._opts.ackTimeout);
    }
    const { engine } = this.io;
    const canWrite = engine?.transport?.writable;
    const isConnected = this.connected && !engine?._hasPingExpired();
    if (flags.volatile && !canWrite) {
      DEBUG: debug("volatile event dropped: the transport is busy");
      return;
    }
    if (isConnected) this._sendEvent(packet);
    else this.sendBuffer.push(packet);
  }

  _sendEvent(packet) {
    this._tellOutgoing(packet.data);
    this._packet(packet);
  }

  /** Emits an event and resolves to the first argument of the server's answer. */
  emitWithAck(event, ...args) {
    return new Promise((resolve, reject) => {
      const settle = (err, answer) => (err ? reject(err) : resolve(answer));
      settle.withError = true;
      this.emit(event, ...args, settle);
    });
  }

  /** Emits "message". */
  send(...args) {
    return this.emit("message", ...args);
  }

  /** @param {boolean} compress whether the transport should compress the next emit; browsers cannot choose */
  compress(compress) {
    this.flags.compress = compress;
    return this;
  }

  /** The next emit may be lost: it is dropped when it cannot leave at once. */
  get volatile() {
    this.flags.volatile = true;
    return this;
  }

  /** The next emit's ack gets an error first, after so many milliseconds at the latest. */
  timeout(ms) {
    this.flags.timeout = ms;
    return this;
  }

  _registerAck(id, ack, timeout) {
    if (timeout === undefined) {
      this.acks[id] = ack;
      return;
    }
    const timer = this.io._timers.start(() => {
      DEBUG: debug("ack %d has timed out after %d ms", id, timeout);
      delete this.acks[id];
      this.sendBuffer = this.sendBuffer.filter((packet) => packet.id !== id);
      ack.call(this, new Error("operation has timed out"));
    }, timeout);
    this.acks[id] = (...answer) => {
      this.io._timers.stop(timer);
      ack.apply(this, answer);
    };
    this.acks[id].withError = true;
  }

  /** Those who can be told that no answer will come are told. What is still to be sent can still be answered. */
  _failAcks() {
    for (const [id, ack] of Object.entries(this.acks)) {
      if (this.sendBuffer.some((packet) => String(packet.id) === id)) continue;
      delete this.acks[id];
      if (ack.withError) ack.call(this, new Error("socket has been disconnected"));
    }
  }

  _packet(packet) {
    packet.nsp = this.nsp;
    this.io._packet(packet);
  }

  _onOpen() {
    DEBUG: debug("joining %s", this.nsp);
    if (typeof this.auth === "function") this.auth((auth) => this._sendConnect(auth));
    else this._sendConnect(this.auth);
  }

  _sendConnect(auth) {
    const data = this._pid ? { pid: this._pid, offset: this._lastOffset, ...auth } : auth;
    this._packet({ type: PacketType.CONNECT, data });
  }

  _onError(err) {
    if (!this.connected) this.emitReserved("connect_error", err);
  }

  _onClose(reason, details) {
    DEBUG: debug("disconnected: %s", reason);
    this.connected = false;
    this.id = undefined;
    this.emitReserved("disconnect", reason, details);
    this._failAcks();
  }

  _onPacket(packet) {
    if (packet.nsp !== this.nsp) return;
    switch (packet.type) {
      case PacketType.CONNECT:
        return this._onConnect(packet.data);
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        return this._onEvent(packet);
      case PacketType.ACK:
      case PacketType.BINARY_ACK:
        return this._onAck(packet);
      case PacketType.DISCONNECT:
        this._release();
        return this._onClose("io server disconnect");
      case PacketType.CONNECT_ERROR:
        return this._onRefused(packet.data);
    }
  }

  _onConnect(session) {
    if (!session?.sid) {
      this.emitReserved("connect_error", new Error("the server answered without a session id: it speaks Socket.IO 2, this client 3 and later"));
      return;
    }
    DEBUG: debug("connected to %s as %s", this.nsp, session.sid);
    this.id = session.sid;
    this.recovered = Boolean(session.pid) && this._pid === session.pid;
    this._pid = session.pid;
    this.connected = true;
    this._emitBuffered();
    this._queue.drain(true);
    this.emitReserved("connect");
  }

  _onRefused(data) {
    this._release();
    const err = new Error(data.message);
    err.data = data.data;
    this.emitReserved("connect_error", err);
  }

  _onEvent({ id, data }) {
    const args = [...data];
    if (id != null) args.push(this._answer(id));
    if (this.connected) this._emitEvent(args);
    else this.receiveBuffer.push(args);
  }

  _emitEvent(args) {
    DEBUG: debug("received event %j", args);
    this._tellIncoming(args);
    super.emit(...args);
    const last = args[args.length - 1];
    if (this._pid && typeof last === "string") this._lastOffset = last;
  }

  _emitBuffered() {
    const [received, toSend] = [this.receiveBuffer, this.sendBuffer];
    this.receiveBuffer = [];
    this.sendBuffer = [];
    for (const args of received) this._emitEvent(args);
    for (const packet of toSend) this._sendEvent(packet);
  }

  /** The function by which a listener answers the server, once. */
  _answer(id) {
    let sent = false;
    return (...args) => {
      if (sent) return;
      sent = true;
      DEBUG: debug("answering %d with %j", id, args);
      this._packet({ type: PacketType.ACK, id, data: args });
    };
  }

  _onAck({ id, data }) {
    const ack = this.acks[id];
    if (!ack) {
      DEBUG: debug("ack %s is unknown or came too late", id);
      return;
    }
    DEBUG: debug("ack %s with %j", id, data);
    delete this.acks[id];
    if (ack.withError) ack.call(this, null, ...data);
    else ack.apply(this, data);
  }
}
