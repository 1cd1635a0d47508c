// The x-ray beside a demo: the rows as they cross the wire, filtered, paused, taken apart, exported.

import { $, addTexts, element, onLang, t } from "/lab/shared/lab.js";
import { RowList } from "/lab/shared/xray-list.js";
import { anatomy, bytes, said } from "/lab/shared/xray-anatomy.js";
import { texts } from "/lab/shared/xray-text.js";

const layers = ["tcp", "http", "body", "chunk", "line", "sse", "ws", "message", "eio", "sio", "event", "bytes"];
const quiet = ["tcp", "body"]; // not shown unless asked for
const maxRows = 10000; // held by the page
const dropRows = 2000; // at once, when there are more

const markup = `
  <div class="row x-head">
    <h2 data-text="xray"></h2><span id="x-status" class="badge" role="status"></span>
    <span class="grow"></span><button id="x-toggle" type="button" aria-expanded="true" aria-controls="x-body"></button>
  </div>
  <div id="x-body">
    <p class="soft" data-text="x.hint"></p>
    <div class="row x-tools">
      <button id="x-pause" type="button" aria-pressed="false"></button>
      <button id="x-clear" type="button" data-text="x.clear"></button>
      <label><span data-text="x.conn"></span> <select id="x-conn"></select></label>
      <label><span data-text="x.dir"></span> <select id="x-dir"></select></label>
      <input id="x-find" type="search" data-label="x.find" autocomplete="off">
    </div>
    <fieldset id="x-layers" class="row"><legend data-text="x.layers"></legend></fieldset>
    <div class="x-panes">
      <div>
        <div id="x-rows" class="x-rows" data-label="x.rows"></div>
        <p id="x-empty" class="soft"></p>
      </div>
      <div id="x-anatomy" class="x-anatomy" tabindex="-1" role="region" data-label="x.anatomy"></div>
    </div>
    <div class="row x-foot">
      <span id="x-counters" class="soft"></span><span class="grow"></span>
      <a id="x-jsonl" href="/lab/xray.jsonl" download data-text="x.jsonl"></a>
      <a id="x-pcapng" href="/lab/xray.pcapng" download data-text="x.pcapng"></a>
    </div>
  </div>`;

/** The rows that the page holds, and what passes the filter. */
class Rows {
  all = [];
  byID = new Map();
  shown = [];
  passes = () => true;

  add(rows) {
    for (const row of rows) {
      row.depth = row.parent ? (this.byID.get(row.parent)?.depth ?? -1) + 1 : 0;
      this.all.push(row);
      this.byID.set(row.id, row);
      if (this.passes(row)) this.shown.push(row);
    }
    if (this.all.length <= maxRows) return;
    for (const row of this.all.splice(0, dropRows)) this.byID.delete(row.id);
    this.shown = this.shown.filter((row) => this.byID.has(row.id));
  }

  filter(passes) {
    this.passes = passes;
    this.shown = this.all.filter(passes);
  }

  clear() {
    this.all = [];
    this.byID.clear();
    this.shown = [];
  }

  related(row) {
    const parents = [];
    for (let up = this.byID.get(row.parent); up; up = this.byID.get(up.parent)) parents.unshift(up);
    return { parents, children: this.all.filter((other) => other.parent === row.id) };
  }
}

/** Builds the panel in `section`, and keeps it connected. */
export function mount(section) {
  addTexts(texts);
  section.innerHTML = markup; // ours: no text of a user is in it
  section.hidden = false;
  section.className = "card xray";
  section.setAttribute("aria-label", "x-ray");
  new Panel();
}

class Panel {
  #rows = new Rows();
  #waiting = []; // came while paused
  #paused = false;
  #socket = null;
  #lost = 0;
  #counters = null;
  #start = 0;
  #anatomy = null;
  #conns = [];
  #list;

