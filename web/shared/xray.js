// The x-ray beside a demo: the messages as they cross the wire, filtered, paused, drawn, taken apart, exported.

import { catalogue } from "./catalogue.js";
import { $, element, fillTexts, onLang } from "./lab.js";
import { RowList } from "./xray-list.js";
import { anatomy } from "./xray-anatomy.js";
import { Diagram } from "./xray-diagram.js";
import { Filter } from "./xray-filter.js";
import { bytes } from "./xray-hex.js";
import { layers } from "./xray-language.js";
import { Line, tooMany, wantsKey } from "./xray-line.js";
import { Names } from "./xray-names.js";
import { markup, options, reveal, write } from "./xray-markup.js";
import { Rows } from "./xray-rows.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

const exports = ["jsonl", "har", "pcapng"];
const mostWaiting = 10000; // rows while paused
const mostDetails = 50; // rows whose bytes the page keeps

/**
 * Builds the panel in `section`, and keeps it connected while it is shown. With onMessage, which is called with each
 * message of the server as internal/xray/web/panel.go describes it, it stays connected while it is hidden, too. A page whose
 * address has ?xray=open shows the panel at once and scrolls to it. Returns
 * show(id), which takes the message apart that a row of the server belongs to, and show.row(id), which promises the row with
 * its bytes and fields, or null if the server no longer has it.
 */
export function mount(section, onMessage) {
  section.innerHTML = markup; // ours: no text of a user is in it
  section.hidden = false;
  section.className = "card xray";
  section.setAttribute("aria-label", "x-ray");
  const panel = new Panel(onMessage);
  const show = (id) => {
    panel.show(id);
    section.scrollIntoView({ block: "start" });
  };
  show.row = (id) => panel.row(id);
  if (new URLSearchParams(location.search).get("xray") === "open") {
    panel.open();
    section.scrollIntoView({ block: "start" });
  }
  return show;
}

class Panel {
  #rows = new Rows(layers);
  #waiting = []; // came while paused
  #paused = false;
  #lost = 0;
  #counters = null;
  #conns = [];
  #view = null; // what the server says that this page sees
  #whose = sessionStorage.getItem("xray-whose") ?? "page";
  #details = new Map(); // id → the row with its bytes and fields
  #awaited = new Map(); // id of the server → functions that take the row
  #shownID = 0; // of the row that is taken apart
  #pinned = null;
  #names = new Names(this.#rows);
  #line; #controls; #list; #diagram; #onMessage;

