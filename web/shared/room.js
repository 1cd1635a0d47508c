// The chat of the first three lessons, over whatever transport a page brings:
//
//   const room = await openRoom({ texts, rows, counters, transport });
//
// transport.open(after) begins to receive after that cursor, transport.close() stops, both at once;
// transport.publish(from, text) sends. What arrives goes to room.receive(message).

import { $, element, onLang, start, t } from "./lab.js";
import { append, messageItem, momentItem } from "./chat.js";
import { codeBlock } from "./source.js";
import { lane } from "./lane.js";
import { ledger } from "./ledger.js";

const strings = {
  en: {
    chat: "The chat", message: "Your message", send: "Send", name: "My name", robot: "A robot writes too, every 2 s",
    wire: "On the wire, the last 20 seconds", account: "Is anything lost?", log: "What happened", breakIt: "Break it", why: "What you see",
    running: "The server code that is running", on: "receiving", off: "stopped", away: "offline", connecting: "connecting",
    stop: "Stop", go: "Start", offline: "Go offline for 5 s", isOffline: "offline: what others write now has to wait for us",
    isOnline: "back online, asking for everything after message {0}", stopped: "stopped at message {0}",
    notSent: "not sent: {0}", unsent: "This page is offline, so the message stays here. Nobody else will keep it for you.",
    summary: "In order: {0}. Lost: {1}. Came twice: {2}. Caught up later: {3}.", delay: "{0} ms",
    anew: "The server was started anew: its ids begin at 1 again. The account begins again, too.",
    nowL: "arrived at once", lateL: "caught up later", lostL: "lost",
    openL: "open or held", newsL: "brought messages", emptyL: "empty", failedL: "cut or failed",
    requests: "requests", empty: "empty answers", got: "messages", bytes: "bytes received", lag: "my last message came back after",
  },
  zh: {
    chat: "聊天", message: "要发送的消息", send: "发送", name: "我的名字", robot: "让机器人每 2 秒也说一句",
    wire: "线路上最近 20 秒", account: "丢消息了吗？", log: "发生了什么", breakIt: "弄坏它试试", why: "你看到的是什么",
    running: "正在运行的服务器代码", on: "接收中", off: "已停止", away: "离线", connecting: "连接中",
    stop: "停止", go: "开始", offline: "离线 5 秒", isOffline: "已离线：别人现在写的消息要等我们回来再取",
    isOnline: "恢复在线，请求第 {0} 条之后的全部消息", stopped: "停在第 {0} 条消息",
    notSent: "未发送：{0}", unsent: "页面处于离线状态，消息还留在输入框里。没有谁会替你保存它。",
    summary: "按顺序收到 {0} 条。丢失 {1} 条，重复 {2} 条，事后补上 {3} 条。", delay: "{0} ms",
    anew: "服务器重新启动过，编号又从 1 开始，这里的账也重新记。",
    nowL: "即时到达", lateL: "事后补上", lostL: "丢失",
    openL: "打开或挂起", newsL: "带来了消息", emptyL: "空应答", failedL: "被切断或失败",
    requests: "请求数", empty: "空应答", got: "消息数", bytes: "收到的字节", lag: "我的上一条消息返回用了",
  },
};

const robotSays = {
  en: ["Beep.", "Any news?", "Still here.", "One more.", "Tick, tock."],
  zh: ["哔。", "有新消息吗？", "我还在。", "再来一条。", "嘀嗒，嘀嗒。"],
};

/** Fills the page in and opens the transport. rows: keys of the lane's labels; counters: keys of what is counted. */
export async function openRoom({ texts, rows, counters, transport }) {
  const merged = { en: { ...strings.en, ...texts.en }, zh: { ...strings.zh, ...texts.zh } };
  const info = await start(merged);
  const room = new Room(transport, counters);
  room.bar = lane($("lane"), () => rows.map((key) => t(key)));
  $("source").replaceChildren(...info.source.map((s) => codeBlock(s.code)));
  onLang(() => room.show());
  setInterval(() => room.showCounters(), 250);
  room.open();
  $("text").focus();
  return room;
}

const gauges = ["lag", "ratio", "held", "open"]; // counters that show a text

