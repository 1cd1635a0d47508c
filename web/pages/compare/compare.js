// The comparison: the same messages at the same moments over every transport. Each lane's client is a frame of the lane's own origin; here they are drawn.

import { Backoff } from "/lab/shared/backoff.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { $, element, onLang, start } from "/lab/shared/lab.js";
import { Arrivals } from "/lab/page/arrivals.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

const seconds = 8;
const rates = [0.5, 1, 2, 5, 10, 20, 50];
const intervals = [100, 200, 500, 1000, 2000, 5000];
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

let socket;
let offset = 0; // of the server's clock from ours, ms
let best = Infinity; // the quickest round trip it was learned from
let state;
let networks = [];
let figures = []; // what the server calls the figures of a lane
let viewers = 1;
let connected = false;
let keyed = false; // this page may change the comparison
const lanes = [];
const said = new Map(); // number → when, by our clock

const language = () => (document.documentElement.lang.startsWith("zh") ? "zh" : "en");
const now = () => performance.timeOrigin + performance.now();
const duration = (ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
const ping = () => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ping: now() })); };

/** Asks for a change, which only a page with the key may. */
async function wish(what) {
  const answer = await fetch("/lab/compare", { method: "POST", body: JSON.stringify(what) });
  if (!answer.ok) $("says").textContent = await answer.text();
}

const controls = ["rate", "interval", "net", "pause", "cut", "reset"];

/** A lane: its row, its frame, what it received and what it cost. */
class Lane {
  arrivals = new Arrivals();
  since = Infinity; // when it was first connected: it does not wait for older messages
  delays = []; // {at, ms} of the last seconds
  messages = 0;
  on = false;
  count = null;
  zero = null; // the count at the last reset of the figures

  constructor({ name, port }, sent) {
    this.name = name;
    this.origin = `${location.protocol}//${location.hostname}:${port}`;
    this.frame = document.createElement("iframe");
    this.frame.title = name;
    this.frame.src = `${this.origin}/lab/lane/lane.html#transport=${name}&after=${sent}&interval=${state.interval}`;
    $("frames").append(this.frame);
    this.row();
  }

  row() {
    this.note = element("small");
    const heading = element("h3", this.name);
    heading.append(this.note);
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("role", "img");
    this.list = element("dl", "", "figures");
    this.figures = [["latency", "latency_p50_ms"], ["bytes", "bytes_per_message"], ["requests", "requests_per_message"], ["total"]].map(([key, figure]) => {
      const pair = document.createElement("div");
      const [term, value] = [element("dt"), element("dd", "–")];
      term.dataset.text = figure ?? key;
      value.dataset.key = key;
      pair.append(term, value);
      this.list.append(pair);
      return value;
    });
    this.cost = element("div");
    const bar = element("div", "", "cost");
    bar.append(this.cost);
    this.item = document.createElement("li");
    this.item.dataset.lane = this.name;
    this.item.append(heading, this.canvas, this.list, bar);
    $("lanes").append(this.item);
  }

  /** Takes what the frame says. */
  take(data) {
    if ("on" in data) {
      this.on = data.on;
      if (data.on) this.since = Math.min(this.since, now());
      return;
    }
    const at = data.said - offset;
    if (!said.has(data.number)) said.set(data.number, at);
    if (!this.arrivals.add(data.number, data.arrived)) return;
    this.delays.push({ at: data.arrived, ms: Math.max(data.arrived - at, 0) });
    this.messages++;
  }

  forget(before) {
    this.arrivals.forget(said);
    this.delays = this.delays.filter((d) => d.at >= before);
  }

  /** What it cost since the counters were set to zero. */
  spent(key) { return this.count && this.zero ? this.count[key] - this.zero[key] : 0; }

  get bytes() { return this.spent("in") + this.spent("out"); }

