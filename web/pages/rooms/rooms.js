// Rooms: a page can ask to be let in, and the server decides.

import { $, element, onLang, t } from "/lab/shared/lab.js";
import { append } from "/lab/shared/chat.js";
import { myName, openDemo } from "/lab/shared/socketio.js";

const texts = {
  en: {
    doors: "Who is where", gather: "Server, put everyone into red", other: "Ask for another room:", ask: "Ask", in: "you are in", join: "Join", leave: "Leave", empty: "nobody",
    refused: "{0}: the server says no", letIn: "{0}: you are in", talk: "What is said", whom: "To everyone in:", message: "Your message",
    red: "red", green: "green", blue: "blue",
    see1: "A room is a list on the server, nothing on the wire: there is no packet for “join”. The page sends an ordinary event, and the server's code calls `s.Join(room)`.",
    see2: "Whoever is in two of the rooms that a message goes to receives it once. And you may speak into a room that you are not in, because this server allows it.",
    see3: "The lists come from the server, each time somebody joins, leaves or goes away. The library tells no client who is in a room.",
    try1: "Open a second window. Join `red` in one and `green` in the other, and speak into each.",
    try2: "Ask for `cellar`. Then ask for the other window's socket id (it stands under “Connection”): the server refuses this, too. Why it must is the first trap.",
    try3: "Press “Server, put everyone into red” in one window and watch the other: nobody has asked it.",
    try4: "Cut the connection. On the way back you have a new socket and are in no room: the page has to ask again. The demo `reconnect` shows how the server can keep your place.",
    trap1: "Each socket is in a room named by its own id. A server that does `socket.join(whateverTheClientSent)` lets anyone into anyone's private room, to read along.",
    trap2: "Rooms and namespaces are mistaken for each other. A namespace is chosen by the client and named in each packet; a room is chosen by the server, and the client need not know that it exists.",
    trap3: "A room lives as long as somebody is in it, on this server alone. Several servers need an adapter that joins them; the code stays the same.",
  },
  zh: {
    doors: "谁在哪个房间", gather: "让服务器把所有人放进 red", other: "申请别的房间：", ask: "申请", in: "你在里面", join: "加入", leave: "离开", empty: "没有人",
    refused: "{0}：服务器不同意", letIn: "{0}：你进来了", talk: "听到的话", whom: "发给这个房间里的人：", message: "要发送的消息",
    red: "red", green: "green", blue: "blue",
    see1: "房间只是服务器上的一份名单，线路上什么也没有：协议里没有“加入房间”这种数据包。页面发的是普通事件，调用 `s.Join(room)` 的是服务器的代码。",
    see2: "一条消息发给几个房间，同时在其中两个房间的人也只收到一次。你不在某个房间，也可以往里面说话，因为这个服务器允许。",
    see3: "名单由服务器发来：有人加入、离开、掉线，就发一次。库本身不会告诉任何客户端谁在房间里。",
    try1: "再开一个窗口。一个加入 `red`，另一个加入 `green`，分别往两个房间说话。",
    try2: "申请 `cellar`。再申请另一个窗口的 socket id（写在它的“连接”里）：服务器同样拒绝。为什么非拒绝不可，见第一个陷阱。",
    try3: "在一个窗口里按“让服务器把所有人放进 red”，看另一个窗口：它可没有申请过。",
    try4: "掐断连接。回来时是一个新的 socket，不在任何房间里：页面得重新申请。服务器怎样替你留着位置，看 `reconnect` 演示。",
    trap1: "每个 socket 都在一个以自己 id 命名的房间里。服务器要是写成 `socket.join(客户端发来的任何东西)`，谁都可以钻进别人的私人房间旁听。",
    trap2: "常有人分不清房间和命名空间。命名空间由客户端选择，每个数据包里都写着；房间由服务器安排，客户端甚至不必知道它存在。",
    trap3: "房间里还有人，房间就在，而且只在这一台服务器上。多台服务器要靠适配器（adapter）连起来，代码不用改。",
  },
};

const doors = ["red", "green", "blue"];
const connection = await openDemo(texts);
const socket = connection.socket();
let inside = {};

const amIn = (room) => (inside[room] ?? []).some((p) => p.id === socket.id);

for (const room of doors) {
  const box = element("div", "", "box");
  box.id = `room-${room}`;
  const head = element("h3");
  head.append(element("code", room, `tag ${room}`), element("span", "", "state soft"));
  const toggle = element("button", "", "toggle");
  toggle.type = "button";
  toggle.addEventListener("click", () => (amIn(room) ? socket.emit("leave", room) : ask(room)));
  box.append(head, element("ul", "", "events"), toggle);
  $("boxes").append(box);
  const choice = element("label");
  const radio = element("input");
  Object.assign(radio, { type: "radio", name: "whom", value: room, checked: room === doors[0] });
  choice.append(radio, element("code", room, `tag ${room}`));
  $("whom").append(choice);
}

function show() {
  for (const room of doors) {
    const box = $(`room-${room}`);
    const people = inside[room] ?? [];
    box.classList.toggle("in", amIn(room));
    box.querySelector(".state").textContent = amIn(room) ? t("in") : "";
    box.querySelector(".toggle").textContent = t(amIn(room) ? "leave" : "join");
    box.querySelector(".toggle").disabled = !socket.connected;
    const names = people.map((p) => element("li", p.name, p.id === socket.id ? "me" : ""));
    box.querySelector(".events").replaceChildren(...(names.length ? names : [element("li", t("empty"), "soft")]));
  }
}

function ask(room) {
  socket.emit("join", room, (allowed) => { $("note").textContent = t(allowed ? "letIn" : "refused", room); });
}

socket.on("connect", () => { socket.emit("name", $("name").value); show(); });
socket.on("disconnect", () => { inside = {}; show(); });
socket.on("rooms", (all) => {
  inside = Object.fromEntries(all.map(({ name, people }) => [name, people]));
  show();
});
socket.on("said", (room, from, text) => {
  const item = element("li");
  item.append(element("code", room, `tag ${room}`), element("b", from?.name ?? "?"), element("span", text));
  item.classList.toggle("mine", from?.id === socket.id);
  append($("messages"), item);
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("text").value) return;
  socket.emit("say", document.querySelector("[name=whom]:checked").value, $("text").value);
  $("text").value = "";
});
$("other").addEventListener("submit", (event) => { event.preventDefault(); ask($("door").value); });
$("gather").addEventListener("click", () => socket.emit("gather"));
$("name").addEventListener("change", () => {
  localStorage.setItem("name", $("name").value);
  if (socket.connected) socket.emit("name", $("name").value);
});

$("name").value = myName();
onLang(show);
connection.connect();
$("text").focus();
