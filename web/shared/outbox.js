// This client's messages on their way: each stands in the list in grey until it is back from the server.

import { append, messageItem, remove } from "./chat.js";
import { catalogue } from "./catalogue.js";
import { element } from "./lab.js";
import { texts } from "./stage-text.js";

const t = catalogue("stage", texts);

/**
 * An Outbox follows sent messages in `list`. A message is
 *   "buffered"  the client keeps it until it is connected
 *   "sent"      on the wire
 *   "back"      received again: an ordinary message from now on
 *   "away"      sent to others only, and will not come back
 *   "broken"    the connection ended before it was back
 */
export class Outbox {
  #list; #changed; #posts;
  #waiting = new Map(); // id → {item, small, comesBack, at, state}

  /**
   * changed(n) is called with the number of buffered messages whenever it may have changed. posts says that a message is sent
   * in a request of its own, which may wait in the browser.
   */
  constructor(list, changed, posts = false) {
    [this.#list, this.#changed, this.#posts] = [list, changed, posts];
  }

  /** Adds a message {id, from, text}. comesBack says whether the server sends it to this client, too. */
  add(message, comesBack, connected) {
    const item = messageItem(message, message.from);
    item.classList.add("wait");
    const small = item.appendChild(element("small"));
    const entry = { item, small, comesBack, at: performance.now() };
    this.#waiting.set(message.id, entry);
    append(this.#list, item);
    if (connected) this.#sent(message.id, entry);
    else this.#say(entry, "buffered");
  }

  /** Takes a message that could not be sent out of the list. */
  drop(id) {
    const entry = this.#waiting.get(id);
    if (entry) remove(this.#list, entry.item);
    this.#waiting.delete(id);
  }

  /** The client is connected: what it kept is on the wire now. */
  flushed() {
    for (const [id, entry] of this.#waiting) if (entry.state === "buffered") this.#sent(id, entry);
  }

  /** The connection is gone, and with it what was on the wire. */
  broken() {
    for (const [id, entry] of this.#waiting) {
      if (entry.state !== "sent") continue;
      this.#waiting.delete(id);
      this.#say(entry, "broken");
    }
  }

  /** Shows a message that arrived, in the order of arrival. */
  arrived(message, myName) {
    const entry = this.#waiting.get(message?.id);
    if (!entry) return append(this.#list, messageItem(message, myName));
    this.#waiting.delete(message.id);
    entry.item.classList.remove("wait");
    append(this.#list, entry.item); // to the end: the server's order counts
    this.#say(entry, "back", Math.round(performance.now() - entry.at));
  }

  #sent(id, entry) {
    entry.at = performance.now();
    if (!entry.comesBack) this.#waiting.delete(id);
    this.#say(entry, entry.comesBack ? "sent" : "away");
  }

  #say(entry, key, ...values) {
    entry.state = key;
    entry.small.textContent = t(key === "sent" && this.#posts ? "posted" : key, ...values);
    this.#changed([...this.#waiting.values()].filter(({ state }) => state === "buffered").length);
  }
}
