// A lane on the page: its row, the frame with its client, what it received and what it cost.

import { element } from "/lab/shared/lab.js";
import { Arrivals } from "/lab/page/arrivals.js";
import { median } from "/lab/page/lap.js";
import { seconds } from "/lab/page/picture.js";

const keep = (seconds + 2) * 1000; // ms that a message is kept
const mostPending = 100; // lines of one lane

export const said = new Map(); // number → when it was sent, by this page's clock
let newest = 0; // the highest number that any lane has

/** Forgets the messages that no picture shows any longer. Lanes may still wait for the younger ones. */
export function forget(time, tracks) {
  for (const [number, at] of said) {
    if (at >= time - keep) break;
    if (at < time - 20_000 || tracks.every((track) => track.arrivals.has(number))) said.delete(number);
  }
  for (const track of tracks) track.forget(time - keep);
}

export class Track {
  arrivals = new Arrivals();
  since = Infinity; // when it was first connected: it does not wait for older messages
  marks = []; // of the picture
  fresh = []; // marks that are not painted yet
  delays = []; // {at, ms} of the last seconds
  messages = 0;
  lost = 0;
  on = false;
  off; // when it lost its connection
  told; // when the narrator last spoke of many messages at once
  count = null;
  zero = null; // the count at the last reset of the figures
  lap; // of the round
  place = 0; // its rank
  y = 0; // place in the list, in px
  frozen; // the time that the picture stands at

  constructor(lane) {
    this.lane = lane; // as the server describes it
    this.name = lane.name;
    this.title = lane.title;
    this.row();
  }

  /** Opens the client in a frame, on the server with or without connection state recovery. Whatever was measured is forgotten. */
  open(frames, recovery, settings) {
    const { name, lane } = this;
    this.frame?.remove();
    this.recovers = recovery && lane.recovering !== undefined;
    this.origin = `${location.protocol}//${location.hostname}:${this.recovers ? lane.recovering : lane.port}`;
    this.frame = document.createElement("iframe");
    this.frame.title = name;
    this.frame.src = `${this.origin}/lab/lane/lane.html#${new URLSearchParams({ transport: name, ...settings })}`;
    frames.append(this.frame);
    Object.assign(this, { arrivals: new Arrivals(), since: Infinity, on: false, off: undefined, marks: [], fresh: [], count: null, lap: undefined });
    this.reset();
  }

  row() {
    this.item = element("li");
    this.item.dataset.lane = this.name;
    this.rank = element("span", "", "rank");
    this.button = element("button", "", "name");
    this.button.type = "button";
    this.label = element("b");
    this.note = element("small");
    this.button.append(this.label, this.note);
    this.plot = element("div", "", "plot");
    const delay = element("span", "", "ms");
    this.latency = element("span", "–");
    this.latency.dataset.key = "latency";
    this.unit = element("small");
    delay.append(this.latency, this.unit);
    const cost = element("div", "", "cost");
    this.bar = element("div", "", "bar");
    this.parts = ["pay", "fra", "hea"].map((part) => element("i", "", part));
    this.bar.append(...this.parts);
    this.cost = element("span", "", "soft");
    this.bytes = element("b", "–");
    this.bytes.dataset.key = "bytes";
    this.bytesUnit = element("span");
    this.requests = element("b", "–");
    this.requests.dataset.key = "requests";
    this.requestsUnit = element("span");
    this.cost.append(this.bytes, this.bytesUnit, this.requests, this.requestsUnit);
    cost.append(this.bar, this.cost);
    this.item.append(this.rank, this.button, this.plot, delay, cost);
  }

  remove() {
    this.frame.remove();
    this.item.remove();
  }

  /** Takes a message that the frame received. Returns false for one that was here before. */
  take(number, at, arrived, last) {
    if (!said.has(number)) said.set(number, at);
    newest = Math.max(newest, number);
    const before = this.arrivals.newest;
    if (!this.arrivals.add(number, arrived)) return false;
    const delay = Math.max(arrived - at, 0);
    this.delays.push({ at: arrived, ms: delay });
    this.mark({ at, arrived });
    this.messages++;
    this.lap?.add(number, delay, arrived, last);
    for (let missing = before + 1; before && missing < number; missing++) {
      this.lost++;
      if (said.has(missing)) this.mark({ at: said.get(missing), lost: true });
    }
    if (number < before) this.lost = Math.max(this.lost - 1, 0); // it was only late
    return true;
  }

  mark(mark) {
    this.marks.push(mark);
    this.fresh.push(mark);
  }

  /** Returns when the messages were sent that may still come. */
  pending(time) {
    const all = [];
    const step = Math.max(1, Math.ceil((newest - this.arrivals.newest) / mostPending));
    for (let number = newest; number > this.arrivals.newest; number -= step) {
      const at = said.get(number);
      if (at === undefined || at < this.since) break;
      if (at < time - 40) all.push(at); // not for a message that has just left
    }
    return all;
  }

  forget(before) {
    this.arrivals.forget(said);
    const young = (list) => { const from = list.findIndex((entry) => (entry.arrived ?? entry.at) >= before); return from < 0 ? [] : list.slice(from); };
    this.delays = young(this.delays);
    this.marks = young(this.marks);
  }

  /** Counts from now on. */
  reset() {
    this.zero = this.count;
    this.messages = 0;
    this.lost = 0;
    this.delays = [];
  }

  /** What it cost since the figures were reset. */
  spent(key) { return this.count && this.zero ? this.count[key] - this.zero[key] : 0; }

  /** Median delay of the last seconds, undefined without a message. */
  get delay() { return median(this.delays.map((d) => d.ms)); }

  /** Bytes a message and viewer, both ways: all, and its parts. undefined without a message. */
  perMessage(viewers, payload) {
    if (!this.messages) return undefined;
    const n = this.messages * viewers;
    const all = (this.spent("in") + this.spent("out")) / n;
    const headers = this.spent("headers") / n;
    const pay = Math.min(payload, all - headers);
    return { all, parts: [Math.max(pay, 0), Math.max(all - headers - pay, 0), headers], requests: this.spent("requests") / n };
  }
}
