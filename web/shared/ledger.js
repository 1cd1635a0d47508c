// Accounts of the messages that arrived, came late or are lost. Ids rise by one, so a gap shows.

import { clock } from "./clock.js";
import { element } from "./lab.js";

const shown = 80;
const lateAfter = 3000; // ms on the way

/** An Account counts the messages of one log, by the clock of the server that stamps them. */
export class Account {
  #clock;
  #joinedHere; // when this page joined, by its own clock
  #joined; // and by the server's clock, once that is known

  constructor(clock) {
    this.#clock = clock;
    this.#joinedHere = clock.local();
    if (clock.known) this.#joined = clock.now();
    this.#clear();
  }

  #clear() {
    Object.assign(this, { cursor: 0, at: "", received: 0, history: 0, late: 0, lost: 0, twice: 0 });
  }

  /**
   * Takes a message. Returns its kind: "history", published before this page joined; "late", more than three seconds on
   * the way; "now"; or "again". missing counts the ids that are lost before it. restarted says that it is the first of
   * another log: the server was started again, and the account starts over.
   */
  note(message) {
    const at = Date.parse(message.at);
    this.#clock.arrival(at);
    this.#joined ??= this.#joinedHere + this.#clock.offset;
    const restarted = message.id <= this.cursor && message.at > this.at; // times as toISOString writes them compare as texts
    if (restarted) this.#clear();
    if (message.id <= this.cursor) {
      this.twice++;
      return { kind: "again", missing: 0, restarted };
    }
    const missing = this.cursor > 0 ? message.id - this.cursor - 1 : 0;
    const kind = at < this.#joined ? "history" : this.#clock.now() - at > lateAfter ? "late" : "now";
    this.lost += missing;
    this.received++;
    if (kind !== "now") this[kind]++;
    Object.assign(this, { cursor: message.id, at: message.at });
    return { kind, missing, restarted };
  }
}

/** Shows an account in a list, a mark for each message. Returns the account and note(message), see Account. */
export function ledger(list, serverClock = clock) {
  const account = new Account(serverClock);

  function mark(id, kind) {
    const item = element("li", "", kind);
    item.title = `${id}`;
    list.append(item);
    while (list.children.length > shown) list.firstElementChild.remove();
  }

  function note(message) {
    const before = account.cursor;
    const noted = account.note(message);
    if (noted.restarted) list.replaceChildren();
    for (let i = 1; i <= Math.min(noted.missing, shown); i++) mark(before + i, "lost");
    if (noted.kind !== "again") mark(message.id, noted.kind);
    return noted;
  }

  return { account, note };
}
