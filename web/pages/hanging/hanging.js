// The hanging connection: one response that never ends, read with fetch as it grows.

import { $, t } from "/lab/shared/lab.js";
import { openRoom, pause, poster } from "/lab/shared/room.js";
import { sevenStreams, sevenTexts } from "/lab/shared/seven.js";

const texts = {
  en: {
    ...sevenTexts.en,
    rowStream: "GET /stream?after=N, one response without an end", rowPost: "POST /messages, when somebody here writes",
    requests: "requests for the stream", chunks: "pieces read", open: "open for", cut: "Let the server cut the connection",
    opened: "The response has begun. Its end will not come.", ended: "The response broke off: {0}. fetch does not reconnect, so this page does, with after={1}.",
    ending: "it ended",
    why1: "One request, one response, and it never ends: the bar only stops when something breaks. Each message is a chunk of it, one line of JSON, flushed at once. No request for each message, no headers for each message.",
    why2: "It is a one-way street. What you send takes another connection, a POST. And all that SSE gives you is missing: the page has to notice the break itself, wait, reconnect, and say where it was.",
    why3: "The price is a connection for each reader, and over HTTP/1.1 a browser has six for one origin, all its tabs together. Open six more and see the seventh wait.",
  },
  zh: {
    ...sevenTexts.zh,
    rowStream: "GET /stream?after=N，一个永不结束的响应", rowPost: "POST /messages，本页有人写消息时",
    requests: "为流发出的请求", chunks: "读到的片段", open: "已打开", cut: "让服务器切断连接",
    opened: "响应开始了。它不会有结尾。", ended: "响应中断：{0}。fetch 不会自己重连，所以页面自己来，带上 after={1}。",
    ending: "它结束了",
    why1: "一个请求，一个响应，永不结束：只有出了事，这一条才会停下。每条消息是其中的一个 chunk，一行 JSON，立刻发出。不必每条消息一个请求，也不必每条消息一套头部。",
    why2: "这是一条单行道。你要发的消息得走另一个连接，一个 POST。SSE 给你的那些这里全都没有：断了要页面自己发现、自己等、自己重连、自己说明上次到哪里。",
    why3: "代价是每个读者占一个连接，而在 HTTP/1.1 上，浏览器对一个源只有六个，所有标签页加在一起。再打开六个，看第七个怎样排队。",
  },
};

const client = `page-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
let began = 0;

async function read(room, signal) {
  const span = room.bar(0, "waiting");
  room.count("requests");
  try {
    const response = await fetch(`/stream?after=${room.after}&client=${client}`, { signal, cache: "no-store" });
    if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
    span.is("open");
    room.is("on");
    room.happened(t("opened"), "good");
    began = performance.now();
    let rest = "";
    const decoder = new TextDecoder();
    for await (const piece of pieces(response.body)) {
      room.count("chunks");
      room.count("bytes", piece.length);
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop(); // a piece may end anywhere
      for (const line of lines) {
        room.receive(JSON.parse(line));
        span.dot();
      }
    }
    throw new Error(t("ending"));
  } catch (error) {
    span.end("failed");
    if (!signal.aborted) {
      room.is("connecting");
      room.happened(t("ended", error.message, room.cursor), "bad");
    }
  } finally {
    began = 0;
  }
}

async function* pieces(body) {
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

const transport = {
  async open() {
    this.gone = new AbortController();
    const { signal } = this.gone;
    while (!signal.aborted) {
      await read(this.room, signal);
      await pause(1000, signal);
    }
  },
  close() { this.gone?.abort(); },
  publish: (from, text) => poster(() => transport.room.bar(1))(from, text),
};

const room = await openRoom({ texts, rows: ["rowStream", "rowPost"], transport, counters: ["requests", "chunks", "got", "open", "bytes", "lag"] });
setInterval(() => room.gauge("open", began ? `${((performance.now() - began) / 1000).toFixed(0)} s` : ""), 250);
$("cut").addEventListener("click", () => fetch(`/cut?client=${client}`, { method: "POST" }));
sevenStreams(() => {
  const gone = new AbortController();
  return {
    opened: fetch(`/stream?after=${room.after}`, { signal: gone.signal, cache: "no-store" }),
    close: () => gone.abort(),
  };
});
