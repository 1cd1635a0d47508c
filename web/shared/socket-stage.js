// The stage of a page that speaks Socket.IO: one connection, its facts, and the messages on their way.

import { catalogue } from "./catalogue.js";
import { $ } from "./lab.js";
import { Outbox } from "./outbox.js";
import { Connection } from "./socketio.js";
import { openStage } from "./stage.js";
import { texts } from "./stage-text.js";
import { packets } from "./trace.js";

const t = catalogue("stage", texts);

/** Opens the stage of a page over Socket.IO. Nothing is connected yet. options are those of io.Manager, lights as in openStage. */
export async function openSocketStage(options = {}, lights = {}) {
  return new SocketStage(await openStage(packets, lights), options);
}

class SocketStage {
  /** Events that are no facts, because the server sends them all the time. */
  quiet = [];

  constructor(stage, options) {
    this.stage = stage;
    this.connection = new Connection(options, stage.client);
    if ($("messages")) this.outbox = new Outbox($("messages"), (n) => this.#showBuffer(n));
  }

  /**
   * Follows a socket's events as facts: "→ chat message", "← chat message", "online", "offline", "buffered". Those of
   * another namespace than "/" name it: "→ /news subscribe", "online /news".
   */
  follow(socket) {
    const at = socket.nsp === "/" ? "" : `${socket.nsp} `;
    const is = (state) => this.stage.fact(`${state}${at && ` ${socket.nsp}`}`);
    socket.onAny((event) => { if (!this.quiet.includes(event)) this.stage.fact(`← ${at}${event}`); });
    socket.onAnyOutgoing((event) => this.stage.fact(`→ ${at}${event}`));
    socket.on("connect", () => { this.outbox?.flushed(); is("online"); this.#showBuffer(0); });
    socket.on("disconnect", () => { this.outbox?.broken(); is("offline"); this.#showBuffer(0); });
  }

  /** Follows and connects a socket, and begins the steps, see Stage.begin. */
  begin(socket, acts, send) {
    this.follow(socket);
    this.connection.connect(socket);
    this.stage.begin(acts, send);
  }

  /** Takes a fact of the page's own, see Stage.fact. */
  fact(fact) { this.stage.fact(fact); }

  /** Takes a fact of another client that the page drives, which names itself otherID to the server. */
  otherFact(fact) { this.stage.otherFact(fact); }
  get otherID() { return this.stage.otherID; }

  /** Notes that a message {id, from, text} was sent, for the list and for the steps. */
  sent(message, comesBack, socket) {
    this.outbox.add(message, comesBack, socket.connected);
    if (!socket.connected) this.stage.fact("buffered");
  }

  #showBuffer(n) {
    $("buffer").textContent = n > 0 ? t("inBuffer", n) : "";
    if ($("send")) $("send").textContent = t(this.connection.sockets.some((socket) => socket.connected) ? "send" : "later");
  }
}
