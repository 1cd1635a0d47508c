// send() and "message", and the same conversation by hand over a WebSocket without the library.

import { $, element, onLang, t } from "/lab/shared/lab.js";
import { append } from "/lab/shared/chat.js";
import { openDemo } from "/lab/shared/socketio.js";
import { parts } from "/lab/shared/packets.js";

const texts = {
  en: {
    library: "With the library", message: "Your message", byHand: "By hand, over a bare WebSocket",
    byHandNote: "The same server, without the library: type the packets yourself.",
    rawConnecting: "connecting", rawOn: "open", rawOff: "closed", rawClosed: "closed, code {0}",
    see1: "`socket.send(\"hi\")` is `socket.emit(\"message\", \"hi\")`. The server's `Send(222)` arrives as the event `message` with the number 222, not the text: JSON keeps types.",
    see2: "It looks like a WebSocket, and the packets say that it is none: `42[\"message\",\"hi\"]` takes 18 bytes where a bare WebSocket would carry 2.",
    try1: "By hand: open the WebSocket. The server speaks first, with the session: `0{\"sid\":…}`. Then it waits for you to join a namespace.",
    try2: "Send `40`, and you are in. Send `42[\"message\",\"hi\"]`, and read `42[\"message\",222]`.",
    try3: "Open again and send just `hi`. No packet begins with an h; the server closes.",
    try4: "Every 25 seconds comes `2`, a ping. Answer `3` within 20 seconds, or the server takes you for dead. Open again, send `40`, and let it happen.",
    trap1: "“A WebSocket for all browsers” was true in 2012. Today every browser has WebSocket; what Socket.IO is for is the rest: sessions that come back, events, acknowledgements, rooms.",
    trap2: "A Socket.IO client cannot talk to a plain WebSocket server, nor the other way round, unless you speak the packets yourself, as here.",
    trap3: "The lecture registers `message` inside `connect`: after each reconnect the answer is printed once more. And `io('http://localhost/')` goes to port 80; the server of the example listens there, most others do not.",
  },
  zh: {
    library: "用库", message: "要发送的消息", byHand: "不用库，裸 WebSocket 手写",
    byHandNote: "同一个服务器，不用库：数据包由你自己敲。",
    rawConnecting: "连接中", rawOn: "已打开", rawOff: "已关闭", rawClosed: "已关闭，关闭码 {0}",
    see1: "`socket.send(\"hi\")` 就是 `socket.emit(\"message\", \"hi\")`。服务器的 `Send(222)` 到达时是 `message` 事件，参数是数字 222 而不是文本：JSON 保留类型。",
    see2: "看起来像 WebSocket，数据包却说明它不是：`42[\"message\",\"hi\"]` 用了 18 个字节，裸 WebSocket 只需要 2 个。",
    try1: "手写：打开 WebSocket。先开口的是服务器，它告诉你会话信息：`0{\"sid\":…}`，然后等你加入一个命名空间。",
    try2: "发 `40`，就进来了。发 `42[\"message\",\"hi\"]`，会读到 `42[\"message\",222]`。",
    try3: "重新打开，只发 `hi`。没有哪种数据包以 h 开头，服务器会关闭连接。",
    try4: "每 25 秒会来一个 `2`，这是 ping。20 秒之内要回 `3`，否则服务器认为你已经不在了。重新打开，发 `40`，等着看它发生。",
    trap1: "“跨浏览器的 WebSocket”在 2012 年是对的。今天每个浏览器都有 WebSocket，Socket.IO 的价值在别处：断了能回来的会话、事件、回执、房间。",
    trap2: "Socket.IO 客户端不能和普通的 WebSocket 服务器通话，反过来也不行，除非像这里一样自己按协议写数据包。",
    trap3: "讲义把 `message` 的监听写在 `connect` 里：每重连一次，答复就多打印一遍。另外 `io('http://localhost/')` 连的是 80 端口，例子里的服务器恰好在 80，一般的并不在。",
  },
};

const phrases = ["40", '42["message","hi"]', "3", "hi"];

const connection = await openDemo(texts);
const socket = connection.socket();

function line(list, way, ...content) {
  const item = element("li", "", way);
  item.append(element("span", way === "up" ? "↑" : "↓", "way"), ...content);
  append(list, item);
}
const said = (way, value) => line($("messages"), way, element("code", JSON.stringify(value)));

socket.on("message", (message) => said("down", message));
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  said("up", $("text").value);
  socket.send($("text").value);
});

let raw;
let code;
function openRaw() {
  code = undefined;
  raw = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/socket.io/?EIO=4&transport=websocket`);
  raw.addEventListener("open", showRaw);
  raw.addEventListener("message", ({ data }) => line($("raw"), "down", ...parts(data)));
  raw.addEventListener("close", (event) => {
    code = event.code;
    line($("raw"), "down", element("span", t("rawClosed", code), "bad"));
    showRaw();
  });
  showRaw();
}

function sendRaw(text) {
  if (raw?.readyState !== WebSocket.OPEN) return;
  line($("raw"), "up", ...parts(text));
  raw.send(text);
}

function showRaw() {
  const open = raw?.readyState === WebSocket.OPEN;
  const connecting = raw?.readyState === WebSocket.CONNECTING;
  $("rawState").textContent = code === undefined ? t(open ? "rawOn" : connecting ? "rawConnecting" : "rawOff") : t("rawClosed", code);
  $("rawOpen").disabled = open || connecting;
  $("rawClose").disabled = !open;
  for (const control of document.querySelectorAll("#rawComposer button, #phrases button")) control.disabled = !open;
}

$("rawOpen").addEventListener("click", openRaw);
$("rawClose").addEventListener("click", () => raw.close());
$("rawComposer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendRaw($("rawText").value);
  $("rawText").value = "";
});
$("phrases").replaceChildren(...phrases.map((phrase) => {
  const button = element("button", phrase, "mono");
  button.type = "button";
  button.addEventListener("click", () => sendRaw(phrase));
  return button;
}));
onLang(showRaw);

connection.connect();
$("text").focus();
