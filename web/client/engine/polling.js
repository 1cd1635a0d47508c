import { decodePayload, encodePayload } from "./packet.js";
import { sendFetch, sendXHR } from "./request.js";
import { Transport } from "./transport.js";
import { logger } from "../debug.js";

const debug = /* @__PURE__ */ logger("engine.io-client:polling");

/**
 * HTTP long-polling (Engine.IO protocol 4, "HTTP long-polling"): there is always one GET on its way, answered when the
 * server has packets, and at most one POST, which carries all packets that gathered while the last one was under way.
 *
 * Beside a Transport's events it emits "poll" and "pollComplete" around each GET.
 */
class Polling extends Transport {
  _polling = false; // a GET is under way
  _leaving = false; // closed before the handshake was answered
  _resumed = 0; // pauses that were taken back

  get name() {
    return "polling";
  }

  doOpen() {
    this._poll();
  }

  _poll() {
    DEBUG: debug("polling");
    this._polling = true;
    this._request("GET", undefined, (text) => this.onData(text));
    this.emitReserved("poll");
  }

  /** Lets the GET and the POST that are under way end and starts no other. */
  pause(onPause) {
    this.readyState = "pausing";
    const turn = this._resumed;
    const check = () => {
      if (this._resumed !== turn || this.readyState !== "pausing") return;
      if (this._polling) return void this.once("pollComplete", check);
      if (!this.writable) return void this.once("drain", check);
      DEBUG: debug("paused");
      this.readyState = "paused";
      onPause();
    };
    check();
  }

  /** Takes a pause back, where the transport that was to take over has failed. */
  resume() {
    if (this.readyState !== "pausing" && this.readyState !== "paused") return;
    this._resumed++;
    this.readyState = "open";
    if (!this._polling) this._poll();
  }

  onData(payload) {
    DEBUG: debug("received %s", payload);
    for (const packet of decodePayload(payload, this.socket.binaryType)) {
      if (this._leaving && packet.type === "open") return this._leave(packet);
      if (this.readyState === "opening" && packet.type === "open") this.onOpen();
      if (packet.type === "close") this.onClose({ description: "transport closed by the server" });
      else this.onPacket(packet);
    }
    if (this.readyState === "closed") return;
    this._polling = false;
    this.emitReserved("pollComplete");
    if (this.readyState === "open") this._poll();
  }

  write(packets) {
    this.writable = false;
    const post = (payload) => this._request("POST", payload, () => this.onDrain());
    const payload = encodePayload(packets);
    if (payload instanceof Promise) payload.then(post, (err) => this._fail("POST", 0, err));
    else post(payload);
  }

  doClose() {
    DEBUG: debug(this.readyState === "open" ? "closing" : "closing once the handshake is answered");
    if (this.readyState === "open") this.write([{ type: "close" }]);
    else this._leaving = true; // the server has a session for us as soon as it answers
  }

  _leave(handshake) {
    this.query.sid = JSON.parse(handshake.data).sid;
    this.write([{ type: "close" }]);
  }

  _request(method, body, onText) {
    const { extraHeaders, withCredentials, requestTimeout, autoUnref } = this.opts;
    DEBUG: debug("%s %s", method, body ?? "");
    this._send({
      method,
      body,
      uri: this.uri(),
      headers: extraHeaders,
      withCredentials,
      timeout: requestTimeout,
      autoUnref,
      onText,
      onError: (status, context) => this._fail(method, status, context),
    });
  }

  uri() {
    if (this.opts.timestampRequests !== false) this.stampQuery();
    if (!this.supportsBinary && !this.query.sid) this.query.b64 = 1;
    return this.createUri("http");
  }
}

/** Polling by XMLHttpRequest, the default; by fetch in a runtime that has no XMLHttpRequest, as Node. */
export class XHR extends Polling {
  _send(call) {
    if (typeof XMLHttpRequest === "undefined") sendFetch(call);
    else sendXHR(call);
  }

  _fail(method, status, context) {
    this.onError(method === "GET" ? "xhr poll error" : "xhr post error", status, context);
  }
}

/** Polling by fetch, for places without XMLHttpRequest such as service workers: `io({transports: [Fetch]})`. */
export class Fetch extends Polling {
  _send(call) {
    sendFetch(call);
  }

  _fail(method, status, context) {
    this.onError(method === "GET" ? "fetch read error" : "fetch write error", status, context);
  }
}
