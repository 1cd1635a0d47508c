// The official client with a parser of its own, which writes each packet as one JSON text: node custom-parser.mjs URL.
import { EventEmitter } from "node:events";
import { io } from "socket.io-client";

class Encoder {
  encode(packet) { return [JSON.stringify(packet)]; }
}
class Decoder extends EventEmitter {
  add(text) { this.emit("decoded", JSON.parse(text)); }
  off(...args) { return args.length ? super.off(...args) : this.removeAllListeners(); } // as component-emitter's
  destroy() {}
}

setTimeout(() => process.exit(1), 30000).unref();
const socket = io(process.argv[2], { parser: { Encoder, Decoder }, auth: { token: "t" } });
socket.on("greeting", (text, answer) => { console.log(text); answer("fine"); });
const sum = await socket.emitWithAck("sum", 1, 2);
console.log(sum);
socket.on("disconnect", (reason) => { console.log(reason); process.exit(0); });
socket.emit("leave");
