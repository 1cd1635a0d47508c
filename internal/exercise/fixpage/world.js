// The world of one check: a page that has just been opened, its clock, its network, and its output.

let current; // the world of the check that runs
let uuids = 0; // made so far
let worlds = 0; // made so far

/** A check's finding, in both languages. */
class Finding extends Error {
  constructor(en, zh) {
    super(en);
    Object.assign(this, { en, zh });
  }
}

/** Ends a check with a finding. */
function fail(en, zh) { throw new Finding(en, zh); }

const mostPrinted = 200;

class World {
  printed = [];
  sockets = []; // every WebSocket of the page, in order; Socket.IO's are not among them
  sources = []; // every EventSource
  requests = []; // every fetch
  rate = Infinity; // of the network, in bytes per ms
  buffered = 0; // the most bytes that a WebSocket has buffered
  random = randomNumbers(++worlds); // what Math.random returns, or a function: always the same numbers, but others in each world
  clock = new Clock((error) => this.thrown(error));
  server = new SocketServer(this);
  #code; #library; #elements;
  #error;

  /** @param elements of the page: id → the element's name */
  constructor(code, library, elements) {
    [this.#code, this.#library, this.#elements] = [code, library, elements];
    this.window = new Target();
    this.document = new PageDocument(elements, this.window);
    current = this;
  }

  /** Returns the world of another reader, who opens the same page. */
  another() { return new World(this.#code, this.#library, this.#elements); }

  /** Records an exception of the page's code. The first one ends the check. */
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

  /** Opens the page. extra holds names that this exercise's page has in addition to a browser's. */
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
    const random = () => (typeof world.random === "function" ? world.random() : world.random);
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
      performance: { now: () => clock.now - opened },
      Date: class extends Date {
        constructor(...args) { super(...(args.length > 0 ? args : [clock.now])); }
        static now() { return clock.now; }
      },
      Math: Object.create(Math, { random: { value: random } }),
      crypto: {
        randomUUID: () => `00000000-0000-4000-8000-${String(++uuids).padStart(12, "0")}`,
        getRandomValues: (numbers) => randomValues(numbers, random),
      },
      localStorage: storage(), sessionStorage: storage(),
      Event: PageEvent, CustomEvent: PageCustomEvent, Node: PageNode, Element: PageElement, HTMLElement: PageElement,
      CSS: { escape: (text) => String(text).replace(/[^\w-]/g, "\\$&") },
      alert: (...values) => this.print(...values),
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

/** Returns a function that returns numbers from 0 to below 1, which depend on the seed alone (mulberry32). */
function randomNumbers(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Fills a typed array with numbers of its whole range. */
function randomValues(numbers, random) {
  const bits = 8 * numbers.BYTES_PER_ELEMENT;
  for (let i = 0; i < numbers.length; i++) {
    const value = BigInt(Math.floor(random() * 2 ** Math.min(bits, 53))) << BigInt(Math.max(bits - 53, 0));
    numbers[i] = typeof numbers[i] === "bigint" ? value : Number(value);
  }
  return numbers;
}

function storage() {
  const values = new Map();
  return {
    getItem: (key) => values.get(String(key)) ?? null, setItem: (key, value) => { values.set(String(key), String(value)); },
    removeItem: (key) => { values.delete(String(key)); }, clear: () => values.clear(),
    key: (i) => [...values.keys()][i] ?? null, get length() { return values.size; },
  };
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