class Room {
  constructor(transport, counters) {
    this.transport = transport;
    this.counters = Object.fromEntries(counters.map((key) => [key, gauges.includes(key) ? "" : 0]));
    this.ledger = ledger($("ledger"));
    this.state = "off";
    this.sent = new Map(); // text of mine → when it was sent
    transport.room = this;
    $("name").value = localStorage.getItem("name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
    $("name").addEventListener("change", () => localStorage.setItem("name", $("name").value));
    $("composer").addEventListener("submit", (event) => this.submit(event));
    $("stop").addEventListener("click", () => this.stop());
    $("start").addEventListener("click", () => this.open());
    $("offline").addEventListener("click", () => this.goOffline());
    this.lines = 0;
    setInterval(() => { if ($("robot").checked) this.robot(); }, 2000);
  }

  /** The id of the last message here, 0 if there is none. */
  get cursor() { return this.ledger.account.cursor; }

  /** The cursor for ?after=: the id and, so that a server started anew knows it is not one of its own, the time. */
  get after() {
    const { cursor, at } = this.ledger.account;
    return cursor > 0 ? `${cursor}@${at}` : "0";
  }

  open() {
    this.set("connecting");
    this.transport.open(this.after);
  }

  stop() {
    this.transport.close();
    this.set("off");
    this.happened(t("stopped", this.cursor));
  }

  goOffline() {
    this.transport.close();
    this.set("away");
    this.happened(t("isOffline"), "bad");
    setTimeout(() => {
      if (this.state !== "away") return;
      this.happened(t("isOnline", this.cursor), "good");
      this.open();
    }, 5000);
  }

  /** The transport tells how it is: on or connecting. A transport that was closed has nothing to tell. */
  is(state) {
    if (this.state === "on" || this.state === "connecting") this.set(state);
  }

  set(state) {
    this.state = state;
    this.show();
  }

  /** A message has arrived. */
  receive(message) {
    const kind = this.ledger.note(message);
    this.show();
    if (kind === "again") return;
    if (kind === "anew") this.happened(t("anew"), "bad");
    this.count("got");
    const item = messageItem(message, $("name").value);
    const began = this.sent.get(message.text);
    if (message.from === $("name").value && began) {
      this.sent.delete(message.text);
      const ms = Math.round(performance.now() - began);
      this.counters.lag = t("delay", ms);
      item.append(element("small", t("delay", ms)));
    }
    append($("messages"), item);
  }

  count(key, n = 1) {
    if (key in this.counters) this.counters[key] += n;
  }

  gauge(key, text) { this.counters[key] = text; }

  happened(text, className) { append($("timeline"), momentItem(text, className)); }

  async submit(event) {
    event.preventDefault();
    const text = $("text").value;
    if (!text) return;
    if (this.state === "away") {
      $("note").textContent = t("unsent");
      return;
    }
    $("text").value = "";
    $("note").textContent = "";
    this.sent.set(text, performance.now());
    try {
      await this.transport.publish($("name").value, text);
    } catch (error) {
      this.sent.delete(text);
      $("text").value ||= text;
      $("note").textContent = t("notSent", error.message);
    }
  }

  /** The robot is somebody else: it writes while this page is away, too. */
  robot() {
    const say = robotSays[document.documentElement.lang === "en" ? "en" : "zh"];
    const speak = this.transport.robot ?? this.transport.publish;
    Promise.resolve(speak("robot", say[this.lines++ % say.length])).catch(() => {});
  }

  show() {
    $("status").textContent = t(this.state);
    $("status").className = `badge ${this.state === "on" ? "good" : this.state === "away" ? "bad" : "soft"}`;
    $("stop").disabled = this.state === "off";
    $("start").disabled = this.state !== "off";
    $("offline").disabled = this.state === "away" || this.state === "off";
    const { received, lost, twice, late } = this.ledger.account;
    $("account").textContent = t("summary", received, lost, twice, late);
    this.showCounters();
  }

  showCounters() {
    const list = $("counters");
    for (const [key, value] of Object.entries(this.counters)) {
      let box = list.querySelector(`[data-key="${key}"]`);
      if (!box) {
        box = element("div");
        box.dataset.key = key;
        box.append(element("dt"), element("dd"));
        list.append(box);
      }
      box.firstChild.textContent = t(key);
      box.lastChild.textContent = typeof value === "number" ? value.toLocaleString("en") : value || "–";
    }
  }
}

/** Publishes as the HTTP lessons do. Throws with the server's reason. */
export function poster(bar) {
  return async (from, text) => {
    const span = bar();
    try {
      const response = await fetch("/messages", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ from, text }),
      });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.error);
      span.end("news");
    } catch (error) {
      span.end("failed");
      throw error;
    }
  };
}

/** Waits ms, or less if the signal aborts. */
export const pause = (ms, signal) => new Promise((done) => {
  if (signal?.aborted) return done();
  const timer = setTimeout(done, ms);
  signal?.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
});
