// The view of a thief: the bytes on the wire that contain the credential, with the credential
// marked.

import { $, element } from "/lab/shared/lab.js";
import { decode } from "/lab/shared/xray-hex.js";

/** Where each kind of credential stands, as a pattern whose first group is the credential. */
const places = [
  { kind: "ticket", layer: "http", pattern: /[?&]ticket=([\w-]+)/ },
  { kind: "cookie", layer: "http", pattern: /^cookie:.*?((?:__Host-)?session(?:-\d+)?=[\w-]+)/im },
  { kind: "token", layer: "eio", pattern: /^40.*?"token":"([^"]+)"/ },
  { kind: "hello", layer: "ws", pattern: /"token":"([^"]+)"/ },
];

const around = 90; // characters that are shown before and after the credential

/** Returns the text of a row: a client's frame without its mask, else the bytes as they are. */
function textOf(row) {
  const data = decode(row.views?.[0]?.data ?? row.data);
  return new TextDecoder().decode(data);
}

/** Returns where a credential stands in a text, as {before, secret, after}, or null. */
export function find(text, pattern) {
  const found = pattern.exec(text);
  if (!found) return null;
  const at = found.index + found[0].indexOf(found[1]);
  const end = at + found[1].length;
  const begin = Math.max(text.lastIndexOf("\n", at) + 1, at - around);
  const line = text.indexOf("\n", end);
  return { before: text.slice(begin, at), secret: found[1], after: text.slice(end, Math.min(line < 0 ? text.length : line, end + around)) };
}

/**
 * A Thief follows the rows of this client. client is its name, showRow a promise of the x-ray's show, see xray.js, or
 * undefined. say(kind) returns the sentence about a kind of credential.
 */
export class Thief {
  #client; #showRow; #say;
  #conns = new Map(); // id of a connection → whether it is this client's
  #seen = new Set(); // kinds since the last clear
  #wanted = "";

  constructor(client, showRow, say) { [this.#client, this.#showRow, this.#say] = [client, showRow, say]; }

  /** Waits for a kind of credential: "cookie", "ticket", "token" or "hello". */
  want(kind) {
    this.#wanted = kind;
    this.#seen.clear();
    $("bytes").replaceChildren();
    $("bytesWhy").textContent = this.#say(kind);
    $("bytesShow").hidden = true;
  }

  async add(rows) {
    for (const row of rows) {
      if (row.dir !== "in") continue;
      if (row.layer === "http") this.#conns.set(row.conn, new RegExp(`/(?:account/\\w+|socket\\.io/)\\?.*client=${this.#client}(?!-)`).test(row.summary.en));
      const place = this.#conns.get(row.conn) && places.find(({ kind, layer }) => kind === this.#wanted && layer === row.layer);
      if (!place || this.#seen.has(place.kind)) continue;
      const show = await this.#showRow;
      const whole = await show?.row(row.id);
      const found = whole && find(textOf(whole), place.pattern);
      if (!found || this.#seen.has(place.kind) || place.kind !== this.#wanted) continue;
      this.#seen.add(place.kind);
      $("bytes").replaceChildren(found.before, element("mark", found.secret), found.after);
      $("bytesShow").hidden = false;
      $("bytesShow").onclick = () => show(row.id);
    }
    if (this.#conns.size > 500) this.#conns.clear();
  }
}
