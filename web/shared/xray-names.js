// How a row of the x-ray is named and coloured: in the list, and in the diagram.

import { catalogue } from "./catalogue.js";
import { client } from "./client.js";
import { element } from "./lab.js";
import { short } from "./trace.js";
import { said } from "./xray-anatomy.js";
import { bytes } from "./xray-hex.js";
import { gapText } from "./xray-rows.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

/** The mark of the side of a proxy that a row is of. */
const sideOf = ({ side }) => (side ? ` ${t(side === "client" ? "x.sideClient" : "x.sideServer")}` : "");

const colors = 6; // of clients in the style sheet
const kinds = { heartbeat: "x.heartbeat", upgrade: "x.upgrade", close: "x.close", cut: "x.cut" };
const secondWindow = `${client}-other`;

export class Names {
  #unnamed = () => ""; // the lifeline of a row whose client has no name
  #rows;
  #clients = [client, secondWindow]; // the number of a client's colour is its place here

  constructor(rows) {
    this.#rows = rows;
  }

  /** Whether a row is of this page or of its second window. A row of no known client may be. */
  isOfPage(row) {
    const of = this.#rows.clientOf(row);
    return !of || of === client || of.startsWith(`${client}-`);
  }

  /** Says what is shown: everyone's connections, this page's messages alone, or this browser's. */
  see({ everyone, page }) {
    this.#unnamed = (row) => (everyone ? `#${row.conn}` : page ? client : "");
  }

  /** The lifeline of a row: its client. A client without a name is a connection, this page, or this browser. */
  nameOf(row) { return this.#rows.clientOf(row) || this.#unnamed(row); }

  /** What a lifeline is called; null is the server's. */
  titleOf(name) {
    if (name === null) return t("x.server");
    return { [client]: t("x.page"), [secondWindow]: t("x.window2"), "": t("x.browser") }[name] ?? name;
  }

  /** The place of a lifeline: this page and its second window first, all others in the order of their appearance. */
  rankOf(name) {
    if (name && !this.#clients.includes(name)) this.#clients.push(name);
    return this.#clients.indexOf(name);
  }

  /** The number of a lifeline's colour. */
  colorOf(name) { return Math.max(this.rankOf(name), 0) % colors; }

  /** Whether the answer to a request still comes. */
  isOpen(request) { return this.#rows.isOpen(request); }

  /** What stands at an arrow: the packet as it is spoken, else the summary. */
  labelOf(row) {
    if (row.layer === "restart") return t("x.restarted");
    const packet = this.#rows.layersOf(row).find((layer) => layer.packet)?.packet;
    const label = packet ? short(packet, 60) : said(row.summary).replace(/^(?:[a-z]+ frame, [^·]*|[a-z]+ 帧，[^·]*) · /, "");
    return row.kind in kinds ? `${t(kinds[row.kind])} · ${label}` : label;
  }

  wordsOf(row) { return said(row.summary); }

  /** Writes a row of the list. perLayer says that a row is one layer, not a message. */
  write(e, row, perLayer) {
    const at = new Date(row.time);
    const time = `${at.toLocaleTimeString("en-GB")}.${String(at.getMilliseconds()).padStart(3, "0")}`;
    if (row.layer === "restart") {
      e.className = "x-row x-restart";
      e.replaceChildren(element("span", time, "x-time"), element("span", t("x.restarted"), "x-summary"));
      return;
    }
    const marks = [row.problem || row.kind === "cut" ? " x-problem" : "", row.kind === "heartbeat" ? " x-quiet" : ""];
    e.className = `x-row x-c${this.colorOf(this.nameOf(row))}${marks.join("")}`;
    const content = !perLayer && row.content ? ` · ${said(row.content)}` : "";
    const summary = element("span", said(row.summary) + content, "x-summary");
    if (perLayer) summary.style.paddingInlineStart = `${Math.min(row.depth, 6) * 0.6}rem`;
    e.replaceChildren(
      element("span", time, "x-time"), element("span", gapText(row.gap), "x-gap"), element("span", `#${row.conn}${sideOf(row)}`, "x-conn"),
      element("span", row.dir === "in" ? "→" : "←", "x-dir"), element("span", t(row.layer), `x-chip x-${row.layer}`), element("span", bytes(row.size), "x-size"), summary,
    );
    e.title = `${this.titleOf(this.nameOf(row))}\n${said(row.summary)}${row.problem ? `\n${said(row.problem)}` : ""}`;
  }
}
