// Runs one scenario in the browser, with the client that the query names:
//
//     page.html?control=http://…&client=/page/ours/dist/socket.io.js
//
// `run(name)` resolves to the observations of both sides.
import { scenarios } from "./scenarios/all.mjs";
import { plain, settle } from "./scenarios/plain.mjs";

const params = new URLSearchParams(location.search);
const control = params.get("control");
const client = params.get("client");

async function loadClient() {
  if (/esm|index/.test(client)) return (await import(client)).default;
  await new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: client, onload: resolve, onerror: reject });
    document.head.append(script);
  });
  return globalThis.io;
}

async function ask(action, query) {
  const response = await fetch(`${control}/${action}?${new URLSearchParams(query)}`, { method: "POST" });
  if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
  return response.json();
}

class Context {
  constructor(io, { id, port }) {
    this.io = io;
    this.id = id;
    this.url = `http://127.0.0.1:${port}`;
    this.port = port;
    this.entries = [];
    this.sockets = [];
    this.log = this.log.bind(this);
  }

  log(...entry) {
    this.entries.push(entry.map(plain));
  }

  /** A socket of its own connection. */
  connect(opts, nsp = "") {
    const socket = this.io(this.url + nsp, { forceNew: true, ...opts });
    this.sockets.push(socket);
    return socket;
  }

  /** Returns the arguments of the next event of that name. */
  next(emitter, event) {
    return this.limit(`no ${event}`, new Promise((resolve) => emitter.once(event, (...args) => resolve(args))));
  }

  /** Logs each of these events of an emitter, under a label. */
  trace(label, emitter, ...events) {
    for (const event of events) emitter.on(event, (...args) => this.log(label, event, ...args));
  }

  call(action) {
    return ask("call", { id: this.id, action });
  }

  /** The arguments of the event that the server's action leads to. The event may come before the action is answered. */
  after(action, emitter, event) {
    const args = this.next(emitter, event);
    return Promise.race([args, this.call(action).then(() => args)]);
  }

  /** Waits until the server has logged this number of entries. */
  heard(count) {
    return this.until(`${count} entries on the server`, async () => (await ask("log", { id: this.id })).length >= count);
  }

  async until(what, condition) {
    let over = false;
    const poll = async () => {
      while (!over && !(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    await this.limit(`never: ${what}`, poll()).finally(() => (over = true));
  }

  /** Rejects if the promise takes too long. */
  limit(complaint, promise) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(complaint)), 40000);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
  }
}

async function run(name) {
  const io = await loadClient();
  const context = new Context(io, await ask("begin", { scenario: name }));
  let failure = "";
  try {
    await scenarios[name].client(context);
  } catch (err) {
    failure = String(err.stack ?? err);
  }
  const entries = await settle([...context.entries]);
  const log = await ask("log", { id: context.id });
  for (const socket of context.sockets) {
    socket.io.reconnection(false);
    socket.disconnect();
  }
  await ask("end", { id: context.id });
  return { client: entries.map((e) => JSON.stringify(e)), server: log.map((e) => JSON.stringify(e)), failure };
}

globalThis.run = run;
globalThis.ready = true;