  show(most) {
    const per = (value, digits) => (this.messages ? (value / this.messages / viewers).toFixed(digits) : "–");
    const sorted = this.delays.map((d) => d.ms).sort((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    const [latency, bytes, requests, total] = this.figures;
    latency.textContent = !sorted.length ? "–" : t("ms", median < 1 ? "< 1" : median.toFixed(median < 10 ? 1 : 0));
    bytes.textContent = per(this.bytes, 0);
    requests.textContent = per(this.spent("requests"), 2);
    total.textContent = this.bytes < 1024 ? `${this.bytes} B` : `${(this.bytes / 1024).toFixed(this.bytes < 10240 ? 1 : 0)} KiB`;
    this.cost.style.width = `${most ? (100 * this.bytes) / most : 0}%`;
    const lost = [...said.keys()].filter((n) => this.arrivals.lost(n)).length;
    const waiting = [...said].filter(([n, at]) => this.arrivals.waiting(n) && at > this.since && at < now() - 50).length;
    const notes = [!this.on && t("laneOff"), lost && t("lost", lost), waiting && t("waiting", waiting)];
    this.note.textContent = notes.filter(Boolean).join(" · ");
    this.note.className = this.on && !lost ? "soft" : "bad";
  }

  draw(time, color) {
    const { canvas } = this;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * devicePixelRatio)) canvas.width = Math.round(width * devicePixelRatio);
    if (canvas.height !== Math.round(height * devicePixelRatio)) canvas.height = Math.round(height * devicePixelRatio);
    const context = canvas.getContext("2d");
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    context.clearRect(0, 0, width, height);
    const x = (at) => width - 6 - ((time - at) / 1000 / seconds) * width;
    const [top, bottom] = [7, height - 8];
    for (const [number, at] of said) {
      const arrived = this.arrivals.at(number);
      const lost = this.arrivals.lost(number);
      if (!arrived && !lost && (at < this.since || !this.arrivals.waiting(number))) continue;
      if (x(arrived ?? (lost ? at : time)) < -10) continue;
      context.strokeStyle = context.fillStyle = color(arrived ? "--soft" : "--bad");
      context.globalAlpha = 0.7;
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(x(at), top);
      if (lost) context.arc(x(at), top + 8, 5, 0, 7);
      else context.lineTo(x(arrived ?? time), arrived ? bottom : top + Math.min((time - at) / 2000, 1) * (bottom - top));
      context.stroke();
      context.globalAlpha = 1;
      context.fillRect(x(at) - 1, top - 4, 2, 6);
      if (!arrived) continue;
      context.fillStyle = color("--good");
      context.beginPath();
      context.arc(x(arrived), bottom, 5, 0, 7);
      context.fill();
    }
  }
}

/** Counts from now on. */
function zero() {
  for (const lane of lanes) {
    lane.zero = lane.count;
    lane.messages = 0;
    lane.delays = [];
  }
}

function draw() {
  const time = now();
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name);
  for (const lane of lanes) lane.draw(time, color);
  if (calm) setTimeout(draw, 1000);
  else requestAnimationFrame(draw);
}

function showFigures() {
  const before = now() - (seconds + 2) * 1000;
  for (const [number, at] of said) {
    if (at < before && lanes.every((l) => l.arrivals.has(number) || at < before - 20_000)) said.delete(number);
  }
  for (const lane of lanes) lane.forget(before);
  const most = Math.max(...lanes.map((l) => l.bytes));
  for (const lane of lanes) lane.show(most);
}

const nearest = (all, value) => all.reduce((best, v, i) => (Math.abs(v - value) < Math.abs(all[best] - value) ? i : best), 0);

