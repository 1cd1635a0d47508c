import { soon } from "../timers.js";
import { Transport } from "./transport.js";

/**
 * WebTransport is not spoken here. To who asks for it, and to an upgrade that a server offers, it is a transport that
 * cannot connect, as where a browser or a network knows none: the next one has its turn.
 */
export class WebTransportTransport extends Transport {
  get name() {
    return "webtransport";
  }

  doOpen() {
    soon(() => this.onError("webtransport error", new Error("this client has no WebTransport"))); // nobody listens yet
  }

  doClose() {}
}
