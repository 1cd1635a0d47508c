// The x-ray's rows as arrows between two clients and the server. Pure: rows go in, arrows come out.
//
// An arrow is one packet, message, request or answer: {id, client, up, time, layer, packet, kind, event}. client is the name
// that the trace was given for it, time is in milliseconds since the epoch, layer is the row's, kind is "event", "ack",
// "heartbeat" or "control", and event is the name of a Socket.IO event, or what else makes two arrows alike. A Socket.IO
// packet of another namespace than "/" has its nsp. An HTTP request is a "request", "empty" if its answer brought nothing
// new, and has a bar, see exchanges.js. The end of a connection that cut something is a "cut".
//
// What a page shows is a reader: a function from a row, and the state of its connection, to
// {packet, kind, event}; to null for a row that is not an arrow; or to "changed" for a row that
// changed an arrow. packets and frames are below, exchanges.js reads HTTP.

const mostArrows = 120;
const mostStreams = 500; // of HTTP/2, those with the latest rows

export class Trace {
  arrows = [];
  #names; // by the client's id in the query
  #read;
  #conns = new Map(); // the state of each connection; client is the name of its last request's
  #streams = new Map(); // the state of each stream of HTTP/2, which is like a connection with one request
  #held = []; // arrows with a bar, some of which are no longer in arrows

  /** clients maps the id that a client sends as ?client= to its name in the arrows. Rows of all others are ignored. */
  constructor(clients, read) {
    this.#names = new Map(Object.entries(clients));
    this.#read = read;
  }

  /** Takes rows as the server sends them. Returns whether something changed. */
  add(rows) {
    const before = this.arrows.at(-1)?.id ?? 0;
    const read = rows.map((row) => this.#arrow(row)).filter(Boolean);
    const added = read.filter((arrow) => arrow !== "changed");
    if (read.length === 0) return false;
    this.arrows.push(...added);
    if (added.length > 0 && added[0].id < before) this.arrows.sort((a, b) => a.id - b.id); // of a connection that was recognised late
    this.arrows = this.arrows.filter((arrow, i) => !this.#isOld(arrow, i)).slice(-mostArrows);
    const first = this.arrows[0]?.id ?? 0;
    this.#held = [...this.#held, ...added.filter((arrow) => arrow.bar)].filter(({ bar }) => bar.to === null || bar.to >= first);
    return true;
  }

  /** The bars of requests: {client, from, to, cut}, of which from and to are ids of rows. */
  get bars() { return this.#held.map(({ client, id, bar }) => ({ client, from: id, ...bar })); }

  clear() {
    this.arrows = [];
    this.#held = [];
    this.#conns.clear();
    this.#streams.clear();
  }

  #arrow(row) {
    const conn = row.stream ? this.#streamOf(row) : this.#connOf(row);
    if (row.layer === "http" && row.dir === "in") conn.client = this.#names.get(clientOf(row.summary.en));
    const read = conn.client && this.#read(row, conn);
    if (read === "changed") return read;
    if (read) return this.#complete(read, row, conn);
    let ended = null;
    if (row.layer === "tcp") { // all streams of the connection end
      for (const stream of this.#streams.values()) {
        if (stream.conn !== row.conn || !stream.client) continue;
        const cut = this.#read(row, stream);
        if (cut && cut !== "changed") ended ??= this.#complete(cut, row, stream);
      }
    }
    return ended;
  }

  #complete(read, row, { client }) {
    return Object.assign(read, { id: row.id, client, up: row.dir === "in", time: Date.parse(row.time), layer: row.layer });
  }

  #connOf({ conn }) {
    if (!this.#conns.has(conn)) this.#conns.set(conn, {});
    return this.#conns.get(conn);
  }

  #streamOf({ conn, stream }) {
    const key = `${conn} ${stream}`;
    const state = this.#streams.get(key) ?? { conn };
    this.#streams.delete(key);
    this.#streams.set(key, state); // the last, as the latest
    if (this.#streams.size > mostStreams) this.#streams.delete(this.#streams.keys().next().value);
    return state;
  }

  /**
   * Of heartbeats that follow each other without anything between, only the last of each client and way is kept; so it is
   * with empty exchanges that are alike. The one that is kept counts them as times.
   */
  #isOld(arrow, i) {
    if (!isIdle(arrow)) return false;
    for (const later of this.arrows.slice(i + 1)) {
      if (later.kind === "request") continue; // which may turn out to be empty
      if (!isIdle(later)) return false;
      if (later.client !== arrow.client || later.up !== arrow.up) continue;
      if (later.packet !== arrow.packet) return false;
      later.times = (later.times ?? 1) + (arrow.times ?? 1);
      return true;
    }
    return false;
  }
}

