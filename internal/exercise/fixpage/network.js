// WebSocket, EventSource and fetch of the page, and the server's side of each for the checks. Nothing leaves the frame.

const here = { protocol: "http:", host: "lab.example", hostname: "lab.example", port: "", pathname: "/", search: "", hash: "", origin: "http://lab.example", href: "http://lab.example/" };

/** Returns the size of what a page sends, in bytes. */
function sizeOf(data) {
  if (typeof data === "string") return new TextEncoder().encode(data).length;
  return data.byteLength ?? data.size ?? String(data).length;
}

class PageWebSocket extends Target {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;

  readyState = 0;
  binaryType = "blob";
  protocol = "";
  extensions = "";
  onopen = null;
  onmessage = null;
  onerror = null;
  onclose = null;

  /** What the server has received. */
  received = [];
  #queue = []; // {data, left}: sent, and not yet on the network
  #unsent = 0;
  #draining;

  constructor(url, protocols) {
    super();
    this.url = new URL(url, here.href).href.replace(/^http/, "ws");
    this.protocols = protocols;
    this.openedAt = current.clock.now;
    current.connected(this);
  }

  get CONNECTING() { return 0; }
  get OPEN() { return 1; }
  get CLOSING() { return 2; }
  get CLOSED() { return 3; }

  /** Bytes that wait for the network, including bytes that a connection had not sent when it ended. */
  get bufferedAmount() { return this.#unsent + this.#queue.reduce((sum, { left }) => sum + left, 0); }

  send(data) {
    if (this.readyState === 0) throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
    if (this.readyState > 1) {
      this.#unsent += sizeOf(data);
      return;
    }
    const copy = data instanceof ArrayBuffer ? data.slice(0) : ArrayBuffer.isView(data) ? data.slice() : data;
    this.#queue.push({ data: copy, left: sizeOf(copy) });
    current.buffered = Math.max(current.buffered, this.bufferedAmount);
    this.#drain();
  }

  /** Sends the waiting data at the rate of the network, in bytes per ms. */
  #drain() {
    const { rate } = current;
    if (rate === Infinity) {
      while (this.#queue.length > 0) this.#arrived();
      return;
    }
    if (this.#draining || rate === 0) return;
    this.#draining = current.clock.start(() => {
      this.#draining = undefined;
      for (let room = rate * 20; room > 0 && this.#queue.length > 0;) {
        const part = Math.min(room, this.#queue[0].left);
        room -= part;
        this.#queue[0].left -= part;
        if (this.#queue[0].left > 0) break;
        this.#arrived();
      }
      if (this.#queue.length > 0) this.#drain();
    }, 20);
  }

  #arrived() {
    const { data } = this.#queue.shift();
    this.received.push(data);
    this.onreceive?.(data);
  }

  /** Changes the rate of the network from now on. */
  goOn() { this.#drain(); }

  close(code = 1005, reason = "") {
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.closedByPage = { code, reason };
    current.clock.start(() => this.#end(code, reason, true));
  }

  #end(code, reason, wasClean) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#unsent = this.bufferedAmount;
    this.#queue = [];
    if (!wasClean) this.dispatchEvent({ type: "error" });
    this.dispatchEvent({ type: "close", code, reason, wasClean });
  }

  // The server's side.

  /** Accepts the handshake. */
  accept() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.dispatchEvent({ type: "open" });
  }

  /** Sends a message to the page. Objects go as JSON. */
  receive(data) {
    if (this.readyState > 1) return;
    const text = typeof data === "string" || data instanceof ArrayBuffer ? data : JSON.stringify(data);
    this.dispatchEvent({ type: "message", data: text, origin: here.origin, lastEventId: "" });
  }

  /** Ends the connection without a closing handshake, or refuses it. */
  cut() { this.#end(1006, "", false); }

  /** Closes the connection from the server's side. */
  closeByServer(code, reason = "") { this.#end(code, reason, true); }
}

class PageEventSource extends Target {
  static CONNECTING = 0;
  static OPEN = 1;
  static CLOSED = 2;

  readyState = 0;
  withCredentials = false;
  onopen = null;
  onmessage = null;
  onerror = null;

  /** One entry for each request: {lastEventId, at}. */
  requests = [];
  #lastEventId = "";
  #retry = 3000;
  #timer;

  constructor(url) {
    super();
    this.url = new URL(url, here.href).href;
    current.sources.push(this);
    this.#request();
  }

  get CONNECTING() { return 0; }
  get OPEN() { return 1; }
  get CLOSED() { return 2; }

  #request() {
    this.requests.push({ lastEventId: this.#lastEventId, at: current.clock.now });
    current.asked?.(this);
  }

  close() {
    this.readyState = 2;
    current.clock.stop(this.#timer);
  }

  // The server's side.

  /** Answers 200 with an event stream. */
  accept() {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.dispatchEvent({ type: "open" });
  }

  /** Sends an event: {id, event, data}. Objects go as JSON. */
  receive({ id, event = "message", data }) {
    if (this.readyState !== 1) return;
    if (id !== undefined) this.#lastEventId = String(id);
    this.dispatchEvent({ type: event, data: typeof data === "string" ? data : JSON.stringify(data), lastEventId: this.#lastEventId, origin: here.origin });
  }

  /** Ends the response or loses the connection: the browser asks again after the retry time. */
  cut() {
    if (this.readyState === 2) return;
    this.readyState = 0;
    this.dispatchEvent({ type: "error" });
    if (this.readyState === 0) this.#timer = current.clock.start(() => { if (this.readyState === 0) this.#request(); }, this.#retry);
  }

  /** Answers with another status than 200: the browser gives up (HTML, section 9.2.2). */
  refuse() {
    if (this.readyState === 2) return;
    this.readyState = 2;
    this.dispatchEvent({ type: "error" });
  }
}

/** A request of the page's fetch. The check answers it. */
class PageRequest {
  #resolve; #reject;

  constructor(url, { method = "GET", headers = {}, body, signal } = {}) {
    this.url = new URL(url, here.href).href;
    Object.assign(this, { method, body, at: current.clock.now });
    this.headers = Object.fromEntries(new Headers(headers));
    this.response = new Promise((resolve, reject) => { [this.#resolve, this.#reject] = [resolve, reject]; });
    const abort = () => this.#reject(signal.reason ?? new DOMException("The operation was aborted.", "AbortError"));
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort);
  }

  respond(status, body) { this.#resolve(new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } })); }
  fail() { this.#reject(new TypeError("Failed to fetch")); }
}
