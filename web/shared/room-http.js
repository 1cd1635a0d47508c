// HTTP for a room: the browser's fetch and EventSource, with the id of the client in each URL, for the x-ray, and with facts
// and counters for the page. The code of a page reads as if they were the browser's own.

import { Broken } from "./room-stage.js";

/** A URL that says which client it is. */
export const named = (url, client) => `${url}${url.includes("?") ? "&" : "?"}client=${client}`;

/** The bytes of a text. */
const sizeOf = (text) => new TextEncoder().encode(text).length;

/** Returns a function that lets the server cut this client's streams. */
export const cutter = (room) => () => fetch(named("/cut", room.client), { method: "POST" });

/**
 * The requests of a room. holds says that a server which does not answer at once is good news; opened returns what to say of
 * a stream that begins.
 */
export class Requests {
  #room; #holds; #opened;
  #request = new AbortController(); // for messages
  #lose = "";

  constructor(room, { holds = false, opened } = {}) {
    [this.#room, this.#holds, this.#opened] = [room, holds, opened];
  }

  /** Ends the request that waits for messages; text says so. */
  abort(text) { this.#request.abort(new Broken(text)); }

  /** Throws the next answer away, as if it had been lost; text says so. */
  lose(text) { this.#lose = text; }

  fetch = (url, options = {}) => {
    if (options.method) return fetch(named(url, this.#room.client), options);
    return this.#ask(named(url, this.#room.client), options);
  };

  async #ask(url, options) {
    const room = this.#room;
    this.#request = new AbortController();
    const held = this.#holds && setTimeout(() => room.works(), 200);
    room.count("requests");
    room.fact("asked");
    try {
      const response = await fetch(url, { ...options, signal: AbortSignal.any([options.signal, this.#request.signal]) });
      if (this.#lose) {
        const text = this.#lose;
        this.#lose = "";
        await response.body?.cancel();
        throw new Broken(text);
      }
      if (response.ok || response.status === 304) room.works();
      if (response.status === 304) this.#isEmpty("not modified");
      else if (response.headers.get("Content-Type")?.startsWith("application/json")) this.#weigh(await response.clone().text());
      else if (response.ok) return this.#stream(response);
      return response;
    } catch (error) {
      throw this.#request.signal.aborted ? this.#request.signal.reason : error; // WebKit has a reason of its own
    } finally {
      clearTimeout(held);
    }
  }

  #weigh(body) {
    this.#room.count("bytes", sizeOf(body));
    if (body.trim() === "[]") this.#isEmpty("answered empty");
  }

  /** A response that counts what is read of it. */
  #stream(response) {
    const room = this.#room;
    room.happened(this.#opened(), "good");
    const counter = new TransformStream({ transform(piece, controller) {
      room.count("chunks");
      room.count("bytes", piece.length);
      controller.enqueue(piece);
    } });
    return new Response(response.body.pipeThrough(counter), response);
  }

  #isEmpty(fact) {
    this.#room.count("empty");
    this.#room.fact(fact);
  }
}

/** An EventSource for a room. opened and broke return what to say then; broke is told whether the browser gave up. */
export const eventSource = (room, { opened, broke }) => class extends EventSource {
  constructor(url) {
    super(named(url, room.client));
    this.addEventListener("open", () => {
      room.count("opens");
      room.happened(opened(), "good");
      room.works();
    });
    this.addEventListener("message", (event) => room.count("bytes", sizeOf(event.data)));
    this.addEventListener("error", () => {
      room.is("connecting");
      room.happened(broke(this.readyState === this.CLOSED), "bad");
      room.fact("cut");
    });
  }
};
