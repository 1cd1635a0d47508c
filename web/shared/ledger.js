// What arrived, what came late, what is lost: ids rise by one, so a gap cannot hide.

import { element } from "./lab.js";

const shown = 80;

/** Keeps account in a list. Returns note(message), which says what it was: new, again or anew, and the account itself. */
export function ledger(list) {
  const account = { cursor: 0, received: 0, late: 0, lost: 0, twice: 0 };

  function mark(id, kind) {
    const item = element("li", "", kind);
    item.title = `${id}`;
    list.append(item);
    while (list.children.length > shown) list.firstElementChild.remove();
  }

  function note(message) {
    if (message.id === 1 && account.cursor > 1) { // the server was started anew
      Object.assign(account, { cursor: 0, received: 0, late: 0, lost: 0, twice: 0 });
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
    return late ? "late" : "now";
  }

  return { account, note };
}
