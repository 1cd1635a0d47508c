// The controls above the x-ray's list: which rows it shows.

import { catalogue } from "./catalogue.js";
import { $ } from "./lab.js";
import { said } from "./xray-anatomy.js";
import { layerBox, options, reveal } from "./xray-markup.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

/** The layers, from the lowest up. */
export const layers = ["tcp", "h2", "http", "body", "chunk", "line", "sse", "ws", "message", "eio", "sio", "event", "bytes"];

const quiet = ["tcp", "body"]; // not shown unless asked for
const pause = 150; // ms between the reader's last key and a search

export class Filter {
  find = ""; // what the reader looks for, in lower case
  #rows; #names;
  #typing = 0;
  #occurred = new Set();

  /** changed() is called when the reader changes the filter, and search() when they have typed what to find. */
  constructor(rows, names, changed, search) {
    [this.#rows, this.#names] = [rows, names];
    $("x-layers").append(...layers.map((layer) => layerBox(layer, !quiet.includes(layer))));
    for (const id of ["x-layers", "x-conn", "x-dir", "x-mode", "x-lab", "x-beats"]) $(id).addEventListener("change", changed);
    $("x-find").addEventListener("input", () => {
      changed();
      clearTimeout(this.#typing);
      this.#typing = setTimeout(search, pause);
    });
    $("x-reset").addEventListener("click", () => {
      this.reset();
      changed();
      search();
    });
  }

  /** Whether a row is one layer, not a message. */
  get perLayer() { return $("x-mode").value === "layers"; }

  translate() {
    for (const e of $("x-layers").querySelectorAll("label")) e.lastChild.textContent = t(e.firstChild.value);
    options($("x-dir"), [["", t("x.both")], ["in", t("x.in")], ["out", t("x.out")]]);
    options($("x-mode"), [["messages", t("x.messages")], ["layers", t("x.everyLayer")]]);
    $("x-find").placeholder = t("x.find");
  }

  /** Returns whether a row passes, as the controls are now. page says that only this page's rows do. */
  passes(page) {
    const { perLayer } = this;
    const on = new Set([...$("x-layers").querySelectorAll("input:checked")].map((box) => box.value));
    const [conn, dir, lab, beats] = [Number($("x-conn").value), $("x-dir").value, $("x-lab").checked, $("x-beats").checked];
    const find = $("x-find").value.trim().toLowerCase();
    if (find !== this.find) this.#rows.mark([]); // what the server found was for another search
    this.find = find;
    reveal($("x-layers"), perLayer);
    return (row) => row.layer === "restart" ||
      (perLayer ? on.has(row.layer) : row.message) && (!conn || row.conn === conn) && (!dir || row.dir === dir) && (lab || !row.lab) &&
      (beats || row.kind !== "heartbeat") && (!page || this.#names.isOfPage(row)) && this.#rows.has(row, find, said(row.summary));
  }

  /** Offers the connections that are open. */
  showConnections(conns) {
    const known = conns.map((c) => [String(c.id), `#${c.id} ${c.remote}`]);
    const chosen = $("x-conn").value;
    if (chosen && !known.some(([id]) => id === chosen)) known.unshift([chosen, `#${chosen}`]);
    options($("x-conn"), [["", t("x.all")], ...known]);
  }

  /** Offers the layers of these rows, too. */
  showLayers(rows) {
    for (const { layer } of rows) {
      if (this.#occurred.has(layer)) continue;
      this.#occurred.add(layer);
      $("x-layers").querySelector(`[value=${layer}]`).parentElement.hidden = false;
    }
  }

  reset() {
    $("x-find").value = "";
    for (const id of ["x-conn", "x-dir"]) $(id).value = "";
    for (const box of $("x-layers").querySelectorAll("input")) box.checked = !quiet.includes(box.value);
    $("x-beats").checked = true;
  }
}