  constructor(onMessage) {
    this.#onMessage = onMessage;
    this.#controls = new Filter(this.#rows, this.#names, () => this.#filter(), () => this.#search());
    this.#list = new RowList($("x-rows"), (e, row) => this.#names.write(e, row, this.#controls.perLayer), (row) => this.#chosen(row), (n) => this.#missed(n));
    this.#diagram = new Diagram($("x-diagram"), () => this.#rows.shown.filter((row) => row.message), this.#names, (id) => this.#go(id));
    this.#line = new Line(() => this.#onMessage || !$("x-body").hidden, (message) => this.#receive(message), (code) => this.#closed(code));
    $("x-pause").addEventListener("click", () => this.#pause(!this.#paused));
    $("x-clear").addEventListener("click", () => this.#clear());
    $("x-follow").addEventListener("click", () => this.#list.follow());
    $("x-whose").addEventListener("change", () => this.#watch($("x-whose").value));
    $("x-toggle").addEventListener("click", () => this.#open($("x-body").hidden));
    $("x-body").addEventListener("keydown", (event) => {
      if (event.key === "Escape") $("x-rows").focus();
    });
    onLang(() => this.#translate());
    this.#filter();
    this.#open(localStorage.getItem("xray") !== "hidden");
  }

  /** Says whose connections are shown, and offers what this page may choose. */
  #showView() {
    const view = this.#view ?? {};
    const own = [["page", t("x.page")], ["own", t("x.own")]];
    options($("x-whose"), [...(view.named === false ? [] : own), ["everyone", t("x.everyone"), !view.keyed]]);
    $("x-whose").value = view.everyone ? "everyone" : this.#whose;
    $("x-whose").title = view.keyed ? "" : t("x.keyless");
    $("x-lab").parentElement.hidden = !view.labFiles;
    $("x-hint").textContent = t(view.everyone ? "x.hintAll" : "x.hint");
  }

  #translate() {
    fillTexts(document.querySelector(".xray"));
    this.#showView();
    this.#controls.translate();
    this.#controls.showConnections(this.#conns);
    this.#showState();
    this.#showAnatomy();
    this.#list.rewrite();
    this.#diagram.rewrite();
  }

  open() { this.#open(true); }

  /** Shows or hides the panel. Hidden, it asks nothing of the server, unless the page wants its messages. */
  #open(open) {
    localStorage.setItem("xray", open ? "shown" : "hidden");
    $("x-body").hidden = !open;
    $("x-toggle").setAttribute("aria-expanded", open);
    if (open || this.#onMessage) { if (!this.#line.isThere) this.#connect(); }
    else this.#line.close();
    this.#showState();
  }

  /** Shows this page's messages, this browser's, or everyone's. */
  #watch(whose) {
    const again = (whose === "everyone") !== (this.#whose === "everyone");
    this.#whose = whose;
    sessionStorage.setItem("xray-whose", whose);
    if (again) {
      this.#clear();
      this.#connect();
    }
    this.#filter();
  }

  /** The part of the address that says whose connections are wanted. */
  get #query() { return this.#whose === "everyone" ? "?everyone" : ""; }

  #connect() {
    for (const kind of exports) $(`x-${kind}`).href = `/lab/xray.${kind}${this.#query}`;
    this.#line.open(this.#query);
  }

  #closed(code) {
    for (const id of [...this.#awaited.keys()]) this.#answer(id, null);
    if (code === wantsKey && this.#whose === "everyone") this.#watch("page"); // the key is no longer that of the lab
    this.#showState();
  }

  /** Begins the view that the server grants: it sends all the rows it holds next. */
  #begin(view) {
    this.#view = view;
    this.#line.granted();
    this.#waiting = [];
    this.#rows.begin(view.run, new Date().toISOString());
    this.#showView();
    this.#filter();
    if (this.#controls.find) this.#search();
  }

  /** Returns the key of the text that says whether the panel is connected, or why not. */
  #connection() {
    const { code, isOpen } = this.#line;
    if (code === wantsKey) return "x.refused";
    if (code === tooMany) return "x.full";
    return isOpen ? "x.live" : "x.broken";
  }

  #receive(message) {
    this.#onMessage?.(message);
    if (message.view) this.#begin(message.view);
    if (message.rows) {
      this.#lost += message.lost ?? 0;
      if (this.#paused) this.#waiting.push(...message.rows);
      else this.#add(message.rows);
      if (this.#waiting.length > mostWaiting) this.#lost += this.#waiting.splice(0, this.#waiting.length - mostWaiting).length;
    }
    if (message.counters) {
      this.#counters = message.counters;
      this.#conns = message.conns.sort((a, b) => a.id - b.id);
      this.#controls.showConnections(this.#conns);
    }
    if (message.hits && message.find === this.#controls.find) {
      this.#rows.mark(message.hits);
      this.#filter();
    }
    if (message.row || message.gone) this.#keepDetails(message);
    this.#showState();
  }

  #add(rows) {
    const before = this.#rows.shown;
    const changed = this.#rows.add(rows);
    for (const row of rows) if (row.layer === "http") this.#names.rankOf(this.#names.nameOf(row));
    this.#list.changed(changed);
    if (this.#rows.shown === before) this.#list.grown();
    else this.#list.show(this.#rows.shown);
    if (this.#controls.find && changed.length > 0) this.#filter();
    this.#diagram.changed();
    this.#controls.showLayers(rows);
    this.#showState();
  }

  #pause(paused) {
    this.#paused = paused;
    $("x-pause").setAttribute("aria-pressed", paused);
    if (!paused) this.#add(this.#waiting.splice(0));
    this.#showState();
  }

  #clear() {
    this.#rows.clear();
    this.#waiting = [];
    this.#lost = 0;
    this.#shownID = 0;
    this.#showAnatomy();
    this.#filter();
  }

  #filter() {
    const everyone = Boolean(this.#view?.everyone), page = this.#whose === "page" && !everyone;
    this.#names.see({ everyone, page });
    this.#rows.filter(this.#controls.passes(page));
    this.#list.rewrite();
    this.#list.show(this.#rows.shown);
    this.#diagram.changed();
    this.#showState();
  }

  /** Asks the server which rows have what the reader looks for. It answers for all rows to come, too. */
  #search() {
    this.#line.send({ find: this.#controls.find });
  }

  /** Takes apart a row of the list. The line of a restart has no bytes. */
  #chosen(row) {
    if (row.layer !== "restart") this.#choose(row.id);
  }

  #choose(id) {
    this.#diagram.select(id);
    this.#ask(id);
  }

  /** Shows a row's bytes and fields, which the server has. */
  #ask(id) {
    this.#shownID = id;
    const serverID = this.#rows.serverID(id);
    if (this.#details.has(id) || !serverID) this.#showAnatomy();
    else this.#line.send({ row: serverID });
  }

  /** Takes the message apart that this row of the server belongs to. */
  show(serverID) {
    const id = this.#rows.localID(serverID);
    const holds = (row) => row.message && this.#rows.layersOf(row).some((part) => part.id === id);
    if ($("x-body").hidden) this.#open(true);
    if (!this.#rows.shown.some(holds)) {
      this.#controls.reset();
      this.#filter();
    }
    const message = this.#rows.shown.find(holds);
    if (message) this.#go(message.id);
  }

  /** Promises a row of the server with its bytes and fields, or null. */
  row(serverID) {
    const known = this.#details.get(this.#rows.localID(serverID));
    if (known) return Promise.resolve(known);
    if (!this.#line.isOpen) return Promise.resolve(null);
    return new Promise((take) => {
      const takers = this.#awaited.get(serverID) ?? [];
      this.#awaited.set(serverID, [...takers, take]);
      if (takers.length === 0) this.#line.send({ row: serverID });
    });
  }

  #answer(serverID, row) {
    for (const take of this.#awaited.get(serverID) ?? []) take(row);
    this.#awaited.delete(serverID);
  }

  #go(id) {
    this.#list.select(id);
    this.#choose(id);
  }

  #keepDetails({ row, gone }) {
    this.#answer(row ? row.id : gone, row ?? null);
    const id = this.#rows.localID(row ? row.id : gone);
    if (row) this.#details.set(id, { ...row, id });
    if (this.#details.size > mostDetails) this.#details.delete(this.#details.keys().next().value);
    if (id === this.#shownID) this.#showAnatomy();
  }

  #showAnatomy() {
    const box = $("x-anatomy");
    const row = this.#details.get(this.#shownID);
    if (!row) return box.replaceChildren(element("p", t(this.#shownID ? "x.gone" : "x.choose"), "soft"));
    const top = this.#rows.get(this.#list.active) ?? this.#rows.get(row.id) ?? row;
    const pin = () => {
      this.#pinned = this.#pinned?.id === row.id ? null : row;
      this.#showAnatomy();
      $("x-pin").focus();
    };
    const parts = [...(top.message ? [] : this.#rows.carriedBy(top.id)), ...this.#rows.layersOf(top)];
    anatomy(box, { row, layers: parts, go: (id) => this.#ask(id), pinned: this.#pinned, pin, lessons: this.#view?.lessons });
  }

  /** Offers to follow again, and says how many rows came since. */
  #missed(n) {
    reveal($("x-follow"), n > 0);
    if (n > 0) write($("x-follow"), t("x.new", n));
  }

  #showState() {
    const hidden = $("x-body").hidden;
    const connection = this.#connection();
    write($("x-toggle"), t(hidden ? "x.show" : "x.hide"));
    write($("x-pause"), t(this.#paused ? "x.resume" : "x.pause"));
    reveal($("x-status"), !hidden);
    write($("x-status"), this.#paused ? t("x.held", this.#waiting.length) : t(connection));
    const look = `badge ${connection === "x.live" ? "good" : "bad"}`;
    if ($("x-status").className !== look) $("x-status").className = look;
    const empty = connection === "x.refused" ? "x.wantsKey" : this.#rows.all.length ? "x.filtered" : "x.none";
    write($("x-empty"), this.#rows.shown.length ? "" : t(empty));
    reveal($("x-reset"), this.#rows.shown.length === 0 && empty === "x.filtered");
    const c = this.#counters;
    if (!c) return;
    const parts = [t("x.bytes", bytes(c.in), bytes(c.out)), t("x.conns", c.connections, c.open), t("x.requests", c.requests)];
    if (this.#lost) parts.push(t("x.lost", this.#lost));
    if (c.dropped) parts.push(t("x.missed", bytes(c.dropped)));
    if (c.skimmed) parts.push(t("x.skimmed", bytes(c.skimmed)));
    write($("x-counters"), parts.join(" · "));
  }
}
