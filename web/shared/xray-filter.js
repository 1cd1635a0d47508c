// The controls above the x-ray's list: which rows it shows.

import { catalogue } from "./catalogue.js";
import { $ } from "./lab.js";
import { said } from "./xray-anatomy.js";
import { complete, layers, matches, parse, searches } from "./xray-language.js";
import { layerBox, options, reveal, write } from "./xray-markup.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

const quiet = ["tcp", "body"]; // not shown unless asked for
const pause = 150; // ms between the reader's last key and a search
const mostTerms = 30; // that are offered to complete a filter

/** What a row says, as a filter searches it. */
const sayings = (row) => `${row.layer} #${row.conn} ${said(row.summary)}${row.problem ? ` ! ${said(row.problem)}` : ""}`;

export class Filter {
  #filter = parse("");
  #error = null; // what is wrong with the text of the filter
  #rows; #names;
  #typing = 0;
  #occurred = new Set();

  /** changed() is called when the reader changes the filter, and search() when they have typed what to find. */
  constructor(rows, names, changed, search) {
    [this.#rows, this.#names] = [rows, names];
    $("x-layers").append(...layers.map((layer) => layerBox(layer, !quiet.includes(layer))));
    for (const id of ["x-layers", "x-conn", "x-side", "x-dir", "x-mode", "x-lab", "x-beats"]) $(id).addEventListener("change", changed);
    $("x-find").addEventListener("input", () => {
      this.#read();
      changed();
      clearTimeout(this.#typing);
      this.#typing = setTimeout(search, pause);
    });
    for (const [event, shown] of [["focus", true], ["blur", false]]) $("x-find").addEventListener(event, () => reveal($("x-find-hint"), shown));
    $("x-reset").addEventListener("click", () => {
      this.reset();
      changed();
      search();
    });
  }

  /** The filter's text if it searches the bytes, which the server has. */
  get find() { return searches(this.#filter) ? this.#filter.source : ""; }

  /** Reads the filter as it is typed. The one before stays in force while it cannot be read. */
  #read() {
    const source = $("x-find").value.trim();
    const { start, terms } = complete(source, this.#seen());
    const before = [...source].slice(0, start).join("");
    $("x-terms").replaceChildren(...terms.slice(0, mostTerms).map((term) => {
      const option = document.createElement("option");
      option.value = before + term;
      return option;
    }));
    this.#error = null;
    try {
      if (source !== this.#filter.source) {
        this.#filter = parse(source);
        this.#rows.mark([]); // what the server found was for another filter
      }
    } catch (error) {
      this.#error = error;
    }
    this.#showError();
  }

  #showError() {
    const error = this.#error;
    write($("x-error"), error ? error.says : "");
    $("x-find").setAttribute("aria-invalid", Boolean(error));
  }

  /** What the rows so far have, for the completion of terms. */
  #seen() {
    const [conns, events] = [new Set(), new Set()];
    for (const { conn, name } of this.#rows.all) {
      if (conn) conns.add(conn);
      if (name) events.add(name);
    }
    return { conns: [...conns], layers: [...this.#occurred], events: [...events] };
  }

  /** Whether a row is one layer, not a message. */
  get perLayer() { return $("x-mode").value === "layers"; }

  translate() {
    for (const e of $("x-layers").querySelectorAll("label")) e.lastChild.textContent = t(e.firstChild.value);
    options($("x-side"), [["", t("x.sides")], ["client", t("x.sideClient")], ["server", t("x.sideServer")]]);
    options($("x-dir"), [["", t("x.both")], ["in", t("x.in")], ["out", t("x.out")]]);
    options($("x-mode"), [["messages", t("x.messages")], ["layers", t("x.everyLayer")]]);
    $("x-find").placeholder = t("x.find");
    this.#showError();
  }

  /** Returns whether a row passes, as the controls are now. page says that only this page's rows do. */
  passes(page) {
    const { perLayer } = this;
    const on = new Set([...$("x-layers").querySelectorAll("input:checked")].map((box) => box.value));
    const [conn, side, dir, lab, beats] = [Number($("x-conn").value), $("x-side").value, $("x-dir").value, $("x-lab").checked, $("x-beats").checked];
    const filter = this.#filter;
    reveal($("x-layers"), perLayer);
    return (row) => row.layer === "restart" ||
      (perLayer ? on.has(row.layer) : row.message) && (!conn || row.conn === conn) && (!side || row.side === side) && (!dir || row.dir === dir) && (lab || !row.lab) &&
      (beats || row.kind !== "heartbeat") && (!page || this.#names.isOfPage(row)) &&
      matches(filter, row, sayings, (row) => (row.message ? this.#rows.layersOf(row) : [row]), (row) => this.#rows.found(row));
  }

  /** Offers the connections that are open. */
  showConnections(conns) {
    const known = conns.map((c) => [String(c.id), `#${c.id} ${c.remote}${c.side ? ` ${t(c.side === "client" ? "x.sideClient" : "x.sideServer")}` : ""}`]);
    const chosen = $("x-conn").value;
    if (chosen && !known.some(([id]) => id === chosen)) known.unshift([chosen, `#${chosen}`]);
    options($("x-conn"), [["", t("x.all")], ...known]);
  }

  /** Offers the layers of these rows, too. */
  showLayers(rows) {
    if (rows.some(({ side }) => side)) reveal($("x-side-label"), true);
    for (const { layer } of rows) {
      if (this.#occurred.has(layer)) continue;
      this.#occurred.add(layer);
      $("x-layers").querySelector(`[value=${layer}]`).parentElement.hidden = false;
    }
  }

  reset() {
    $("x-find").value = "";
    this.#read();
    for (const id of ["x-conn", "x-side", "x-dir"]) $(id).value = "";
    for (const box of $("x-layers").querySelectorAll("input")) box.checked = !quiet.includes(box.value);
    $("x-beats").checked = true;
  }
}
