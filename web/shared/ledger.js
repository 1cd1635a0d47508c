// What arrived, what came late, what is lost: ids rise by one, so a gap cannot hide.

import { element } from "./lab.js";

const shown = 80;

const nothing = { cursor: 0, at: "", received: 0, late: 0, lost: 0, twice: 0 };

/**
 * Keeps account in a list. Returns the account itself and note(message), which says what the message was: now, late,
 * again, or anew, the first of another log: the server was started again, and its ids with it.
 */
export function ledger(list) {
  const account = { ...nothing };

  function mark(id, kind) {
    const item = element("li", "", kind);
    item.title = `${id}`;
    list.append(item);
    while (list.children.length > shown) list.firstElementChild.remove();
  }

  function note(message) {
    const anew = message.id <= account.cursor && message.at > account.at; // times as toISOString writes them compare as texts
    if (anew) {
      Object.assign(account, nothing);
      list.replaceChildren();
    }
    if (message.id <= account.cursor) {
      account.twice++;
      return "again";
    }
    const gap = account.cursor > 0 ? message.id - account.cursor - 1 : 0;
    for (let i = 1; i <= Math.min(gap, shown); i++) mark(account.cursor + i, "lost");
    account.lost += gap;
    account.received++;
    const late = Date.now() - Date.parse(message.at) > 3000;
    if (late) account.late++;
    mark(message.id, late ? "late" : "now");
    account.cursor = message.id;
    account.at = message.at;
    if (anew) return "anew";
    return late ? "late" : "now";
  }

  return { account, note };
}
