// Server-sent events: the response that never ends, and a browser that knows how to read it.

import { $, t } from "/lab/shared/lab.js";
import { openRoom, poster } from "/lab/shared/room.js";
import { sevenStreams, sevenTexts } from "/lab/shared/seven.js";

const texts = {
  en: {
    ...sevenTexts.en,
    rowStream: "GET /events, one response without an end", rowPost: "POST /messages, when somebody here writes",
    opens: "times the stream was opened", bytes: "bytes of data", open: "open for", cut: "Let the server cut the connection",
    opened: "The event stream is open.", broke: "The stream broke. The browser reconnects by itself and will send Last-Event-ID: {0}.",
    refused: "The server refused, and the browser gives up for good.",
    why1: "The same endless response, in a form that browsers read by themselves: new EventSource(url) is all it takes. Each event carries an id beside its data, and comments keep the line warm every 15 seconds. Pages never see those, the x-ray does.",
    why2: "Cut the connection and watch who does the work. The browser waits for the two seconds that the server told it (retry), reconnects, and says where it was (Last-Event-ID). This page does nothing at all, and nothing is lost.",
    why3: "It is still a one-way street, and still text only. And over HTTP/1.1 it is still one of six connections: open six more and see the seventh wait. HTTP/2 puts them all into one.",
  },
  zh: {
    ...sevenTexts.zh,
    rowStream: "GET /events，一个永不结束的响应", rowPost: "POST /messages，本页有人写消息时",
    opens: "流被打开的次数", bytes: "数据字节", open: "已打开", cut: "让服务器切断连接",
    opened: "事件流已打开。", broke: "流断了。浏览器会自己重连，并送上 Last-Event-ID: {0}。",
    refused: "服务器拒绝了，浏览器从此放弃。",
    why1: "还是那个永不结束的响应，只是换成浏览器自己就会读的格式：new EventSource(url) 就够了。每个事件除了数据还带一个 id，每 15 秒一条注释给线路保温。页面看不到注释，X 光能看到。",
    why2: "切断连接，看看是谁在干活。浏览器按服务器说的等两秒（retry），重连，并说明上次到哪里（Last-Event-ID）。页面什么都没做，什么也没丢。",
    why3: "它仍是单行道，仍然只有文本。在 HTTP/1.1 上仍然占用六个连接中的一个：再打开六个，看第七个怎样排队。HTTP/2 会把它们都放进一个连接。",
  },
};

const client = `page-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
let began = 0;

const transport = {
  open(after) {
    const { room } = this;
    let span = room.bar(0, "waiting");
    const source = this.source = new EventSource(`/events?after=${after}&client=${client}`);
    let mine = null; // once the browser has reconnected: a promise, whether it met the same log
    source.addEventListener("open", () => {
      mine = mine === null ? true : this.sameLog(source, room.ledger.account.at);
      room.is("on");
      room.count("opens");
      room.happened(t("opened"), "good");
      began = performance.now();
      span.end();
      span = room.bar(0);
    });
    source.addEventListener("message", async (event) => {
      if (!(await mine)) return;
      room.count("bytes", new Blob([event.data]).size);
      room.receive(JSON.parse(event.data));
      span.dot();
    });
    source.addEventListener("error", () => {
      began = 0;
      span.end("failed");
      span = room.bar(0, "waiting");
      room.is("connecting");
      room.happened(source.readyState === EventSource.CLOSED ? t("refused") : t("broke", room.cursor), "bad");
    });
    this.end = () => { began = 0; span.end("failed"); };
  },
  /** The browser resumes with the bare id. If the server was started anew, that id is of another log: the page begins again. */
  async sameLog(source, at) {
    const began = await fetch("/events", { method: "HEAD", cache: "no-store" }).then((r) => r.headers.get("Feed-Began"), () => "");
    if (began <= at) return true;
    if (source === this.source && source.readyState !== EventSource.CLOSED) {
      this.close();
      this.open(this.room.after); // with the time in it, which the server knows not to be its own
    }
    return false;
  },
  close() {
    this.source?.close();
    this.end?.();
  },
  publish: (from, text) => poster(() => transport.room.bar(1))(from, text),
};

const room = await openRoom({ texts, rows: ["rowStream", "rowPost"], transport, counters: ["opens", "got", "open", "bytes", "lag"] });
setInterval(() => room.gauge("open", began ? `${((performance.now() - began) / 1000).toFixed(0)} s` : ""), 250);
$("cut").addEventListener("click", () => fetch(`/cut?client=${client}`, { method: "POST" }));
sevenStreams(() => {
  const source = new EventSource(`/events?after=${room.after}`);
  return {
    opened: new Promise((opened) => source.addEventListener("open", opened)),
    close: () => source.close(),
  };
});
