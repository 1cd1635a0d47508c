// Reads one JSON array a line and writes the official MessagePack parser's EVENT with it, in hex.
import { createInterface } from "node:readline";
import { Encoder, PacketType } from "socket.io-msgpack-parser";

const encoder = new Encoder();
for await (const line of createInterface({ input: process.stdin })) {
  const [bytes] = encoder.encode({ type: PacketType.EVENT, data: JSON.parse(line), nsp: "/" });
  console.log(bytes.toString("hex"));
}
