/**
 * The codec of Engine.IO protocol 4 (sections "Packet encoding" and "HTTP long-polling"):
 *
 *     {type: "message", data: "hi"}        "4hi"
 *     {type: "ping", data: "probe"}        "2probe"
 *     {type: "message", data: <01 02>}     <01 02> over WebSocket, "bAQI=" in text
 *     a payload of polling                 packets joined by the character 0x1e
 */
export const protocol = 4;

const TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const SEPARATOR = "\x1e";

/** What a packet that cannot be read decodes to. */
export const PARSER_ERROR = Object.freeze({ type: "error", data: "parser error" });

export function isBinary(value) {
  return (
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (typeof Blob !== "undefined" && value instanceof Blob)
  );
}

/**
 * Encodes a packet for a transport that takes binary or does not.
 * @returns {string | ArrayBuffer | ArrayBufferView | Blob | Promise<string>} a promise only for a Blob as text
 */
export function encodePacket({ type, data }, supportsBinary) {
  if (!isBinary(data)) return TYPES.indexOf(type) + (data || "");
  if (supportsBinary) return data;
  if (data instanceof ArrayBuffer) return "b" + base64(new Uint8Array(data));
  if (ArrayBuffer.isView(data)) return "b" + base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return data.arrayBuffer().then((buffer) => "b" + base64(new Uint8Array(buffer)));
}

/**
 * Decodes what one WebSocket message or one part of a payload holds.
 * @param {"arraybuffer" | "blob"} binaryType the kind of object that binary data becomes
 */
export function decodePacket(encoded, binaryType) {
  if (typeof encoded !== "string") return { type: "message", data: asBinaryType(encoded, binaryType) };
  if (encoded[0] === "b") return decodeBase64(encoded.slice(1), binaryType);
  const type = /^[0-6]/.test(encoded) ? TYPES[encoded[0]] : undefined;
  if (!type) return PARSER_ERROR;
  return encoded.length > 1 ? { type, data: encoded.slice(1) } : { type };
}

/** Encodes several packets as one text, or as a promise of it where a Blob must be read first. */
export function encodePayload(packets) {
  const parts = packets.map((packet) => encodePacket(packet, false));
  const join = (texts) => texts.join(SEPARATOR);
  return parts.some((part) => part instanceof Promise) ? Promise.all(parts).then(join) : join(parts);
}

/** Decodes a payload up to its end or its first malformed packet. */
export function decodePayload(payload, binaryType) {
  const packets = [];
  for (const encoded of payload.split(SEPARATOR)) {
    const packet = decodePacket(encoded, binaryType);
    packets.push(packet);
    if (packet.type === "error") break;
  }
  return packets;
}

/** The bytes that a packet takes in a payload, without separator. */
export function encodedSize({ data }) {
  if (!data) return 1;
  if (typeof data === "string") return 1 + utf8Length(data);
  return 1 + 4 * Math.ceil((data.byteLength ?? data.size) / 3);
}

function utf8Length(text) {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) length += 1;
    else if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) length += 2; // half of a surrogate pair: 4 bytes in two units
    else length += 3;
  }
  return length;
}

function base64(bytes) {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000)); // a call takes a bounded number of arguments
  }
  return btoa(binary);
}

function decodeBase64(text, binaryType) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    return PARSER_ERROR;
  }
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return { type: "message", data: asBinaryType(bytes.buffer, binaryType) };
}

function asBinaryType(data, binaryType) {
  if (binaryType === "blob") return data instanceof Blob ? data : new Blob([data]);
  return ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data;
}
