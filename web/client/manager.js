import { Backoff } from "./backoff.js";
import { Emitter, subscribe } from "./emitter.js";
import { Engine } from "./engine/engine.js";
import * as defaultParser from "./parser.js";
import { Socket } from "./socket.js";
import { Timers, soon } from "./timers.js";
import { logger } from "./debug.js";

const debug = /* @__PURE__ */ logger("socket.io-client:manager");

/**
 * One connection to a server, shared by the sockets of its namespaces, and made again whenever it is lost.
 *
 * Emits "open", "packet" (packet), "ping", "error" (error), "close" (reason, details), "reconnect_attempt" (number),
 * "reconnect" (number), "reconnect_error" (error) and "reconnect_failed".
 */
export class Manager extends Emitter {
  /** The codec of managers whose options name none. */
  static parser = defaultParser;

  nsps = Object.create(null); // sockets by namespace

  _readyState = "closed"; // "opening", "open", and back
  _reconnecting = false;
  _subscriptions = []; // to the engine and its timers; all end together

  /**
   * @param {string | object} [uri] the server; the page's own if left out
   * @param {object} [opts] see README.md
   */
  constructor(uri, opts = {}) {
    super();
    if (uri && typeof uri === "object") [uri, opts] = [undefined, uri];
    this.uri = uri;
    this.opts = opts;
    opts.path ||= "/socket.io";
    this._timers = new Timers(opts);
    this._setReconnection(opts);
    this.timeout(opts.timeout ?? 20000);
    const { Encoder, Decoder } = opts.parser ?? Manager.parser;
    this.encoder = new Encoder();
    this.decoder = new Decoder();
    this._autoConnect = opts.autoConnect !== false;
    if (this._autoConnect) this.open();
  }

  _setReconnection({ reconnection, reconnectionAttempts, reconnectionDelay, reconnectionDelayMax, randomizationFactor }) {
    this.reconnection(reconnection !== false);
    this.reconnectionAttempts(reconnectionAttempts || Infinity);
    this.reconnectionDelay(reconnectionDelay || 1000);
    this.reconnectionDelayMax(reconnectionDelayMax || 5000);
    this.randomizationFactor(randomizationFactor ?? 0.5);
    this.backoff = new Backoff({
      min: this.reconnectionDelay(),
      max: this.reconnectionDelayMax(),
      jitter: this.randomizationFactor(),
    });
  }

  /** Each of the following is the value without an argument, and with one sets it and returns this. */
  reconnection(enabled) {
    if (arguments.length === 0) return this._reconnection;
    this._reconnection = Boolean(enabled);
    if (!enabled) this.skipReconnect = true;
    return this;
  }

  reconnectionAttempts(count) {
    if (count === undefined) return this._reconnectionAttempts;
    this._reconnectionAttempts = count;
    return this;
  }

  /** Milliseconds, as all times here. */
  reconnectionDelay(ms) {
    if (ms === undefined) return this._reconnectionDelay;
    this._reconnectionDelay = ms;
    this.backoff?.setMin(ms);
    return this;
  }

  reconnectionDelayMax(ms) {
    if (ms === undefined) return this._reconnectionDelayMax;
    this._reconnectionDelayMax = ms;
    this.backoff?.setMax(ms);
    return this;
  }

  randomizationFactor(factor) {
    if (factor === undefined) return this._randomizationFactor;
    this._randomizationFactor = factor;
    this.backoff?.setJitter(factor);
    return this;
  }

  /** How long one attempt to connect may take; false for as long as it takes. */
  timeout(ms) {
    if (arguments.length === 0) return this._timeout;
    this._timeout = ms;
    return this;
  }

  /** The socket of a namespace, made on the first call. */
  socket(nsp, opts) {
    let socket = this.nsps[nsp];
    if (!socket) {
      socket = this.nsps[nsp] = new Socket(this, nsp, opts);
    } else if (this._autoConnect && !socket.active) {
      socket.connect();
    }
    return socket;
  }

  /**
   * Connects, unless connected or connecting. @param {(err?: Error) => void} [onResult] with it,
   * the caller handles a failure: the manager does not try again
   */
  open(onResult) {
    DEBUG: debug("open() while %s", this._readyState);
    if (this._readyState !== "closed") return this;
    DEBUG: debug("connecting to %s", this.uri);
    this.engine = new Engine(this.uri, this.opts);
    this._readyState = "opening";
    this.skipReconnect = false;
    this._subscriptions.push(
      subscribe(this.engine, "open", () => {
        this._onOpen();
        onResult?.();
      }),
      subscribe(this.engine, "error", (err) => this._onOpenError(err, onResult)),
    );
    if (this._timeout !== false) this._limitOpening(onResult);
    return this;
  }