function showState() {
  if (!state) return;
  $("rateLabel").textContent = t("rate", state.rate);
  $("intervalLabel").textContent = t("interval", duration(state.interval));
  $("netLabel").textContent = t("net", state.net);
  $("rate").value = nearest(rates, state.rate);
  $("interval").value = nearest(intervals, state.interval);
  const at = networks.findIndex((n) => n.name === state.net);
  if (at >= 0) $("net").value = at;
  $("says").textContent = at >= 0 ? networks[at].says[language()] : "";
  $("pause").textContent = t(state.paused ? "go" : "pause");
  for (const id of controls) $(id).disabled = !keyed;
  $("cut").disabled ||= state.cut;
  $("locked").hidden = keyed;
  const key = !connected ? "off" : state.cut ? "isCut" : state.paused ? "paused" : "on";
  $("status").textContent = t(key) + (viewers > 1 ? ` · ${t("watching", viewers)}` : "");
  $("status").className = `badge ${key === "on" ? "good" : "bad"}`;
}

/** Learns the server's clock from the quickest of the answers. */
function learn(sent, theirs) {
  const trip = now() - sent;
  if (trip >= best) return;
  best = trip;
  offset = theirs - (sent + trip / 2);
}

function take(message) {
  if (message.lanes) {
    networks = message.nets;
    figures = message.figures;
    $("net").max = networks.length - 1;
    keyed = message.keyed;
    welcome = message;
  } else if (message.state) {
    const changed = state && state.interval !== message.state.interval;
    state = message.state;
    if (welcome) begin();
    if (changed) for (const lane of lanes) lane.frame.contentWindow.postMessage({ interval: state.interval }, lane.origin);
    showState();
  } else if (message.counts) {
    if (viewers !== message.viewers) {
      viewers = message.viewers;
      showState();
    }
    message.counts.forEach((count, i) => { if (lanes[i]) lanes[i].count = count; });
    if (lanes.length && !lanes[0].zero && lanes.every((l) => l.on)) zero(); // the pages of the lanes are loaded, and cost no more
    showFigures();
  } else if (message.pong) learn(message.pong, message.now);
}

let welcome;
const backoff = new Backoff();

/** Opens the lanes, again after the server has restarted. */
function begin() {
  for (const lane of lanes) {
    lane.frame.remove();
    lane.item.remove();
  }
  lanes.length = 0;
  said.clear();
  for (const place of welcome.lanes) lanes.push(new Lane(place, welcome.sent));
  welcome = undefined;
  label();
}

/** The name of a figure, which the server says, or a text of this page. */
function nameOf(key) {
  const figure = figures.find((f) => f.key === key);
  return figure ? figure.name[language()] : t(key);
}

function label() {
  for (const lane of lanes) {
    lane.canvas.setAttribute("aria-label", t("picture", lane.name));
    for (const e of lane.list.querySelectorAll("dt")) e.textContent = nameOf(e.dataset.text);
  }
}

function connect() {
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/lab/compare`);
  socket.addEventListener("open", () => {
    connected = true;
    backoff.reset();
    best = Infinity;
    for (let i = 0; i < 15; i++) setTimeout(ping, 200 * i);
  });
  socket.addEventListener("message", ({ data }) => take(JSON.parse(data)));
  socket.addEventListener("close", () => {
    connected = false;
    showState();
    setTimeout(connect, backoff.next());
  });
}

addEventListener("message", ({ source, origin, data }) => {
  const lane = lanes.find((l) => l.frame.contentWindow === source && l.origin === origin);
  lane?.take(data);
});

await start();
$("rate").addEventListener("input", () => wish({ rate: rates[$("rate").value] }));
$("interval").addEventListener("input", () => wish({ interval: intervals[$("interval").value] }));
$("net").addEventListener("input", () => wish({ net: networks[$("net").value]?.name ?? "none" }));
$("pause").addEventListener("click", () => wish({ paused: !state?.paused }));
$("cut").addEventListener("click", () => wish({ cut: true }));
$("reset").addEventListener("click", () => wish({ reset: true }));
$("zero").addEventListener("click", zero);
onLang(() => { $("axis").textContent = t("axis", seconds); showState(); label(); });
connect();
draw();
