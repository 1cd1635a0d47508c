// The world of one check: a page that has just been opened, its clock, its network, and what it shows.

let current; // the world of the check that runs
let uuids = 0; // made so far

/** What a check found, in both languages. */
class Finding extends Error {
  constructor(en, zh) {
    super(en);
    Object.assign(this, { en, zh });
  }
}

/** Ends a check with what is not right yet. */
function fail(en, zh) { throw new Finding(en, zh); }

const mostPrinted = 200;

class World {
  printed = [];
  sockets = []; // every WebSocket of the page, in order; Socket.IO's are not among them
  sources = []; // every EventSource
  requests = []; // every fetch
  rate = Infinity; // of the network, in bytes per ms
  buffered = 0; // the most that a WebSocket had to buffer
  random = 0.5; // what Math.random returns, or a function
  clock = new Clock((error) => this.thrown(error));
  server = new SocketServer(this);
  #code; #library; #elements;
  #error;

  /** @param elements of the page: id → the element's name */
  constructor(code, library, elements) {
    [this.#code, this.#library, this.#elements] = [code, library, elements];
    this.document = new PageDocument(elements);
    this.window = new Target();
    current = this;
  }

  /** Returns the world of another reader, who opens the same page. */
  another() { return new World(this.#code, this.#library, this.#elements); }

  /** Notes what the page's code threw. The check ends with the first. */
  thrown(error) { this.#error ??= error ?? new Error(String(error)); }

  /** Takes a WebSocket that the page opened. */
  connected(socket) {
    if (new URL(socket.url).pathname.startsWith("/socket.io/")) return this.server.take(socket);
    this.sockets.push(socket);
    this.opened?.(socket);
  }

  /** Changes the network's rate, in bytes per ms. */
  setRate(rate) {
    this.rate = rate;
    for (const socket of this.sockets) socket.goOn();
  }

  /** Returns the element with that id. */
  $ = (id) => this.document.getElementById(id);

  /** Lets ms pass, and ends the check if the page's code threw something. */
  async advance(ms) {
    await this.clock.advance(ms);
    await this.settle();
  }

  /** Lets time pass until stop() returns true, but at most ms. */
  async until(stop, ms) {
    await this.clock.advance(ms, stop);
    await this.settle();
  }

  /** Lets promises settle. */
  async settle() {
    await settle();
    await settle(); // the browser reports a rejected promise in a task of its own
    if (this.#error) throw this.#error;
  }

  /** Opens the page. extra are names that this exercise's page has beside a browser's. */
  async open(extra = {}) {
    const scope = this.#scope(extra);
    if (this.#library) {
      const { io } = scope.window;
      scope.io = Object.assign((url, options) => (typeof url === "string" ? io(url, { transports: ["websocket"], ...options }) : io({ transports: ["websocket"], ...url })), io);
    }
    run(this.#code, scope).catch((error) => this.thrown(error));
    await this.settle();
  }

  print(...values) { if (this.printed.length < mostPrinted) this.printed.push(values.map(textOf).join(" ")); }

  #scope(extra) {
    const { clock } = this;
    const world = this;
    const storage = new Map();
    const scope = {
      document: this.document, location: here, navigator: { onLine: true, language: "en", userAgent: "lab" },
      WebSocket: PageWebSocket, EventSource: PageEventSource,
      fetch: (url, options) => {
        const request = new PageRequest(url, options);
        this.requests.push(request);
        this.fetched?.(request);
        return request.response;
      },
      setTimeout: (f, ms, ...args) => clock.start(() => f(...args), ms), clearTimeout: (id) => clock.stop(id),
      setInterval: (f, ms, ...args) => clock.start(() => f(...args), ms, true), clearInterval: (id) => clock.stop(id),
      requestAnimationFrame: (f) => clock.start(() => f(clock.now), 16), cancelAnimationFrame: (id) => clock.stop(id),
      performance: { now: () => clock.now - Date.UTC(2026, 8, 1, 8) },
      Date: class extends Date {
        constructor(...args) { super(...(args.length > 0 ? args : [clock.now])); }
        static now() { return clock.now; }
      },
      Math: Object.create(Math, { random: { value: () => (typeof world.random === "function" ? world.random() : world.random) } }),
      crypto: { randomUUID: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, "0")}` },
      localStorage: { getItem: (key) => storage.get(key) ?? null, setItem: (key, value) => storage.set(key, String(value)), removeItem: (key) => storage.delete(key) },
      AbortSignal: {
        timeout: (ms) => {
          const controller = new AbortController();
          clock.start(() => controller.abort(new DOMException("signal timed out", "TimeoutError")), ms);
          return controller.signal;
        },
        any: (signals) => AbortSignal.any(signals),
      },
      addEventListener: this.window.addEventListener.bind(this.window), removeEventListener: this.window.removeEventListener.bind(this.window),
      print: (...values) => this.print(...values), console: { log: (...values) => this.print(...values), error: (...values) => this.print(...values), warn: (...values) => this.print(...values) },
      postMessage: undefined, importScripts: undefined, Worker: undefined, XMLHttpRequest: undefined, indexedDB: undefined,
      ...extra,
    };
    const window = Object.assign(this.window, scope);
    for (const name of ["window", "self", "globalThis"]) scope[name] = window;
    if (this.#library) new Function(...Object.keys(scope), this.#library)(...Object.values(scope));
    return scope;
  }
}

function textOf(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return String(value);
  try { return JSON.stringify(value) ?? String(value); } catch { return String(value); }
}

const AsyncFunction = (async () => {}).constructor;

/** Runs the page's code as a module, with these names beside the language's own. */
async function run(code, scope) {
  return new AsyncFunction(...Object.keys(scope), `"use strict"; {${code}\n}\n//# sourceURL=page.js`)(...Object.values(scope));
}

/** Returns the line of the page's code at which an error was thrown, or undefined. */
function lineOf(error) {
  const found = /page\.js:(\d+)/.exec(error?.stack ?? "");
  return found ? Number(found[1]) - firstLine() + 1 : undefined;
}

let first;
/** The number that the engine gives to the first line of a function's body. */
function firstLine() {
  if (first === undefined) {
    try {
      new Function("a", '"use strict"; {throw new Error()\n}\n//# sourceURL=first.js')();
    } catch (error) {
      first = Number(/first\.js:(\d+)/.exec(error.stack)?.[1] ?? 1);
    }
  }
  return first;
}
