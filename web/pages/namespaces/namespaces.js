// The lecture's two namespaces: two sockets, one connection.

import { $, element, onLang, t } from "/lab/shared/lab.js";
import { append } from "/lab/shared/chat.js";
import { openDemo } from "/lab/shared/socketio.js";

const texts = {
  en: {
    channels: "Two namespaces", in: "joined", out: "not joined", join: "Join", leave: "Leave", id: "socket id {0}",
    other: "Join another:", logged: "the server has logged it", refused: "{0}: the server refuses: {1}", allowed: "{0}: joined",
    see1: "`/chat` and `/news` share one connection. Each packet says which namespace it is for, and `/chat` never hears of `news`. Each has its own socket, with an id of its own.",
    see2: "To join is a packet (`40/chat,`), to leave as well (`41/chat,`). Neither opens or closes a connection, except the last one to leave.",
    try1: "Leave `/news` and join again: the greeting comes again, on a new socket id, and the connection goes on.",
    try2: "Ask for `/secret`. It is the client's choice to ask, and the server's to offer: here it says `44/secret,{\"message\":\"Invalid namespace\"}`, and the others stay connected.",
    try3: "Send `hi!` and look into the terminal where the lab runs. The lecture's server logs it; this one also says that it did, because the page asked for an acknowledgement.",
    trap1: "A namespace looks like a path and is none: `io(\"/chat\")` still speaks to `/socket.io/` on the server. A proxy rule for `/chat` will never see it.",
    trap2: "`io.connect(\"http://localhost:3000/chat\")`, as in the lecture, works on one machine and one port. `io(\"/chat\")` goes to wherever the page came from.",
    trap3: "A room is not a namespace. The client chooses its namespaces; the server puts it into rooms. To separate groups of users, you want rooms.",
    trap4: "In the lecture, `chat.on(\"a message\", …)` stands inside `connect`. After a reconnect it is there twice. The demo `reconnect` shows it; register outside.",
  },
  zh: {
    channels: "两个命名空间", in: "已加入", out: "未加入", join: "加入", leave: "离开", id: "socket id：{0}",
    other: "加入别的：", logged: "服务器已写入日志", refused: "{0}：被服务器拒绝：{1}", allowed: "{0}：已加入",
    see1: "`/chat` 和 `/news` 共用一条连接。每个数据包都写明自己属于哪个命名空间，`/chat` 完全不知道 `news` 的存在。两边各有一个 socket，各有各的 id。",
    see2: "加入是一个数据包（`40/chat,`），离开也是（`41/chat,`）。两者都不会新建或关闭连接，除非离开的是最后一个。",
    try1: "离开 `/news` 再加入：问候又来一遍，socket id 换了新的，而连接一直没断。",
    try2: "申请加入 `/secret`。要不要申请由客户端决定，有没有由服务器决定：这里服务器回答 `44/secret,{\"message\":\"Invalid namespace\"}`，其他命名空间不受影响。",
    try3: "发送 `hi!`，再看运行 lab 的终端。讲义里的服务器只写日志；这里页面还要了回执，所以服务器会告诉你它写好了。",
    trap1: "命名空间看起来像路径，其实不是：`io(\"/chat\")` 请求的仍然是服务器上的 `/socket.io/`。代理里给 `/chat` 配的规则永远匹配不到它。",
    trap2: "讲义里的 `io.connect(\"http://localhost:3000/chat\")` 换台机器、换个端口就不通了。`io(\"/chat\")` 会连到页面所在的服务器。",
    trap3: "房间不是命名空间。命名空间由客户端选，房间由服务器安排。要把用户分组，该用的是房间。",
    trap4: "讲义把 `chat.on(\"a message\", …)` 写在 `connect` 里面，重连一次就多注册一份。`reconnect` 演示会让你亲眼看到；请写在外面。",
  },
};

const connection = await openDemo(texts);

/** The box of one namespace. */
function channel(id) {
  const box = $(id);
  const socket = connection.socket(`/${id}`);
  const show = () => {
    box.classList.toggle("in", socket.connected);
    box.querySelector(".state").textContent = t(socket.connected ? "in" : "out");
    box.querySelector(".id").textContent = t("id", socket.id ?? "–");
    box.querySelector(".toggle").textContent = t(socket.active ? "leave" : "join");
  };
  socket.on("connect", show);
  socket.on("disconnect", show);
  box.querySelector(".toggle").addEventListener("click", () => {
    if (socket.active) socket.disconnect();
    else connection.connect(socket);
    connection.show();
    show();
  });
  onLang(show);
  return { socket, note: (text) => append(box.querySelector(".events"), element("li", text)) };
}

const chat = channel("chat");
const news = channel("news");

chat.socket.on("a message", (message) => chat.note(`a message ${JSON.stringify(message)}`));
chat.socket.on("connect", () => sayHi(1111));
news.socket.on("news", (item) => news.note(`news ${JSON.stringify(item)}`));

function sayHi(value) {
  chat.socket.emit("hi!", value, () => chat.note(`hi! ${JSON.stringify(value)}: ${t("logged")}`));
}

$("hi").addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = $("number");
  sayHi(value !== "" && Number.isFinite(Number(value)) ? Number(value) : value);
});

$("other").addEventListener("submit", (event) => {
  event.preventDefault();
  const nsp = $("nsp").value;
  const socket = connection.socket(nsp);
  if (socket.connected) return note(t("allowed", nsp));
  socket.off("connect_error", refused).on("connect_error", refused);
  socket.off("connect", allowed).on("connect", allowed);
  connection.connect(socket);
});

function refused(error) { note(t("refused", this.nsp, error.message)); }
function allowed() { note(t("allowed", this.nsp)); }
const note = (text) => $("note").replaceChildren(element("span", text));

connection.connect();
