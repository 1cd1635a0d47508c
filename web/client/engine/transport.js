import { Emitter } from "../emitter.js";
import { bracketed, encodeQuery } from "../url.js";
import { decodePacket } from "./packet.js";
import { logger } from "../debug.js";

const debug = /* @__PURE__ */ logger("engine.io-client:transport");

/** Why a transport failed. `description` is an HTTP status or an event, `context` the request that failed. */
export class TransportError extends Error {
  type = "TransportError";

  constructor(reason, description, context) {
    super(reason);
    this.description = description;
    this.context = context;
  }
}

/**
 * One way to carry packets. A subclass has `name`, `doOpen()`, `doClose()` and `write(packets)`.
 *
 * Emits "open", "packet" (packet), "drain" when it may be written to again, "error" (TransportError) and "close" (details).
 */
export class Transport extends Emitter {
  writable = false;

  /** @param opts the engine's options, with `socket` (the engine), `hostname`, `port`, `secure` and `query` */
  constructor(opts) {
    super();
    this.opts = opts;
    this.query = opts.query;
    this.socket = opts.socket;
    this.supportsBinary = !opts.forceBase64;
  }

  open() {
    this.readyState = "opening";
    this.doOpen();
    return this;
  }

  close() {
    if (this.readyState === "opening" || this.readyState === "open") {
      this.doClose();
      this.onClose();
    }
    return this;
  }

  /** Writes packets, in order. Once closed they are dropped. */
  send(packets) {
    if (this.readyState === "open") return this.write(packets);
    DEBUG: debug("%d packets dropped: %s is %s", packets.length, this.name, this.readyState);
  }

  /** Calls back once nothing is under way, so that another transport can take over. Only polling is ever upgraded. */
  pause() {}

  onOpen() {
    this.readyState = "open";
    this.writable = true;
    this.emitReserved("open");
  }

  onData(data) {
    this.onPacket(decodePacket(data, this.socket.binaryType));
  }

  onPacket(packet) {
    this.emitReserved("packet", packet);
  }

  onDrain() {
    this.writable = true;
    this.emitReserved("drain");
  }

  onError(reason, description, context) {
    this.emitReserved("error", new TransportError(reason, description, context));
  }

  onClose(details) {
    this.readyState = "closed";
    this.emitReserved("close", details);
  }

  /** The address to connect to; plain is the scheme of a connection that is not secure. */
  createUri(plain, scheme = this.opts.secure ? `${plain}s` : plain) {
    const { secure, hostname, port, path } = this.opts;
    const usual = secure ? 443 : 80;
    const authority = bracketed(hostname) + (port && Number(port) !== usual ? `:${port}` : "");
    const query = encodeQuery(this.query);
    return `${scheme}://${authority}${path}${query && `?${query}`}`;
  }

  /** Makes the next request's address one that no cache has seen. */
  stampQuery() {
    this.query[this.opts.timestampParam] = Date.now().toString(36).slice(-5) + Math.random().toString(36).slice(2, 5);
  }
}
