// Short polling: ask, get an answer at once, wait, ask again.

import { $, onLang, t } from "/lab/shared/lab.js";
import { openRoom, pause, poster } from "/lab/shared/room.js";

const texts = {
  en: {
    rowPoll: "GET /messages?after=N, every time the interval is over", rowPost: "POST /messages, when somebody here writes",
    interval: "Ask every {0}", ratio: "requests for one message", notModified: "304, not even []",
    lose: "Lose the next answer", conditional: "Ask with If-None-Match (304)",
    lost: "An answer was lost on the way. The cursor stays at {0}, so the next request asks for the same again.",
    failed: "A request failed: {0}. The next one asks again.",
    why1: "Every bar is one request. The server answers at once with what is newer than the cursor, the id of the last message here. Most bars are grey: nothing new, and still a whole HTTP request and answer, with all their headers.",
    why2: "The interval is the whole bargain. Ask rarely, and messages are late: half the interval on average. Ask often, and the server answers thousands of times to say nothing.",
    why3: "Nothing is lost even so. What is published between two requests is newer than the cursor, and the next answer brings it.",
  },
  zh: {
    rowPoll: "GET /messages?after=N，每到间隔就问一次", rowPost: "POST /messages，本页有人写消息时",
    interval: "每 {0} 问一次", ratio: "平均每条消息的请求数", notModified: "304，连 [] 都省了",
    lose: "丢掉下一个应答", conditional: "带上 If-None-Match（304）",
    lost: "一个应答在路上丢了。游标仍是 {0}，下一次请求会再要一遍同样的内容。",
    failed: "一次请求失败：{0}。下一次会再问。",
    why1: "每一条都是一次请求。服务器立刻回答比游标（这里最后一条消息的编号）更新的内容。大多数是灰色：没有新消息，但仍是一整套 HTTP 请求和应答，头部一个不少。",
    why2: "间隔就是全部的取舍。问得少，消息就晚：平均晚半个间隔。问得勤，服务器要回答成千上万次“没有”。",
    why3: "即便如此也不丢消息。两次请求之间发布的消息比游标新，下一个应答就会带来。",
  },
};

const intervals = [100, 250, 500, 1000, 2000, 5000, 10000];
const interval = () => intervals[$("interval").value];
const label = (ms) => ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;

let etag = "";
let loseNext = false;

async function poll(room, signal) {
  const span = room.bar(0);
  room.count("requests");
  try {
    const headers = etag && $("conditional").checked ? { "If-None-Match": etag } : {};
    const response = await fetch(`/messages?after=${room.after}`, { signal, headers, cache: "no-store" });
    if (loseNext) {
      loseNext = false;
      span.end("failed");
      room.happened(t("lost", room.cursor), "bad");
      return;
    }
    etag = response.headers.get("ETag");
    span.end(take(room, response.status, await response.text()));
    room.is("on");
  } catch (error) {
    span.end("failed");
    if (signal.aborted) return;
    room.is("connecting");
    room.happened(t("failed", error.message), "bad");
  }
}

function take(room, status, body) {
  if (status === 304) {
    room.count("notModified");
    room.count("empty");
    return "empty";
  }
  if (status !== 200) throw new Error(`${status} ${body}`);
  room.count("bytes", new Blob([body]).size);
  const messages = JSON.parse(body);
  for (const message of messages) room.receive(message);
  if (messages.length === 0) room.count("empty");
  const { requests, got } = room.counters;
  if (got > 0) room.gauge("ratio", (requests / got).toFixed(1));
  return messages.length > 0 ? "news" : "empty";
}

const transport = {
  async open() {
    this.gone = new AbortController();
    const { signal } = this.gone;
    while (!signal.aborted) {
      await poll(this.room, signal);
      await pause(interval(), AbortSignal.any([signal, this.changed.signal]));
    }
  },
  close() { this.gone?.abort(); },
  publish: (from, text) => poster(() => transport.room.bar(1))(from, text),
  changed: new AbortController(),
};

await openRoom({ texts, rows: ["rowPoll", "rowPost"], transport, counters: ["requests", "empty", "got", "ratio", "bytes", "notModified", "lag"] });
$("lose").addEventListener("click", () => { loseNext = true; });
const showInterval = () => { $("intervalLabel").textContent = t("interval", label(interval())); };
$("interval").addEventListener("input", () => {
  showInterval();
  transport.changed.abort();
  transport.changed = new AbortController();
});
onLang(showInterval);
