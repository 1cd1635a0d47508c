// The chat of the lecture: one event, three audiences.

import { $, element, onLang, t } from "/lab/shared/lab.js";
import { append, messageItem } from "/lab/shared/chat.js";
import { myName, openDemo } from "/lab/shared/socketio.js";

const texts = {
  en: {
    messages: "Messages", message: "Your message", whom: "To whom?", all: "everyone", others: "everyone but me", self: "only me",
    people: "Who is here", count: "{0} here",
    see1: "Whichever way you choose, the message arrives as the event `chat message`. What differs is whom the server sends it to.",
    see2: "Your own message comes back from the server before you see it. That costs a round trip, and everyone sees the same messages in the same order.",
    see3: "The connection begins over long-polling and is upgraded to a WebSocket a moment later. The page notices nothing but the badge at the top.",
    try1: "Open a second window, and send to each of the three.",
    try2: "Watch the packets: for “everyone” one goes up and one comes back, for “everyone but me” nothing comes back.",
    try3: "Cut the connection here, write in the other window, and watch this one come back. What was written in between is missing: the demo `reconnect` shows what can be done.",
    try4: "Say `<b>hi</b>`. It stays text, because the page never makes markup of what others write. Try that with the lecture's page and `.html(msg)` in place of `.text(msg)`.",
    trap1: "`socket.broadcast.emit('hi')`, as in the lecture's comment, sends an event named `hi` that nobody listens to. The event's name comes first: `socket.broadcast.emit('chat message', msg)`.",
    trap2: "`io()` does not discover servers. It connects to where the page came from.",
    trap3: "A broadcast reaches whoever is connected now. It is no log: who comes later, or was away, does not get it.",
  },
  zh: {
    messages: "消息", message: "要发送的消息", whom: "发给谁？", all: "所有人", others: "除我之外的人", self: "只有我",
    people: "谁在线", count: "{0} 人在线",
    see1: "不管选哪一种，消息到达时都是 `chat message` 事件，区别只在于服务器发给谁。",
    see2: "你自己的消息也是从服务器绕一圈回来才显示的。多花一个来回，换来的是所有人看到的消息和顺序完全一样。",
    see3: "连接先走长轮询，过一会儿升级成 WebSocket。除了顶上的那个标签，页面什么也察觉不到。",
    try1: "再开一个窗口，三种都发一遍。",
    try2: "看数据包：发给“所有人”，一个上去，一个回来；发给“除我之外的人”，什么也不回来。",
    try3: "在这里掐断连接，到另一个窗口写几句，再看这边重连。中间的几句就没了：该怎么办，看 `reconnect` 演示。",
    try4: "发一条 `<b>hi</b>`。它仍然是文本，因为页面从不把别人写的东西当成标记。换成讲义的页面，把 `.text(msg)` 改成 `.html(msg)` 再试试。",
    trap1: "讲义注释里的 `socket.broadcast.emit('hi')` 发出的是名叫 `hi` 的事件，没人监听。第一个参数是事件名：`socket.broadcast.emit('chat message', msg)`。",
    trap2: "`io()` 不会“自动发现”服务器，它只是连接页面所在的服务器。",
    trap3: "广播只到达此刻连着的人。它不是日志：后来的、刚才不在的，都收不到。",
  },
};

const events = { all: "chat message", others: "chat message others", self: "chat message self" };

const connection = await openDemo(texts);
const socket = connection.socket();

let people = [];
function showPeople() {
  $("count").textContent = t("count", people.length);
  $("people").replaceChildren(...people.map((p) => element("li", p.name, p.id === socket.id ? "me" : "")));
}

socket.on("connect", () => socket.emit("name", $("name").value));
socket.on("disconnect", () => { people = []; showPeople(); });
socket.on("people", (all) => { people = all; showPeople(); });
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

$("name").value = myName();
onLang(showPeople);
connection.connect();
$("text").focus();
