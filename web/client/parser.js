import { Emitter } from "./emitter.js";
import { attach, detach, hasBinary, isBinary } from "./binary.js";
import { logger } from "./debug.js";

const debug = /* @__PURE__ */ logger("socket.io-parser");

/**
 * The default codec of Socket.IO protocol 5 (section "Packet encoding"):
 *
 *     type [attachments "-"] [namespace ","] [ack id] [JSON]
 *
 *     {type: EVENT, nsp: "/", data: ["hi", 1]}                  2["hi",1]
 *     {type: EVENT, nsp: "/admin", id: 7, data: ["hi"]}         2/admin,7["hi"]
 *     {type: EVENT, nsp: "/", data: ["hi", <01 02>]}            51-["hi",{"_placeholder":true,"num":0}] and then <01 02>
 */
export const protocol = 5;

export const PacketType = Object.freeze({
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6,
});

const { CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK } = PacketType;

/** Event names with a meaning of their own, on the client, the server or in Node: nobody may send them. */
export const RESERVED_EVENTS = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

export class Encoder {
  /** @param {Function} [replacer] for JSON.stringify */
  constructor(replacer) {
    this.replacer = replacer;
  }

  /** @returns {Array} the text, followed by the attachments */
  encode({ type, nsp, id, data }) {
    DEBUG: debug("encoding type %d for %s: %j", type, nsp, data);
    if ((type !== EVENT && type !== ACK) || !hasBinary(data)) return [this._text(type, "", nsp, id, data)];
    const { data: rest, attachments } = detach(data);
    const binaryType = type === EVENT ? BINARY_EVENT : BINARY_ACK;
    return [this._text(binaryType, `${attachments.length}-`, nsp, id, rest), ...attachments];
  }

  _text(type, count, nsp, id, data) {
    const namespace = nsp && nsp !== "/" ? `${nsp},` : "";
    const json = data == null ? "" : JSON.stringify(data, this.replacer);
    return `${type}${count}${namespace}${id ?? ""}${json}`;
  }
}

/** Emits "decoded" (packet) for each packet that is complete. */
export class Decoder extends Emitter {
  /** @param {Function | {reviver?: Function, maxAttachments?: number}} [opts] the reviver is for JSON.parse */
  constructor(opts) {
    super();
    this.opts = { maxAttachments: 10, ...(typeof opts === "function" ? { reviver: opts } : opts) };
  }

  /**
   * Takes what came in one Engine.IO message.
   * @throws {Error} what is malformed; the connection cannot go on
   */
  add(message) {
    if (typeof message === "string") this._addText(message);
    else if (isBinary(message)) this._addAttachment(message);
    else throw new Error(`unknown type: ${message}`);
  }

  _addText(text) {
    if (this._waiting) throw new Error("text where an attachment was due");
    const { count, ...packet } = this._parse(text);
    if (count) this._waiting = { packet, count, attachments: [] };
    else this.emitReserved("decoded", packet);
  }

  _addAttachment(attachment) {
    if (!this._waiting) throw new Error("an attachment that belongs to no packet");
    const { packet, count, attachments } = this._waiting;
    attachments.push(attachment);
    if (attachments.length < count) return;
    this._waiting = undefined;
    packet.data = attach(packet.data, attachments);
    this.emitReserved("decoded", packet);
  }

  _parse(text) {
    DEBUG: debug("decoding %s", text);
    const fields = /^([0-6])(?:(\d*)(-))?(?:(\/[^,]*),?)?(\d+)?([^]*)$/.exec(text);
    if (!fields) throw new Error("unknown packet type");
    const [, digit, attachments, dash, nsp = "/", id, json] = fields;
    const binary = digit >= BINARY_EVENT;
    if (binary !== Boolean(dash)) throw new Error("illegal attachments");
    const packet = { type: binary ? digit - BINARY_EVENT + EVENT : Number(digit), nsp };
    if (id !== undefined) packet.id = Number(id);
    const data = this._parseJSON(json, packet.type);
    if (data !== undefined) packet.data = data;
    return binary ? { ...packet, count: this._attachmentCount(attachments) } : packet;
  }

  _attachmentCount(digits) {
    const count = Number(digits);
    if (count < 1) throw new Error("illegal attachments");
    if (count > this.opts.maxAttachments) throw new Error("too many attachments");
    return count;
  }

  _parseJSON(json, type) {
    let data;
    try {
      if (json !== "") data = JSON.parse(json, this.opts.reviver);
    } catch (cause) {
      throw new Error("invalid payload", { cause });
    }
    if (!isPayloadValid(type, data)) throw new Error("invalid payload");
    return data;
  }

  /** Forgets a packet whose attachments will not come: the connection is gone. */
  destroy() {
    this._waiting = undefined;
  }
}

function isPayloadValid(type, data) {
  switch (type) {
    case CONNECT:
      return data === undefined || isObject(data);
    case DISCONNECT:
      return data === undefined;
    case EVENT:
      return Array.isArray(data) && isEventName(data[0]);
    case ACK:
      return Array.isArray(data);
    case CONNECT_ERROR:
      return typeof data === "string" || isObject(data);
  }
}

function isEventName(name) {
  return typeof name === "number" || (typeof name === "string" && !RESERVED_EVENTS.has(name));
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a packet may be sent as it is; custom codecs and adapters ask. */
export function isPacketValid({ type, nsp, id, data }) {
  return typeof nsp === "string" && (id === undefined || Number.isInteger(id)) && Boolean(isPayloadValid(type, data));
}
