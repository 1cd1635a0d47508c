// The race: the same messages at the same moments over every transport. Each lane's client is a frame of the lane's own origin; here they are drawn.

import { $, element, onLang, start, t } from "/lab/shared/lab.js";

const texts = {
  en: {
    lanes: "The lanes", pause: "Pause", go: "Go on", cut: "Lose every packet for 3 s", reset: "Reset every connection", zero: "Count anew", why: "What you see",
    rate: "{0} messages a second", interval: "short polling asks every {0}", net: "network: {0}",
    on: "racing", off: "not connected", paused: "paused", isCut: "every packet is lost", watching: "{0} watch",
    latency: "median delay", bytes: "bytes a message", requests: "requests a message", total: "all bytes", ms: "{0} ms", waiting: "{0} on the way", lost: "{0} lost", laneOff: "not connected",
    picture: "{0}: when each message was said, above, and when it arrived, below",
    axis: "The last {0} seconds. Above, the moment when the server is told the message; below, the moment when it is here. A slanted line is a late message, a red one has not come yet, a red ring never will. The blue bar is all that the lane has cost so far, in bytes.",
    why1: "All lanes carry the same messages, said at the same moments. Each has a server, a connection, a byte counter and a simulated network of its own, so none is in another's way.",
    why2: "Short polling draws fans: what was said between two questions arrives with the answer to the next. Make the interval shorter, and it pays in requests what it wins in delay.",
    why3: "Choose a slow network. Whoever must ask before the answer can come pays the way there as well: long polling misses the moment between two requests, and its lines lean over when messages come quickly. The streams and the WebSocket pay one way.",
    why4: "Lose every packet, and nobody notices but TCP, which sends again, later and later: all that was said arrives at once, in order. Reset the connections, and each client shows how soon it comes back; Socket.IO without recovery loses what was said meanwhile.",
  },
  zh: {
    lanes: "跑道", pause: "暂停", go: "继续", cut: "丢掉所有数据包 3 秒", reset: "重置所有连接", zero: "重新计数", why: "你看到的是什么",
    rate: "每秒 {0} 条消息", interval: "短轮询每 {0} 问一次", net: "网络：{0}",
    on: "正在赛跑", off: "未连接", paused: "已暂停", isCut: "数据包全部丢失", watching: "{0} 人在看",
    latency: "延迟中位数", bytes: "字节/消息", requests: "请求/消息", total: "总字节", ms: "{0} 毫秒", waiting: "{0} 条在路上", lost: "丢了 {0} 条", laneOff: "未连接",
    picture: "{0}：上沿是消息说出的时刻，下沿是到达的时刻",
    axis: "最近 {0} 秒。上沿是服务器得到消息的时刻，下沿是消息到达这里的时刻。线越斜，消息越晚；红线还没有到，红圈再也不会到。蓝条是这条跑道到现在为止花掉的全部字节。",
    why1: "所有跑道送的是同样的消息，在同样的时刻说出。每条跑道有自己的服务器、连接、字节计数和模拟网络，互不干扰。",
    why2: "短轮询画出的是一把把扇子：两次询问之间说的话，要等下一次的回答才到。把间隔调短，赢来的延迟要用请求数来付。",
    why3: "换一个慢的网络。先问才有答的，去程也要付：长轮询在两次请求之间会错过时机，消息一密，线就斜了。流和 WebSocket 只付单程。",
    why4: "丢掉所有数据包，除了 TCP 谁也不知道：它一次次重发，越等越久，然后所有消息按顺序一起到。重置连接，就看各个客户端多快回来；没有开启恢复的 Socket.IO 会丢掉这期间的消息。",
  },
};

const seconds = 8;
const rates = [0.5, 1, 2, 5, 10, 20, 50];
const intervals = [100, 200, 500, 1000, 2000, 5000];
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

let socket;
let offset = 0; // of the server's clock from ours, ms
let best = Infinity; // the quickest round trip it was learned from
let state;
let networks = [];
let viewers = 1;
let connected = false;
const lanes = [];
const said = new Map(); // number → when, by our clock

const now = () => performance.timeOrigin + performance.now();
const duration = (ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
const wish = (what) => { if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(what)); };

/** A lane: its row, its frame, what it received and what it cost. */
class Lane {
  received = new Map(); // number → when it arrived
  newest = 0; // the highest number of them: what is lower and did not come is lost, for every lane keeps the order
  since = Infinity; // when it was first connected: what was said before is none of its business
  delays = []; // {at, ms} of the last seconds
  messages = 0;
  on = false;
  count = null;
  zero = null; // the count that is nothing

  constructor({ name, port }, sent) {
    this.name = name;
    this.origin = `http://${location.hostname}:${port}`;
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
    this.figures = ["latency", "bytes", "requests", "total"].map((key) => {
      const pair = document.createElement("div");
      const [term, value] = [element("dt"), element("dd", "–")];
      term.dataset.text = key;
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
    if (this.received.has(data.number)) return;
    this.received.set(data.number, data.arrived);
    this.newest = Math.max(this.newest, data.number);
    this.delays.push({ at: data.arrived, ms: Math.max(data.arrived - at, 0) });
    this.messages++;
  }

  forget(before) {
    for (const [number, at] of this.received) if (at < before) this.received.delete(number);
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
    total.textContent = this.bytes < 10240 ? `${this.bytes} B` : `${(this.bytes / 1024).toFixed(0)} KiB`;
    this.cost.style.width = `${most ? (100 * this.bytes) / most : 0}%`;
    const missing = [...said].filter(([n, at]) => !this.received.has(n) && at > this.since && at < now() - 50).map(([n]) => n);
    const lost = missing.filter((n) => n < this.newest).length;
    const waiting = missing.length - lost;
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
      const arrived = this.received.get(number);
      const lost = !arrived && number < this.newest;
      if (x(arrived ?? (lost ? at : time)) < -10 || !arrived && at < this.since) continue;
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
    if (at < before && lanes.every((l) => l.received.has(number) || at < before - 20_000)) said.delete(number);
  }
  for (const lane of lanes) lane.forget(Math.min(before, ...[...said.values()]));
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
  $("says").textContent = at >= 0 ? networks[at].says[document.documentElement.lang.startsWith("zh") ? "zh" : "en"] : "";
  $("pause").textContent = t(state.paused ? "go" : "pause");
  $("cut").disabled = state.cut;
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
    $("net").max = networks.length - 1;
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
  else if (message.error) $("says").textContent = message.error;
}

let welcome;

/** Opens the lanes, anew if the server was started anew. */
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

function label() {
  for (const lane of lanes) {
    lane.canvas.setAttribute("aria-label", t("picture", lane.name));
    for (const e of lane.list.querySelectorAll("dt")) e.textContent = t(e.dataset.text);
  }
}

function connect() {
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/race`);
  socket.addEventListener("open", () => {
    connected = true;
    best = Infinity;
    for (let i = 0; i < 15; i++) setTimeout(() => wish({ ping: now() }), 200 * i);
  });
  socket.addEventListener("message", ({ data }) => take(JSON.parse(data)));
  socket.addEventListener("close", () => {
    connected = false;
    showState();
    setTimeout(connect, 1000);
  });
}

addEventListener("message", ({ source, origin, data }) => {
  const lane = lanes.find((l) => l.frame.contentWindow === source && l.origin === origin);
  lane?.take(data);
});

await start(texts);
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