  constructor() {
    this.#list = new RowList($("x-rows"), (e, row) => this.#fill(e, row), (row) => this.#ask(row.id));
    this.#controls();
    onLang(() => this.#translate());
    this.#open(localStorage.getItem("xray") !== "hidden");
  }

  #controls() {
    for (const layer of layers) {
      const label = element("label");
      const box = element("input");
      box.type = "checkbox";
      box.value = layer;
      box.checked = !quiet.includes(layer);
      label.append(box, element("span", "", `x-chip x-${layer}`));
      $("x-layers").append(label);
    }
    const lab = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.id = "x-lab";
    lab.append(box, element("span"));
    $("x-layers").append(lab);
    for (const id of ["x-layers", "x-conn", "x-dir"]) $(id).addEventListener("change", () => this.#filter());
    $("x-find").addEventListener("input", () => this.#filter());
    $("x-pause").addEventListener("click", () => this.#pause(!this.#paused));
    $("x-clear").addEventListener("click", () => this.#clear());
    $("x-toggle").addEventListener("click", () => this.#open($("x-body").hidden));
    $("x-body").addEventListener("keydown", (event) => {
      if (event.key === "Escape") $("x-rows").focus();
    });
  }

  #translate() {
    for (const e of document.querySelectorAll(".xray [data-text]")) e.textContent = t(e.dataset.text);
    for (const e of document.querySelectorAll(".xray [data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
    for (const e of $("x-layers").querySelectorAll("label")) e.lastChild.textContent = t(e.firstChild.value === "on" ? "x.lab" : e.firstChild.value);
    options($("x-dir"), [["", t("x.both")], ["in", t("x.in")], ["out", t("x.out")]]);
    $("x-find").placeholder = t("x.find");
    this.#showConns();
    this.#showState();
    this.#showAnatomy();
    this.#list.rewrite();
  }

  /** Shows or hides the panel. Hidden, it asks nothing of the server. */
  #open(open) {
    localStorage.setItem("xray", open ? "shown" : "hidden");
    $("x-body").hidden = !open;
    $("x-toggle").setAttribute("aria-expanded", open);
    if (open) this.#connect();
    else this.#socket?.close();
    this.#showState();
  }

  #connect() {
    this.#socket?.close();
    const socket = new WebSocket(location.origin.replace("http", "ws") + "/lab/xray");
    this.#socket = socket;
    socket.onopen = () => {
      this.#clear(); // the server starts anew with all that it holds
      this.#showState();
    };
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data));
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#showState();
      setTimeout(() => { if (!this.#socket && !$("x-body").hidden) this.#connect(); }, 2000);
    };
  }

  #receive(message) {
    if (message.rows) {
      this.#lost += message.lost ?? 0;
      if (this.#paused) this.#waiting.push(...message.rows.slice(0, maxRows));
      else this.#add(message.rows);
      if (this.#waiting.length > maxRows) this.#lost += this.#waiting.splice(0, dropRows).length;
    }
    if (message.counters) {
      this.#counters = message.counters;
      this.#conns = message.conns;
      this.#showConns();
    }
    if (message.row || message.gone) {
      this.#anatomy = message;
      this.#showAnatomy();
    }
    this.#showState();
  }

  #add(rows) {
    if (!this.#start && rows.length) this.#start = Date.parse(rows[0].time);
    const before = this.#rows.shown;
    this.#rows.add(rows);
    if (this.#rows.shown === before) this.#list.grown();
    else this.#list.show(this.#rows.shown);
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
    this.#start = 0;
    this.#anatomy = null;
    this.#list.show(this.#rows.shown);
    this.#showAnatomy();
    this.#filter();
  }

  #filter() {
    const on = new Set([...$("x-layers").querySelectorAll("input:checked")].map((box) => box.value));
    const [conn, dir, find] = [Number($("x-conn").value), $("x-dir").value, $("x-find").value.toLowerCase()];
    const lab = $("x-lab").checked;
    this.#rows.filter((row) =>
      on.has(row.layer) && (!conn || row.conn === conn) && (!dir || row.dir === dir) && (lab || !row.lab) &&
      (!find || said(row.summary).toLowerCase().includes(find)));
    this.#list.show(this.#rows.shown);
    this.#showState();
  }

  #ask(id) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ row: id }));
  }

  #go(id) {
    this.#list.select(id);
    this.#ask(id);
  }

  /** Writes a row of the list. */
  #fill(e, row) {
    e.className = `x-row${row.problem ? " x-problem" : ""}`;
    const since = (Date.parse(row.time) - this.#start) / 1000;
    const chip = element("span", t(row.layer), `x-chip x-${row.layer}`);
    const summary = element("span", said(row.summary), "x-summary");
    summary.style.paddingInlineStart = `${Math.min(row.depth, 6) * 0.6}rem`;
    e.replaceChildren(
      element("span", since.toFixed(3), "x-time"), element("span", `#${row.conn}`, "x-conn"),
      element("span", row.dir === "in" ? "→" : "←", `x-dir x-${row.dir}`), chip, element("span", bytes(row.size), "x-size"), summary,
    );
    e.title = said(row.summary) + (row.problem ? `\n${said(row.problem)}` : "");
  }

  #showConns() {
    const known = this.#conns.map((c) => [String(c.id), `#${c.id} ${c.remote}`]);
    const chosen = $("x-conn").value;
    if (chosen && !known.some(([id]) => id === chosen)) known.unshift([chosen, `#${chosen}`]);
    options($("x-conn"), [["", t("x.all")], ...known]);
  }

  #showAnatomy() {
    const box = $("x-anatomy");
    if (!this.#anatomy) box.replaceChildren(element("p", t("x.choose"), "soft"));
    else if (this.#anatomy.gone) box.replaceChildren(element("p", t("x.gone"), "soft"));
    else anatomy(box, this.#anatomy.row, this.#rows.related(this.#anatomy.row), (id) => this.#go(id));
  }

  #showState() {
    const hidden = $("x-body").hidden;
    const live = this.#socket?.readyState === WebSocket.OPEN;
    $("x-toggle").textContent = t(hidden ? "x.show" : "x.hide");
    $("x-pause").textContent = t(this.#paused ? "x.resume" : "x.pause");
    $("x-status").hidden = hidden;
    $("x-status").textContent = this.#paused ? t("x.held", this.#waiting.length) : t(live ? "x.live" : "x.broken");
    $("x-status").className = `badge ${live ? "good" : "bad"}`;
    $("x-empty").textContent = this.#rows.shown.length ? "" : t(this.#rows.all.length ? "x.filtered" : "x.none");
    const c = this.#counters;
    if (!c) return;
    const parts = [t("x.bytes", bytes(c.in), bytes(c.out)), t("x.conns", c.connections, c.open), t("x.requests", c.requests)];
    if (this.#lost) parts.push(t("x.lost", this.#lost));
    if (c.dropped) parts.push(t("x.missed", bytes(c.dropped)));
    if (c.skimmed) parts.push(t("x.skimmed", bytes(c.skimmed)));
    $("x-counters").textContent = parts.join(" · ");
  }
}

/** Gives a select these options, unless it has them, and keeps what is chosen. */
function options(select, wanted) {
  const key = JSON.stringify(wanted);
  if (select.dataset.options === key) return;
  select.dataset.options = key;
  const chosen = select.value;
  select.replaceChildren(...wanted.map(([value, text]) => {
    const option = element("option", text);
    option.value = value;
    return option;
  }));
  select.value = wanted.some(([value]) => value === chosen) ? chosen : "";
}
