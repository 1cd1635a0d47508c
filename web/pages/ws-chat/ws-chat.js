// The chat over a WebSocket: one connection, and both sides may speak at any moment.

import { $, t } from "/lab/shared/lab.js";
import { openRoom, pause } from "/lab/shared/room.js";

const texts = {
  en: {
    rowSocket: "one WebSocket: blue dots go up, green dots come down", handshakes: "handshakes", up: "messages sent", open: "open for", bytes: "bytes received",
    cut: "Let the server cut the connection", bye: "Close politely (1000)", badJSON: "Send no JSON", binary: "Send binary", huge: "Send 70 KB",
    opened: "The handshake is done: 101 Switching Protocols.", closed: "Closed with {0}. Connecting again in {1} ms, with after={2}.",
    said: "The server says: {0}", noLine: "there is no connection now",
    1000: "1000, a normal end", 1001: "1001, the server goes away", 1003: "1003, a kind of message it does not take", 1006: "1006, which nobody sent: the line was cut",
    1008: "1008, against the rules", 1009: "1009, a message too large", 1013: "1013, too slow for now",
    why1: "One request, the handshake. After its answer, 101, the same TCP connection carries frames instead of HTTP: two to fourteen bytes before each message, either way, whenever either side likes.",
    why2: "A WebSocket does not reconnect and remembers nothing. This page waits, twice as long each time, connects again, and brings the cursor, ?after=N. That is why nothing is lost here; without it, the seconds in between would be.",
    why3: "There is also no answer to what you send, as a POST has one. That your message comes back is the only proof. Cut the connection right after sending and you know as much as anyone: nothing.",
  },
  zh: {
    rowSocket: "一个 WebSocket：蓝点上行，绿点下行", handshakes: "握手次数", up: "发出的消息", open: "已打开", bytes: "收到的字节",
    cut: "让服务器切断连接", bye: "礼貌关闭（1000）", badJSON: "发送非 JSON", binary: "发送二进制", huge: "发送 70 KB",
    opened: "握手完成：101 Switching Protocols。", closed: "关闭码 {0}。{1} 毫秒后重连，带上 after={2}。",
    said: "服务器说：{0}", noLine: "现在没有连接",
    1000: "1000，正常结束", 1001: "1001，服务器要走了", 1003: "1003，它不收这种消息", 1006: "1006，没有谁发过它：线路被切断了",
    1008: "1008，违反规则", 1009: "1009，消息太大", 1013: "1013，暂时太慢",
    why1: "只有一个请求，就是握手。它的应答 101 之后，同一条 TCP 连接上走的不再是 HTTP，而是帧：每条消息前只有两到十四个字节，哪一方、什么时候都可以说话。",
    why2: "WebSocket 不会自己重连，也不记得任何事。页面自己等（每次加倍）、重连，并带上游标 ?after=N。所以这里什么也不丢；没有游标，断开的那几秒就没了。",
    why3: "你发出去的消息也不像 POST 那样有应答。你的消息传回来才是唯一的证据。刚发完就切断连接，你和别人知道得一样多：什么也不知道。",
  },
};

const client = `page-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
const address = (after, name) => `${location.protocol.replace("http", "ws")}//${location.host}/ws?after=${after}&client=${name}`;
let began = 0;
let robotSocket;

/** Runs one connection to its end. Returns the close code. */
function converse(room, socket) {
  const span = transport.span = room.bar(0, "waiting");
  room.count("handshakes");
  socket.addEventListener("open", () => {
    began = performance.now();
    span.is("open");
    room.is("on");
    room.happened(t("opened"), "good");
  });
  socket.addEventListener("message", ({ data }) => {
    room.count("bytes", new Blob([data]).size);
    span.dot();
    const message = JSON.parse(data);
    if (message.error) room.happened(t("said", message.error), "bad");
    else room.receive(message);
  });
  return new Promise((ended) => socket.addEventListener("close", (event) => {
    began = 0;
    span.end("failed");
    ended(event);
  }));
}

const transport = {
  async open() {
    this.gone = new AbortController();
    const { signal } = this.gone;
    for (let delay = 500; !signal.aborted; delay = Math.min(delay * 2, 8000)) {
      const socket = this.socket = new WebSocket(address(this.room.after, client));
      socket.addEventListener("open", () => { delay = 500; });
      const { code, reason } = await converse(this.room, socket);
      if (signal.aborted) return;
      this.room.is("connecting");
      if (reason) this.room.happened(t("said", reason), "bad");
      this.room.happened(t("closed", t(String(code)), delay, this.room.cursor), "bad");
      await pause(delay, signal);
    }
  },
  close() {
    this.gone?.abort();
    this.socket?.close(1000);
  },
  publish(from, text) { transport.send(JSON.stringify({ from, text })); },
  send(data) {
    if (this.socket?.readyState !== WebSocket.OPEN) throw new Error(t("noLine"));
    this.socket.send(data);
    this.span.dot(true);
    this.room.count("up");
  },
  robot(from, text) {
    if (!robotSocket || robotSocket.readyState > WebSocket.OPEN) robotSocket = new WebSocket(address(transport.room.after, "robot"));
    if (robotSocket.readyState === WebSocket.OPEN) robotSocket.send(JSON.stringify({ from, text }));
  },
};

const room = await openRoom({ texts, rows: ["rowSocket"], transport, counters: ["handshakes", "up", "got", "open", "bytes", "lag"] });
setInterval(() => room.gauge("open", began ? `${((performance.now() - began) / 1000).toFixed(0)} s` : ""), 250);

const attempt = (data) => {
  try {
    transport.send(data);
  } catch (error) {
    room.happened(error.message, "bad");
  }
};
$("cut").addEventListener("click", () => fetch(`/cut?client=${client}`, { method: "POST" }));
$("bye").addEventListener("click", () => transport.socket?.close(1000));
$("badJSON").addEventListener("click", () => attempt("hello"));
$("binary").addEventListener("click", () => attempt(new Uint8Array([1, 2, 3])));
$("huge").addEventListener("click", () => attempt(JSON.stringify({ from: $("name").value, text: "x".repeat(70000) })));
