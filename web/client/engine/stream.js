import { decodePacket, encodePacket, PARSER_ERROR } from "./packet.js";

/**
 * Packets on a stream of bytes, as WebTransport carries them. Before each stands its length in bytes, as in a frame of
 * WebSocket: 7 bits, or 126 and 16 bits, or 127 and 64 bits. The highest bit says that the packet is binary.
 *
 *     {type: "message", data: "hi"}        03 34 68 69
 *     {type: "message", data: <01 02>}     82 01 02
 *     {type: "message", data: <>}          01 62           "b": no packet is of length 0
 */
const BINARY = 0x80;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder();

/**
 * Encodes packets, one after the other.
 * @returns {Uint8Array | Promise<Uint8Array>} a promise only where there is a Blob to read
 */
export function encodeStream(packets) {
  const messages = packets.map(encodeMessage);
  return messages.some((message) => message instanceof Promise) ? Promise.all(messages).then(frame) : frame(messages);
}

function encodeMessage(packet) {
  const { data } = packet;
  const size = data?.byteLength ?? data?.size;
  return data instanceof Blob && size ? data.arrayBuffer() : encodePacket(packet, size !== 0);
}

function frame(messages) {
  const bodies = messages.map(asBytes);
  const size = bodies.reduce((sum, body) => sum + headerSize(body.length) + body.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  bodies.forEach((body, i) => {
    at += putHeader(new DataView(bytes.buffer, at), body.length, typeof messages[i] === "string" ? 0 : BINARY);
    bytes.set(body, at);
    at += body.length;
  });
  return bytes;
}

function asBytes(message) {
  if (typeof message === "string") return textEncoder.encode(message);
  if (ArrayBuffer.isView(message)) return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  return new Uint8Array(message);
}

function headerSize(length) {
  if (length < 126) return 1;
  return length < 0x10000 ? 3 : 9;
}

function putHeader(view, length, kind) {
  const size = headerSize(length);
  view.setUint8(0, kind | { 1: length, 3: 126, 9: 127 }[size]);
  if (size === 3) view.setUint16(1, length);
  if (size === 9) view.setBigUint64(1, BigInt(length));
  return size;
}

/** Decodes a stream that comes in chunks, cut anywhere. */
export class StreamDecoder {
  _chunks = [];
  _size = 0; // of all chunks
  _next = undefined; // the header of the packet that is not there yet

  constructor(binaryType) {
    this._binaryType = binaryType;
  }

  /** The packets that this chunk completes, up to the first malformed one. */
  *decode(chunk) {
    this._chunks.push(chunk);
    this._size += chunk.length;
    while ((this._next ??= this._header())) {
      const { length, binary } = this._next;
      if (length === 0 || length > Number.MAX_SAFE_INTEGER) return void (yield PARSER_ERROR);
      if (this._size < length) return;
      const body = this._take(length);
      this._next = undefined;
      yield decodePacket(binary ? body : textDecoder.decode(body), this._binaryType);
    }
  }

  _header() {
    const first = this._chunks[0]?.[0];
    const size = first === undefined ? 1 : { 126: 3, 127: 9 }[first & ~BINARY] ?? 1;
    if (this._size < size) return undefined;
    const { buffer, byteOffset } = this._take(size);
    const view = new DataView(buffer, byteOffset, size);
    const binary = (first & BINARY) !== 0;
    if (size === 1) return { binary, length: first & ~BINARY };
    return { binary, length: size === 3 ? view.getUint16(1) : Number(view.getBigUint64(1)) };
  }

  /** The next bytes. Chunks are joined only here, once all are there, so that a packet's bytes move once. */
  _take(size) {
    if (this._chunks[0].length < size) this._join();
    const [chunk] = this._chunks;
    this._size -= size;
    if (chunk.length === size) this._chunks.shift();
    else this._chunks[0] = chunk.subarray(size);
    return chunk.subarray(0, size);
  }

  _join() {
    const joined = new Uint8Array(this._size);
    let at = 0;
    for (const chunk of this._chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this._chunks = [joined];
  }
}
