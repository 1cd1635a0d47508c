// The events that wait for an acknowledgement: each stands in the list with its state.

import { append } from "/lab/shared/chat.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { element } from "/lab/shared/lab.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

/**
 * Asked follows a socket's events that want an acknowledgement. Each is "buffered" until the socket is connected, then
 * "waiting", and at last acknowledged or failed. After a disconnect, one without a timeout is acknowledged "never".
 * fact(text) is called with "acked NAME" and "failed NAME".
 */
export class Asked {
  #list; #socket; #fact;
  #open = new Set(); // {item, small, state, at}

  constructor(list, socket, fact) {
    [this.#list, this.#socket, this.#fact] = [list, socket, fact];
    socket.on("connect", () => this.#all("buffered", "waiting"));
    socket.on("disconnect", () => this.#all("waiting", "never"));
  }

  /** Adds an event that is emitted now. Returns the functions that settle it. */
  add(event, ...data) {
    const item = element("li", "", "wait");
    const small = element("small");
    item.append(element("code", ["→", event, ...data.map((value) => JSON.stringify(value))].join(" ")), small);
    append(this.#list, item);
    const entry = { item, small };
    this.#open.add(entry);
    this.#enter(entry, this.#socket.connected ? "waiting" : "buffered");
    const settle = (state, fact, value) => {
      const ms = Math.round(performance.now() - entry.at);
      this.#open.delete(entry);
      item.className = state === "failed" ? "bad" : "";
      small.textContent = t(state, ms, value);
      this.#fact(`${fact} ${event}`);
    };
    return {
      acked: (value) => settle(value === undefined ? "acked" : "ackedWith", "acked", JSON.stringify(value)),
      failed: (error) => settle("failed", "failed", error.message),
    };
  }

  #enter(entry, state) {
    [entry.state, entry.at] = [state, performance.now()];
    entry.small.textContent = t(state);
  }

  #all(before, after) {
    for (const entry of this.#open) if (entry.state === before) this.#enter(entry, after);
  }
}
