import { soon } from "../timers.js";
import { encodePacket } from "./packet.js";
import { Transport } from "./transport.js";
import { unrefConnectionOf } from "./unref.js";
import { logger } from "../debug.js";

const debug = /* @__PURE__ */ logger("engine.io-client:websocket");

const OPEN = 1; // WebSocket.OPEN, wherever the WebSocket comes from

/** WebSocket (Engine.IO protocol 4, "WebSocket"): one packet is one message, text or binary. */
export class WebSocketTransport extends Transport {
  get name() {
    return "websocket";
  }

  doOpen() {
    const { autoUnref } = this.opts;
    const uri = this.uri();
    const ended = autoUnref ? unrefConnectionOf(uri) : () => {};
    try {
      this.ws = this._connect(uri);
    } catch (err) {
      ended();
      soon(() => this.onError("websocket error", err)); // later, when listeners are added
      return;
    }
    this.ws.binaryType = this.socket.binaryType;
    DEBUG: debug("connecting");
    this.ws.onopen = () => {
      ended();
      if (autoUnref) this.ws._socket?.unref(); // the package ws, in the place of Node's own WebSocket
      this.onOpen();
    };
    this.ws.onmessage = ({ data }) => this.onData(data);
    this.ws.onerror = (event) => this.onError("websocket error", event);
    this.ws.onclose = (event) => {
      ended();
      this.onClose({ description: "websocket connection closed", context: event });
    };
  }

  _connect(uri) {
    const { protocols } = this.opts;
    return protocols ? new WebSocket(uri, protocols) : new WebSocket(uri);
  }

  write(packets) {
    this.writable = false;
    const messages = packets.map((packet) => encodePacket(packet, this.supportsBinary));
    if (messages.some((message) => message instanceof Promise)) {
      Promise.all(messages).then((read) => this._sendAll(read), (err) => this.onError("websocket error", err));
    } else {
      this._sendAll(messages);
    }
  }

  _sendAll(messages) {
    // While the WebSocket closes, its close event still to come, what is sent is lost; the engine keeps no copy.
    if (this.ws?.readyState === OPEN) for (const message of messages) this.ws.send(message);
    soon(() => this.onDrain()); // the browser queues without end, so the transport is ready as soon as the engine is
  }

  doClose() {
    if (!this.ws) return;
    DEBUG: debug("closing");
    this.ws.onerror = () => {};
    this.ws.close();
    this.ws = null;
  }

  uri() {
    if (this.opts.timestampRequests) this.stampQuery();
    if (!this.supportsBinary) this.query.b64 = 1;
    return this.createUri("ws");
  }
}
