import { Emitter } from "./emitter.js";
import { decode, encode } from "./msgpack.js";
import { PacketType as Types, isPacketValid, protocol } from "./parser.js";

/**
 * A codec in place of the default one: each packet is one MessagePack map {type, data, options, nsp, id}, with binary
 * data where it belongs instead of beside it. The server needs the matching parser. `io({parser: {Encoder, Decoder}})`.
 */
const { CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR } = Types;
export const PacketType = Object.freeze({ CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR });
export { protocol };

export class Encoder {
  encode(packet) {
    return [encode(packet)];
  }
}

/** Emits "decoded" (packet). */
export class Decoder extends Emitter {
  /** @throws {Error} what is malformed; the connection cannot go on */
  add(message) {
    const packet = typeof message === "string" ? undefined : decode(message);
    if (!(packet?.type <= CONNECT_ERROR) || !isPacketValid(packet)) throw new Error("invalid packet");
    this.emitReserved("decoded", packet);
  }

  destroy() {}
}
