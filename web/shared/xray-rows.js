// The rows that a page holds of an x-ray: messages, the layers that carry each, and what passes a filter. Pure: rows go in
// as the server sends them, see internal/xray/web/panel.go.

const maxRows = 10000;
const dropRows = 2000; // at once, when there are more

export class Rows {
  all = [];
  shown = [];
  passes = () => true;
  #byID = new Map();
  #run = null;
  #base = 0; // added to the ids of this run, which start at 1
  #last = 0; // the highest id
  #height; // of each layer
  #pieces = new Map(); // "request direction" → the answer's or request's head and pieces of its body
  #streams = new Map(); // request → whether the chunks of its answer have ended
  #clients = new Map(); // connection → the client of its last request

  /** layers are the names of the layers, from the lowest up. */
  constructor(layers) {
    this.#height = new Map(layers.map((layer, i) => [layer, i]));
  }

  /** Begins to take the rows of a run of the server. Rows of an earlier run stay, with a divider after them. */
  begin(run, time) {
    if (run === this.#run) this.#keep((row) => row.id <= this.#base);
    else {
      this.#base = this.#last;
      if (this.all.length > 0) this.#hold({ id: ++this.#base, layer: "restart", time, dir: "out", conn: 0, size: 0, summary: { en: "", zh: "" }, message: true });
    }
    this.#run = run;
    this.#clients.clear();
    this.filter(this.passes);
  }

  /** The id that the server knows a row by; 0 for a row of an earlier run. */
  serverID(id) { return Math.max(id - this.#base, 0); }

  /** The id here of a row of the server. */
  localID(id) { return id + this.#base; }

  get(id) { return this.#byID.get(id); }

  /** Takes rows. Returns those that were there before and have changed: heads whose body has come. */
  add(rows) {
    const changed = new Set();
    const last = this.all.at(-1)?.id ?? 0;
    let late = false, before = last;
    for (const sent of rows) {
      const row = this.#localized(sent);
      late ||= row.id < before;
      before = row.id;
      this.#hold(row);
      const head = this.#join(row);
      if (head) changed.add(head);
      if (late || !this.passes(row)) continue;
      row.gap = gap(this.shown.at(-1), row);
      this.shown.push(row);
    }
    if (late) { // of a connection that the server has just recognised as this browser's
      this.all.sort((a, b) => a.id - b.id);
      this.filter(this.passes);
    }
    if (this.all.length > maxRows) {
      const oldest = this.all[dropRows].id;
      this.#keep((row) => row.id >= oldest);
    }
    return [...changed];
  }

  #localized(sent) {
    const move = (id) => (id ? id + this.#base : 0);
    return { ...sent, id: move(sent.id), parent: move(sent.parent), request: move(sent.request), parts: (sent.parts ?? []).map(move) };
  }

  #hold(row) {
    row.depth = row.parent ? (this.#byID.get(row.parent)?.depth ?? -1) + 1 : 0;
    this.#last = Math.max(this.#last, row.id);
    this.all.push(row);
    this.#byID.set(row.id, row);
  }

  /** Joins a row to its request. Returns the head whose body it begins, if it does. */
  #join(row) {
    if (row.layer === "http" && row.dir === "in") this.#clients.set(row.conn, row.client ?? "");
    const request = row.layer === "http" && row.dir === "in" ? row.id : row.request;
    if (!request) return null;
    if (row.kind === "end") this.#streams.set(request, true);
    else if ((row.layer === "chunk" || row.layer === "h2" && /^DATA/.test(row.summary.en)) && row.dir === "out") this.#streams.set(request, false);
    if (!["http", "body", "chunk"].includes(row.layer)) return null;
    const key = `${request} ${row.dir}`;
    const pieces = this.#pieces.get(key) ?? this.#pieces.set(key, []).get(key);
    if (row.layer === "http") pieces.length = 0; // an interim answer came before
    pieces.push(row);
    const [head] = pieces;
    if (row.layer === "http" || head.layer !== "http" || pieces.length > 2 || row.kind === "end") return null;
    head.content = row.summary;
    return head;
  }

  #keep(wanted) {
    this.all = this.all.filter(wanted);
    this.#byID = new Map(this.all.map((row) => [row.id, row]));
    this.shown = this.shown.filter(wanted);
    const known = (request) => this.#byID.has(request);
    for (const key of this.#pieces.keys()) if (!known(parseInt(key))) this.#pieces.delete(key);
    for (const request of this.#streams.keys()) if (!known(request)) this.#streams.delete(request);
  }

  /** Shows the rows that pass. */
  filter(passes) {
    this.passes = passes;
    this.shown = this.all.filter(passes);
    this.shown.forEach((row, i) => { row.gap = gap(this.shown[i - 1], row); });
  }

  clear() {
    this.#keep(() => false);
    this.#clients.clear();
  }

  /** The client of a row: its own, or that of the last request on its connection; "" if it is unknown. */
  clientOf(row) { return row.client || this.#clients.get(row.conn) || ""; }

  /** Whether the answer to a request still comes, in chunks or in frames of HTTP/2. */
  isOpen(request) { return this.#streams.get(request) === false; }

  /** The rows that a message consists of, the topmost layer first. */
  layersOf(row) {
    const found = new Set();
    const take = (taken) => {
      if (!taken || found.has(taken)) return;
      found.add(taken);
      for (const id of [taken.parent, ...taken.parts ?? []]) take(this.#byID.get(id));
      if (["body", "chunk"].includes(taken.layer)) take(this.#pieces.get(`${taken.request} ${taken.dir}`)?.find((piece) => piece.layer === "http"));
    };
    take(row);
    if (row.layer === "http") for (const piece of this.#pieces.get(`${row.dir === "in" ? row.id : row.request} ${row.dir}`) ?? []) take(piece);
    return [...found].sort((a, b) => this.#height.get(b.layer) - this.#height.get(a.layer) || a.id - b.id);
  }

  /** The rows that a row carries: the packets of a frame, the frames of a TCP segment. */
  carriedBy(id) { return this.all.filter((row) => row.parent === id); }

  /** The needles of the filter that the server found in the row's bytes, or in those of its packets and frames: a bit each. */
  found(row) {
    if (!row.message) return row.found ?? 0;
    const searched = row.layer === "http" ? ["body", "chunk"] : ["ws", "message", "eio", "sio"];
    return this.layersOf(row).reduce((bits, part) => (part === row || searched.includes(part.layer) ? bits | (part.found ?? 0) : bits), 0);
  }

  /** Marks rows by [their id of the server, the needles of the filter that their bytes have]. All others have none. */
  mark(hits) {
    const found = new Map(hits.map(([id, bits]) => [this.localID(id), bits]));
    for (const row of this.all) row.found = found.get(row.id) ?? 0;
  }
}

/** The time between two rows in ms, or null at the beginning. */
function gap(before, row) {
  return before ? Math.max(0, Date.parse(row.time) - Date.parse(before.time)) : null;
}

/** A duration in few characters, such as "+12 ms". */
export function gapText(ms) {
  if (ms === null || ms === undefined) return "";
  if (ms < 1000) return `+${Math.round(ms)} ms`;
  return ms < 60_000 ? `+${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s` : `+${Math.floor(ms / 60_000)} min`;
}
