// Raw WebSocket: each message comes back, and what its frame looks like.

import { $, element, onLang, start, t } from "/lab/shared/lab.js";
import { append, momentItem } from "/lab/shared/chat.js";
import { codeBlock } from "/lab/shared/source.js";
import { lane } from "/lab/shared/lane.js";
import { cells } from "/lab/page/frame.js";

const texts = {
  en: {
    talk: "Say something to the server", message: "Your message", send: "Send", binary: "as binary", sizes: "or as many bytes as:",
    anatomy: "The frame of your message", outFrame: "out, from the browser: masked", inFrame: "back, from the server: not masked",
    frameNote: "A browser shows no page its frames, so these are computed from the message. The masking key is random for each frame; ?? is a byte that only the browser knows. The x-ray shows the real ones.",
    wire: "On the wire, the last 20 seconds", row: "one WebSocket: blue dots go up, green dots come down", upL: "up", downL: "down", failedL: "closed or cut",
    breakIt: "Break it", burst: "Send 1,000 at once", huge: "Send one byte too many", cut: "Let the server cut the connection", close1000: "Close with 1000", close4001: "Close with 4001 “bye”",
    connect: "Connect", log: "What happened", why: "What you see", running: "The server code that is running",
    on: "open", off: "closed", connecting: "connecting", opened: "The handshake is done: 101 Switching Protocols.", closed: "closed: code {0}{1}, {2}", clean: "both said so", dirty: "without a close frame",
    bursted: "1,000 messages there and back in {0} ms: {1} a second", trip: "{0} ms", up: "messages sent", down: "messages back", rtt: "last round trip", header: "bytes of header, out + back",
    bytesBack: "{0} bytes", text: "text", bin: "binary",
    why1: "After the handshake there are no requests and no answers, only messages, either way. Each travels in a frame: two bytes of header if it is short, four if it is longer than 125 bytes, ten above 65,535, and four more for the masking key on the way from browser to server.",
    why2: "Try the sizes around the edges and watch the header grow. Text and binary differ in one bit of the opcode, and in this: text has to be UTF-8.",
  },
  zh: {
    talk: "对服务器说点什么", message: "你的消息", send: "发送", binary: "以二进制发送", sizes: "或者发送这么多字节：",
    anatomy: "你这条消息的帧", outFrame: "去程，浏览器发出：有掩码", inFrame: "回程，服务器发出：无掩码",
    frameNote: "浏览器不让页面看到帧，这里是根据消息算出来的。每一帧的掩码密钥都是随机的；?? 是只有浏览器知道的字节。真正的字节在 X 光里看。",
    wire: "线路上最近 20 秒", row: "一个 WebSocket：蓝点上行，绿点下行", upL: "上行", downL: "下行", failedL: "关闭或被切断",
    breakIt: "弄坏它试试", burst: "一口气发 1,000 条", huge: "多发一个字节", cut: "让服务器切断连接", close1000: "以 1000 关闭", close4001: "以 4001 “bye” 关闭",
    connect: "连接", log: "发生了什么", why: "你看到的是什么", running: "正在运行的服务器代码",
    on: "已打开", off: "已关闭", connecting: "连接中", opened: "握手完成：101 Switching Protocols。", closed: "已关闭：关闭码 {0}{1}，{2}", clean: "双方都说了再见", dirty: "没有关闭帧",
    bursted: "1,000 条消息往返用了 {0} ms：每秒 {1} 条", trip: "{0} ms", up: "发出的消息", down: "回来的消息", rtt: "上一次往返", header: "帧头字节，去 + 回",
    bytesBack: "{0} 字节", text: "文本", bin: "二进制",
    why1: "握手之后没有请求也没有应答，只有双向的消息。每条消息装在一个帧里：短消息的帧头两个字节，超过 125 字节用四个，超过 65,535 用十个；从浏览器到服务器还要加四个字节的掩码密钥。",
    why2: "试试边界附近的大小，看帧头怎样变长。文本和二进制在操作码里只差一位，还有一条：文本必须是 UTF-8。",
  },
};

