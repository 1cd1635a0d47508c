// Runs the code that a reader edits, in a sandboxed frame: it has an origin of its own and may open no connection. The page
// around it opens them, see play.js; here stand fetch, WebSocket and EventSource in the same shape. Not a module: the server
// writes it into the frame's document.

{
  const page = new Map(); // id → takes the page's messages about that connection
  const tell = (message, transfer) => parent.postMessage(message, "*", transfer);
  let last = 0;

  /** Asks the page to open a connection. Returns its id. */
  const ask = (message, take) => {
    page.set(++last, take);
    tell({ ...message, id: last });
    return last;
  };

  const dispatch = (target, event) => {
    target[`on${event.type}`]?.call(target, event);
    target.dispatchEvent(event);
  };

  window.fetch = (url, { method = "GET", headers = {}, body, signal } = {}) => new Promise((resolve, reject) => {
    let answer;
    const id = ask({ fetch: String(url), method, headers: [...new Headers(headers)], body }, (message) => {
      if (message.status) {
        const stream = new ReadableStream({ start: (controller) => { answer = controller; }, cancel: () => tell({ id, abort: true }) });
        resolve(new Response(message.status === 204 ? null : stream, { status: message.status, statusText: message.statusText, headers: message.headers }));
      } else if (message.chunk) answer.enqueue(message.chunk);
      else if (message.failed) {
        const error = signal?.aborted ? signal.reason : new TypeError(message.failed);
        reject(error);
        answer?.error(error);
      } else if (message.done) answer.close();
    });
    signal?.addEventListener("abort", () => tell({ id, abort: true }));
  });

  const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };

  window.WebSocket = class WebSocket extends EventTarget {
    readyState = 0;
    bufferedAmount = 0;
    binaryType = "blob";
    protocol = "";
    extensions = "";
    #id;

    constructor(url, protocols = []) {
      super();
      this.url = new URL(url, location.href.replace(/^http/, "ws")).href.replace(/^http/, "ws");
      this.#id = ask({ socket: this.url, protocols }, (message) => this.#take(message));
    }

    #take({ event, data, code, reason, wasClean }) {
      if (event === "open") this.readyState = 1;
      if (event === "close") this.readyState = 3;
      if (event === "close") dispatch(this, new CloseEvent("close", { code, reason, wasClean }));
      else if (event !== "message") dispatch(this, new Event(event));
      else dispatch(this, new MessageEvent("message", { data: typeof data !== "string" && this.binaryType === "blob" ? new Blob([data]) : data }));
    }

    send(data) {
      if (this.readyState === 0) throw new DOMException("Still in CONNECTING state.", "InvalidStateError");
      tell({ id: this.#id, send: data });
    }

    close(code, reason) {
      if (this.readyState > 1) return;
      this.readyState = 2;
      tell({ id: this.#id, close: [code, reason].filter((part) => part !== undefined) });
    }
  };
  Object.assign(WebSocket, states);
  Object.assign(WebSocket.prototype, states);

  window.EventSource = class EventSource extends EventTarget {
    readyState = 0;
    #id;

    constructor(url) {
      super();
      this.url = new URL(url, location.href).href;
      this.#id = ask({ events: this.url }, ({ event, state, data, lastEventId }) => {
        this.readyState = state;
        dispatch(this, data === undefined ? new Event(event) : new MessageEvent(event, { data, lastEventId }));
      });
    }

    addEventListener(type, ...rest) {
      if (!["open", "error", "message"].includes(type)) tell({ id: this.#id, listen: type });
      super.addEventListener(type, ...rest);
    }

    close() {
      this.readyState = 2;
      tell({ id: this.#id, close: [] });
    }
  };

  const text = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return String(value);
    try { return JSON.stringify(value) ?? String(value); } catch { return String(value); }
  };
  window.print = (...values) => tell({ print: values.map(text).join(" ") });
  console.log = print;
  addEventListener("error", (event) => tell({ error: event.message }));
  addEventListener("unhandledrejection", (event) => tell({ error: text(event.reason) }));

  addEventListener("message", ({ data, source }) => {
    if (source !== parent || parent === window) return;
    if (data.id) return page.get(data.id)(data);
    if (data.library) {
      (0, eval)(data.library);
      const { io } = window;
      window.io = Object.assign((url, options) => (typeof url === "string" ? io(url, { transports: ["websocket"], ...options }) : io({ transports: ["websocket"], ...url })), io);
    }
    const AsyncFunction = (async () => {}).constructor;
    try {
      new AsyncFunction(data.code)().catch((error) => tell({ error: text(error) }));
    } catch (error) {
      tell({ error: text(error) });
    }
  });
  tell({ ready: true });
}
