import { soon } from "../timers.js";
import { encodeStream, StreamDecoder } from "./stream.js";
import { Transport } from "./transport.js";
import { logger } from "../debug.js";

const debug = /* @__PURE__ */ logger("engine.io-client:webtransport");

/** The milliseconds that a server may take to hear the end of the stream, and end its own. */
const LINGER = 1000;

/**
 * WebTransport: a session over HTTP/3 with one bidirectional stream, where each packet has its length before it. The
 * first packet says what the stream is for:
 *
 *     0                 a new session
 *     0{"sid":"…"}      the upgrade of the session that has this sid
 *
 * `transportOptions.webtransport` are the options of the browser's WebTransport, such as
 * serverCertificateHashes. A browser without WebTransport cannot connect.
 */
export class WebTransportTransport extends Transport {
  get name() {
    return "webtransport";
  }

  doOpen() {
    try {
      this._session = new WebTransport(this.uri(), this.opts.transportOptions?.[this.name]);
    } catch (err) {
      soon(() => this._fail(err)); // later, when listeners are added
      return;
    }
    this._session.closed.then(() => this._end(), (err) => this._fail(err));
    this._talk(this._session).catch(() => {}).then(() => this._session.close()); // what was wrong is in session.closed
  }

  async _talk(session) {
    await session.ready;
    DEBUG: debug("the session is open");
    const stream = await session.createBidirectionalStream();
    this._writer = stream.writable.getWriter();
    const { sid } = this.query;
    await this._writer.write(encodeStream([{ type: "open", data: sid && JSON.stringify({ sid }) }]));
    if (this.readyState !== "opening") return;
    this.onOpen();
    await this._read(stream.readable.getReader());
  }

  /** Reads until the server ends the stream. */
  async _read(reader) {
    const decoder = new StreamDecoder(this.socket.binaryType);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      DEBUG: debug("received %d bytes", value.byteLength);
      for (const packet of decoder.decode(value)) {
        queueMicrotask(() => this.onPacket(packet)); // there a listener's exception is reported, and disturbs nothing here
      }
    }
  }

  write(packets) {
    this.writable = false;
    const bytes = encodeStream(packets);
    if (bytes instanceof Promise) bytes.then((read) => this._send(read), (err) => this._fail(err));
    else this._send(bytes);
  }

  _send(bytes) {
    // a write fails only with the session, which then says why
    this._writer.write(bytes).then(() => this.onDrain(), () => {});
  }

  /** Ends the stream. The session ends when the server has ended its side, because with it goes what is on its way. */
  doClose() {
    const end = () => this._session?.close();
    if (this._writer) this._writer.close().then(() => this.socket._timers.start(end, LINGER), end);
    else end();
  }

  _end() {
    if (this.readyState !== "closed") this.onClose();
  }

  _fail(err) {
    DEBUG: debug("failed: %s", err);
    if (this.readyState !== "closed") this.onError("webtransport error", err);
  }

  uri() {
    return this.createUri("http", "https"); // WebTransport always uses TLS
  }
}