const limit = 65536; // the server's
const info = await start(texts);
const client = `page-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
const bar = lane($("lane"), () => [t("row")]);
const counters = { up: 0, down: 0, rtt: "", header: "" };
const pending = []; // when each message that is not back yet was sent
let socket, span, burst;

function connect() {
  span = bar(0);
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/ws?client=${client}`);
  socket.binaryType = "arraybuffer";
  pending.length = 0;
  burst = undefined;
  socket.addEventListener("open", () => { happened(t("opened"), "good"); show(); });
  socket.addEventListener("message", ({ data }) => back(data));
  socket.addEventListener("close", ({ code, reason, wasClean }) => {
    span.end("failed");
    happened(t("closed", code, reason && ` “${reason}”`, t(wasClean ? "clean" : "dirty")), wasClean ? "" : "bad");
    show();
  });
  show();
}

function send(data, quiet = false) {
  if (socket.readyState !== WebSocket.OPEN) return;
  pending.push(performance.now());
  counters.up++;
  if (!quiet) span.dot(true);
  socket.send(data);
  if (!quiet) anatomy(data);
}

function back(data) {
  const ms = performance.now() - pending.shift();
  counters.down++;
  if (burst) {
    if (--burst.left === 0) {
      const took = performance.now() - burst.began;
      happened(t("bursted", Math.round(took), Math.round(1e6 / took).toLocaleString("en")), "good");
      burst = undefined;
      span.dot();
      show();
    }
    return;
  }
  span.dot();
  counters.rtt = t("trip", ms.toFixed(1));
  const text = typeof data === "string";
  const size = text ? new Blob([data]).size : data.byteLength;
  const item = element("li");
  item.append(element("b", t(text ? "text" : "bin")), element("span", text && size <= 200 ? data : t("bytesBack", size.toLocaleString("en"))), element("small", counters.rtt));
  append($("messages"), item);
  show();
}

function anatomy(data) {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  const opcode = typeof data === "string" ? 1 : 2;
  let total = [];
  for (const [id, masked] of [["out", true], ["in", false]]) {
    const frame = cells(opcode, bytes, masked);
    $(id).replaceChildren(...frame.cells.map(({ hex, label }) => {
      const cell = element("div");
      cell.append(element("code", hex), element("small", label));
      return cell;
    }));
    total.push(frame.header);
  }
  counters.header = total.join(" + ");
  show();
}

const happened = (text, className) => append($("timeline"), momentItem(text, className));

function show() {
  const state = ["connecting", "on", "off", "off"][socket.readyState];
  $("status").textContent = t(state);
  $("status").className = `badge ${state === "on" ? "good" : state === "off" ? "bad" : "soft"}`;
  for (const id of ["send", "burst", "huge", "cut", "close1000", "close4001"]) $(id).disabled = state !== "on";
  $("connect").disabled = state !== "off";
  $("counters").replaceChildren(...Object.entries(counters).map(([key, value]) => {
    const box = element("div");
    box.append(element("dt", t(key)), element("dd", typeof value === "number" ? value.toLocaleString("en") : value || "–"));
    return box;
  }));
}

const letters = (size) => $("binary").checked ? new Uint8Array(size).fill(0x61) : "a".repeat(size);

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  send($("binary").checked ? new TextEncoder().encode(text) : text);
});
$("text").addEventListener("input", () => anatomy($("text").value));
$("sizes").replaceChildren(...[0, 125, 126, 65535, 65536].map((size) => {
  const button = element("button", size.toLocaleString("en"));
  button.type = "button";
  button.addEventListener("click", () => send(letters(size)));
  return button;
}));
$("burst").addEventListener("click", () => {
  burst = { left: 1000, began: performance.now() };
  span.dot(true);
  for (let i = 0; i < 1000; i++) send(`message ${i}`, true);
});
$("huge").addEventListener("click", () => send(letters(limit + 1)));
$("cut").addEventListener("click", () => fetch(`/cut?client=${client}`, { method: "POST" }));
$("close1000").addEventListener("click", () => socket.close(1000));
$("close4001").addEventListener("click", () => socket.close(4001, "bye"));
$("connect").addEventListener("click", connect);

$("source").replaceChildren(...info.source.map((s) => codeBlock(s.code)));
connect();
anatomy($("text").value);
onLang(() => { show(); anatomy($("text").value); });
$("text").focus();
