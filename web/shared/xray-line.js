// The panel's connection to the server: it connects again after a loss, and says why it is closed.

import { Backoff } from "./backoff.js";

// Close codes, as internal/xray/web/panel.go sends them.
export const wantsKey = 1008;
export const tooMany = 1013;

export class Line {
  code = 0; // the code that the last connection was closed with; 0 once the server has granted a view
  #socket = null;
  #query = "";
  #backoff = new Backoff();
  #wanted; #heard; #closed;

  /** wanted() returns whether to connect again; heard(message) and closed(code) are called when it happens. */
  constructor(wanted, heard, closed) {
    [this.#wanted, this.#heard, this.#closed] = [wanted, heard, closed];
  }

  /** Whether there is a connection, open or about to be. */
  get isThere() { return this.#socket !== null; }

  get isOpen() { return this.#socket?.readyState === WebSocket.OPEN; }

  /** Opens a connection in place of any other. */
  open(query) {
    this.#query = query;
    this.#socket?.close();
    const socket = this.#socket = new WebSocket(`${location.origin.replace("http", "ws")}/lab/xray${query}`);
    socket.onmessage = (event) => { if (this.#socket === socket) this.#heard(JSON.parse(event.data)); };
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.code = code;
      this.#closed(code);
      if (code !== wantsKey) setTimeout(() => { if (!this.#socket && this.#wanted()) this.open(this.#query); }, this.#backoff.next());
    };
  }

  close() { this.#socket?.close(); }

  /** Notes that the server has granted a view. */
  granted() {
    this.code = 0;
    this.#backoff.reset();
  }

  /** Sends a message if the connection is open. */
  send(message) {
    if (this.isOpen) this.#socket.send(JSON.stringify(message));
  }
}
