// Long polling: ask, and be answered when there is something to say.

import { $, onLang, t } from "/lab/shared/lab.js";
import { openRoom, pause, poster } from "/lab/shared/room.js";

const texts = {
  en: {
    rowPoll: "GET /messages?after=N&wait=…, held by the server", rowPost: "POST /messages, when somebody here writes",
    wait: "The server may hold a request for {0} s", held: "held right now", abort: "Abort the held request",
    aborted: "The held request was aborted at message {0}. The next one asks for what is newer than that.",
    failed: "A request failed: {0}. Trying again in a second.",
    why1: "A blue bar is a request that the server has not answered. It is no busy loop over there, only a goroutine asleep. The moment somebody publishes, it answers, and the page asks again at once.",
    why2: "Between an answer and the next request the server cannot reach this page. Nothing falls into that gap, because the next request brings the cursor: what was published meanwhile is answered without waiting.",
    why3: "When nothing happens the wait ends with an empty answer, so that no proxy in between takes the silence for death. Set the wait to 1 s and watch it turn into short polling.",
  },
  zh: {
    rowPoll: "GET /messages?after=N&wait=…，被服务器挂起", rowPost: "POST /messages，本页有人写消息时",
    wait: "服务器最多可以挂起请求 {0} 秒", held: "当前已挂起", abort: "中止挂起的请求",
    aborted: "挂起的请求在第 {0} 条消息处被中止。下一个请求会要比它更新的内容。",
    failed: "一次请求失败：{0}。一秒后再试。",
    why1: "蓝色的条是服务器还没有回答的请求。服务器并没有在那边死循环，只是一个 goroutine 睡着了。一有人发布消息它就回答，页面随即再问。",
    why2: "从一个应答到下一个请求之间，服务器够不着这个页面。但什么也不会掉进这条缝里，因为下一个请求带着游标：这期间发布的消息不用等，立刻就答。",
    why3: "一直没有消息时，等待以空应答结束，免得中间的代理把沉默当成死亡。把等待设成 1 秒，看它怎样变回短轮询。",
  },
};

let request = new AbortController(); // the held one
let began = 0;

async function poll(room, signal) {
  const span = room.bar(0);
  request = new AbortController();
  began = performance.now();
  room.count("requests");
  try {
    const response = await fetch(`/messages?after=${room.after}&wait=${$("wait").value}s`,
      { signal: AbortSignal.any([signal, request.signal]), cache: "no-store" });
    const body = await response.text();
    if (!response.ok) throw new Error(`${response.status} ${body}`);
    const messages = JSON.parse(body);
    room.count("bytes", new Blob([body]).size);
    if (messages.length === 0) room.count("empty");
    for (const message of messages) room.receive(message);
    span.end(messages.length > 0 ? "news" : "empty");
  } catch (error) {
    span.end("failed");
    if (signal.aborted) return;
    if (request.signal.aborted) {
      room.happened(t("aborted", room.cursor), "bad");
      return;
    }
    room.is("connecting");
    room.happened(t("failed", error.message), "bad");
    await pause(1000, signal);
  } finally {
    began = 0;
  }
}

const transport = {
  async open() {
    this.gone = new AbortController();
    const { signal } = this.gone;
    setTimeout(() => { if (began) this.room.is("on"); }, 200); // no answer is good news: it is being held
    while (!signal.aborted) {
      await poll(this.room, signal);
      if (!signal.aborted) this.room.is("on");
    }
  },
  close() { this.gone?.abort(); },
  publish: (from, text) => poster(() => transport.room.bar(1))(from, text),
};

const room = await openRoom({ texts, rows: ["rowPoll", "rowPost"], transport, counters: ["requests", "empty", "got", "held", "bytes", "lag"] });
setInterval(() => room.gauge("held", began ? `${((performance.now() - began) / 1000).toFixed(1)} s` : ""), 100);
$("abort").addEventListener("click", () => request.abort());
const showWait = () => { $("waitLabel").textContent = t("wait", $("wait").value); };
$("wait").addEventListener("input", showWait);
$("wait").addEventListener("change", () => request.abort());
onLang(showWait);