const isIdle = ({ kind }) => kind === "heartbeat" || kind === "empty";

/** The id in the target of a request, such as "GET /socket.io/?client=page-1&EIO=4". */
const clientOf = (request) => /[?&]client=([\w-]+)/.exec(request)?.[1];

/** Reads Engine.IO packets: the pages over Socket.IO. */
export function packets(row) {
  if (row.layer !== "eio") return null;
  const packet = row.packet ?? `‹${row.size} B›`;
  if (packet === "2" || packet === "3") return { packet, kind: "heartbeat" };
  const nsp = /^4\d(?:\d+-)?(\/[^,]*)/.exec(packet)?.[1];
  const name = /^42(?:\/[^,]*,)?\d*\[("(?:[^"\\]|\\.)*")/.exec(packet)?.[1];
  if (name !== undefined) return { packet, nsp, kind: "event", event: JSON.parse(name) };
  return { packet, nsp, kind: /^43/.test(packet) ? "ack" : "control" };
}

/** Reads WebSocket frames and the handshake: the pages over a WebSocket without Socket.IO. */
export function frames({ layer, summary: { en } }) {
  if (layer === "http") {
    const handshake = /^GET \/ws\S*/.exec(en) ?? /^101 [A-Za-z ]+/.exec(en);
    return handshake && { packet: withoutClient(handshake[0]).trim(), kind: "control" };
  }
  if (layer !== "ws") return null;
  if (en.startsWith("close")) return { packet: en.replace(/^close: (.*?) *$/, "close $1"), kind: "control" };
  const [, opcode, size, content] = /^(\w+) frame, (\d+) bytes?(?:.*? · (.*))?$/s.exec(en) ?? [];
  if (!opcode) return null; // the rest of a large frame
  if (opcode === "ping" || opcode === "pong") return { packet: opcode, kind: "heartbeat" };
  const packet = `${opcode} ${Number(size).toLocaleString("en")} B${size > 0 && content ? ` · ${content}` : ""}`;
  return { packet, kind: "event", event: packet };
}

/** A request without the parameter that says which client it is. */
export const withoutClient = (target) => target.replace(/([?&])client=[\w-]+&?/, "$1").replace(/[?&](?=$| )/, "");

/** A packet in short: of an event the name, of all others what fits into `most` characters. */
export function short(packet, most) {
  packet = packet.replace(/@[\d-]+T[\d:.]+Z/, ""); // the time in a cursor
  const cut = (text) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const [, head, rest] = /^(42(?:\/[^,]*,)?\d*\["(?:[^"\\]|\\.)*")(.*)$/s.exec(packet) ?? [packet, packet, ""];
  if (!rest || packet.length <= most) return cut(packet);
  return cut(rest === "]" ? packet : `${head},…]`);
}

/**
 * Groups arrows into the rows of a picture: an event that goes down to both clients within 100 ms is one row, all others
 * have a row each.
 */
export function rowsOf(arrows) {
  const rows = [];
  for (const arrow of arrows) {
    const last = rows.at(-1)?.at(-1);
    const together = last && !arrow.up && !last.up && arrow.kind === "event" && arrow.event === last.event &&
      rows.at(-1).every((other) => other.client !== arrow.client) && arrow.time - last.time < 100;
    if (together) rows.at(-1).push(arrow);
    else rows.push([arrow]);
  }
  return rows;
}
