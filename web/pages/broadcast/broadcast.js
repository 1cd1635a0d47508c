// The chat of the lecture: one event, three audiences.

import { $, element, onLang, start, t } from "/lab/shared/lab.js";
import { append, messageItem, momentItem } from "/lab/shared/chat.js";
import { codeBlock } from "/lab/shared/source.js";

const texts = {
  en: {
    messages: "Messages", message: "Your message", whom: "To whom?", all: "everyone", others: "everyone but me", self: "only me",
    send: "Send", running: "The server code that is running", people: "Who is here", name: "My name", count: "{0} here",
    connection: "Connection", disconnect: "Disconnect", connect: "Connect", cut: "Cut the connection",
    on: "connected", off: "disconnected", connected: "connected over {0}", upgraded: "upgraded: {0} → {1}",
    gone: "disconnected: {0}", attempt: "reconnecting, attempt {0}", failed: "no connection: {0}", none: "no transport",
  },
  zh: {
    messages: "消息", message: "要发送的消息", whom: "发给谁？", all: "所有人", others: "除我之外的人", self: "只有我",
    send: "发送", running: "正在运行的服务器代码", people: "谁在线", name: "我的名字", count: "{0} 人在线",
    connection: "连接", disconnect: "断开", connect: "连接", cut: "掐断连接",
    on: "已连接", off: "已断开", connected: "已通过 {0} 连接", upgraded: "已升级：{0} → {1}",
    gone: "已断开：{0}", attempt: "正在重连，第 {0} 次", failed: "连接失败：{0}", none: "无传输",
  },
};

const events = { all: "chat message", others: "chat message others", self: "chat message self" };

const info = await start(texts);
const socket = io({ autoConnect: false });
const happened = (text, className) => append($("timeline"), momentItem(text, className));

function show() {
  const on = socket.connected;
  $("status").textContent = t(on ? "on" : "off");
  $("status").className = `badge ${on ? "good" : "bad"}`;
  $("transport").textContent = on ? socket.io.engine.transport.name : t("none");
  $("disconnect").disabled = !socket.active;
  $("cut").disabled = !on;
  $("reconnect").disabled = socket.active;
}

let people = [];
function showPeople() {
  $("count").textContent = t("count", people.length);
  $("people").replaceChildren(...people.map((p) => element("li", p.name)));
}

socket.on("connect", () => {
  const engine = socket.io.engine;
  const first = engine.transport.name;
  happened(t("connected", first), "good");
  engine.once("upgrade", (transport) => {
    happened(t("upgraded", first, transport.name), "good");
    $("transport").classList.add("flash");
    show();
  });
  socket.emit("name", $("name").value);
  show();
});
socket.on("disconnect", (reason) => {
  happened(t("gone", reason), "bad");
  people = [];
  showPeople();
  show();
});
socket.on("connect_error", (error) => {
  happened(t("failed", error.message), "bad");
  show();
});
socket.io.on("reconnect_attempt", (n) => happened(t("attempt", n)));
socket.on("people", (all) => {
  people = all;
  showPeople();
});
socket.on("chat message", (message) => append($("messages"), messageItem(message, $("name").value)));

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text) return;
  socket.emit(events[document.querySelector("[name=whom]:checked").value], { from: $("name").value, text });
  $("text").value = "";
});
$("name").addEventListener("change", () => {
  localStorage.setItem("name", $("name").value);
  if (socket.connected) socket.emit("name", $("name").value);
});
$("disconnect").addEventListener("click", () => { socket.disconnect(); show(); });
$("reconnect").addEventListener("click", () => { socket.connect(); show(); });
$("cut").addEventListener("click", () => socket.io.engine.close());

$("name").value = localStorage.getItem("name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
$("source").replaceChildren(...info.source.map((s) => codeBlock(s.code)));
onLang(() => { show(); showPeople(); });
socket.connect();
$("text").focus();
