// The parts that the pages over Socket.IO share: the connection and its badges, and the list of
// people.

import { catalogue } from "./catalogue.js";
import { client } from "./client.js";
import { $ } from "./lab.js";
import { append, momentItem } from "./chat.js";
import { texts } from "./socketio-text.js";

const t = catalogue("socketio", texts);

/** Notes a moment in the connection's timeline. */
export const happened = (text, className) => append($("timeline"), momentItem(text, className));

/** The name this browser goes by in all demos. */
export function myName() {
  return localStorage.getItem("name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
}

/** Keeps the list of people that the server sends: all of them once, then changes. Calls show after each. */
export function followPeople(socket, show) {
  const people = new Map(); // id → {id, name, rooms}
  const reset = (all) => {
    people.clear();
    for (const person of all) people.set(person.id, person);
    show();
  };
  socket.on("people", reset);
  socket.on("people changed", ({ here, gone }) => {
    for (const person of here) people.set(person.id, person);
    for (const id of gone) people.delete(id);
    show();
  });
  socket.on("disconnect", () => reset([]));
  return () => [...people.values()].sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1));
}

/** A Manager and its sockets, with the card that shows them. The server knows it by `name`. */
export class Connection {
  sockets = [];
  followed = new WeakSet();

  constructor(options, name = client) {
    this.name = name;
    this.manager = new io.Manager({ ...options, autoConnect: false, query: { client: this.name } });
    this.manager.on("open", () => this.onOpen());
    this.manager.on("error", (error) => { happened(t("lost", error.message ?? error), "bad"); this.show(); });
    this.manager.on("reconnect_attempt", (n) => happened(t("attempt", n)));
    $("disconnect").addEventListener("click", () => this.disconnect());
    $("reconnect").addEventListener("click", () => this.connect());
    $("cut").addEventListener("click", () => this.cut());
    this.show();
  }

  /** The socket of a namespace, shown in the card from now on. */
  socket(nsp = "/", options = {}) {
    const socket = this.manager.socket(nsp, options);
    if (!this.sockets.includes(socket)) this.sockets.push(socket);
    if (this.followed.has(socket)) return socket;
    this.followed.add(socket);
    socket.on("connect", () => { happened(t("joined", nsp, socket.id), "good"); this.show(); });
    socket.on("disconnect", (reason, details) => {
      const code = details?.context?.code; // of a WebSocket's close event
      happened(code ? t("goneWith", nsp, reason, code) : t("gone", nsp, reason), "bad");
      this.show();
    });
    socket.on("connect_error", (error) => {
      if (!socket.active) {
        happened(t("failed", nsp, error.message), "bad");
        this.sockets = this.sockets.filter((s) => s !== socket); // whoever wants it must ask again
      }
      this.show();
    });
    return socket;
  }

  /** Connects these sockets, all if none are named. */
  connect(...sockets) {
    for (const socket of sockets.length ? sockets : this.sockets) socket.connect();
    this.show();
  }

  disconnect() {
    for (const socket of this.sockets) socket.disconnect();
    this.show();
  }

  /** Lets the server abort the TCP connection. Between two polls there is none to abort, so it asks again. */
  async cut() {
    const { engine } = this.manager;
    while (engine.readyState === "open") {
      const answer = await fetch(`/cut?client=${this.name}`, { method: "POST" });
      if ((await answer.json()).cut > 0) return;
    }
  }

  onOpen() {
    const { engine } = this.manager;
    const first = engine.transport.name;
    happened(t("opened", first), "good");
    engine.once("upgrade", (transport) => {
      happened(t("upgraded", first, transport.name), "good");
      $("transport").classList.add("flash");
      this.show();
    });
  }

  show() {
    const on = this.sockets.some((s) => s.connected);
    $("status").textContent = t(on ? "on" : "off");
    $("status").className = `badge ${on ? "good" : "bad"}`;
    $("transport").textContent = on ? this.manager.engine.transport.name : t("none");
    $("disconnect").disabled = !this.sockets.some((s) => s.active);
    $("reconnect").disabled = this.sockets.every((s) => s.active);
    $("cut").disabled = !on;
  }
}