  connect(onResult) {
    return this.open(onResult);
  }

  _limitOpening(onResult) {
    const { engine } = this;
    this._after(this._timeout, () => {
      DEBUG: debug("no connection after %d ms", this._timeout);
      this._onOpenError(new Error("timeout"), onResult);
      engine.close();
    });
  }

  /** Starts a timer that ends with the subscriptions. */
  _after(ms, fn) {
    const timer = this._timers.start(fn, ms);
    this._subscriptions.push(() => this._timers.stop(timer));
  }

  _onOpenError(err, onResult) {
    DEBUG: debug("cannot connect: %s", err);
    this._cleanUp();
    this._readyState = "closed";
    this.emitReserved("error", err);
    if (onResult) onResult(err);
    else this._reconnectAfterFirst();
  }

  /** A first connection that fails is tried again as a lost one is. */
  _reconnectAfterFirst() {
    if (this._reconnection && !this._reconnecting && this.backoff.attempts === 0) this._reconnect();
  }

  _onOpen() {
    DEBUG: debug("connected");
    this._cleanUp();
    this._readyState = "open";
    this.emitReserved("open");
    const { engine } = this;
    this._subscriptions.push(
      subscribe(engine, "ping", () => this.emitReserved("ping")),
      subscribe(engine, "data", (data) => this._onData(data)),
      subscribe(engine, "error", (err) => this.emitReserved("error", err)),
      subscribe(engine, "close", (reason, details) => this._onClose(reason, details)),
      subscribe(this.decoder, "decoded", (packet) => this._onDecoded(packet)),
    );
  }

  _onData(data) {
    try {
      this.decoder.add(data);
    } catch (err) {
      this._onClose("parse error", err);
    }
  }

  /** Later, so that an exception of a listener is the listener's and not a "parse error". */
  _onDecoded(packet) {
    soon(() => this.emitReserved("packet", packet));
  }

  _packet(packet) {
    DEBUG: debug("sending packet %j", packet);
    for (const message of this.encoder.encode(packet)) this.engine.write(message, packet.options);
  }

  /** Called by a socket that no longer needs the connection. */
  _destroy() {
    const needed = Object.values(this.nsps).some((socket) => socket.active);
    if (!needed) this._close();
  }

  /** Closes the connection for all sockets, and makes no other. */
  _close() {
    this.skipReconnect = true;
    this._reconnecting = false;
    this._onClose("forced close");
  }

  disconnect() {
    return this._close();
  }

  _cleanUp() {
    for (const cancel of this._subscriptions.splice(0)) cancel();
    this.decoder.destroy();
  }

  _onClose(reason, details) {
    DEBUG: debug("closed: %s", reason);
    this._cleanUp();
    this.engine?.close();
    this.backoff.reset();
    this._readyState = "closed";
    this.emitReserved("close", reason, details);
    if (this._reconnection && !this.skipReconnect) this._reconnect();
  }

  _reconnect() {
    if (this._reconnecting || this.skipReconnect) return;
    if (this.backoff.attempts >= this._reconnectionAttempts) {
      DEBUG: debug("giving up after %d attempts", this.backoff.attempts);
      this.backoff.reset();
      this.emitReserved("reconnect_failed");
      return;
    }
    this._reconnecting = true;
    const delay = this.backoff.duration();
    DEBUG: debug("reconnecting in %d ms", delay);
    this._after(delay, () => this._attempt());
  }

  _attempt() {
    if (this.skipReconnect) return;
    DEBUG: debug("reconnection attempt %d", this.backoff.attempts);
    this.emitReserved("reconnect_attempt", this.backoff.attempts);
    if (this.skipReconnect) return; // a listener closed
    this.open((err) => {
      this._reconnecting = false;
      if (!err) return this._onReconnect();
      this._reconnect();
      this.emitReserved("reconnect_error", err);
    });
  }

  _onReconnect() {
    const attempt = this.backoff.attempts;
    this.backoff.reset();
    this.emitReserved("reconnect", attempt);
  }
}
