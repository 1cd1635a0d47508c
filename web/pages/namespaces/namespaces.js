// The lecture's two namespaces: two sockets over one connection.
//
// Own facts: "logged hi!" (its acknowledgement), "allowed /secret" and "refused /secret".

import { append } from "/lab/shared/chat.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { openSocketStage } from "/lab/shared/socket-stage.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const stage = await openSocketStage();
const { connection } = stage;

// #region client
// Two sockets over one connection, as with io("/chat") and io("/news").
const chat = connection.socket("/chat");
const news = connection.socket("/news");

chat.on("a message", (message) => note(chat, "a message", message));
chat.on("connect", () => sayHi(1111));

// Outside connect, which runs again at each reconnection.
news.on("news", (item) => note(news, "news", item));

function sayHi(value) {
  chat.emit("hi!", value, () => logged(value));
}
// #endregion

const boxOf = (socket) => $(socket.nsp.slice(1));
function note(socket, event, data) {
  append(boxOf(socket).querySelector(".messages"), element("li", `← ${event} ${JSON.stringify(data)}`));
}

function logged(value) {
  append(boxOf(chat).querySelector(".messages"), element("li", `→ hi! ${JSON.stringify(value)}: ${t("logged")}`, "mine"));
  stage.fact("logged hi!");
}

function show(socket) {
  const box = boxOf(socket);
  box.classList.toggle("in", socket.connected);
  box.querySelector(".id").textContent = socket.connected ? t("id", socket.id) : t("out");
  box.querySelector("button").textContent = t(socket.active ? "leave" : "join");
}

function join(socket) {
  if (!socket.active) connection.connect(socket);
  show(socket);
}

function leave(socket) {
  socket.disconnect();
  connection.show();
  show(socket);
}

for (const socket of [chat, news]) {
  socket.on("connect", () => show(socket));
  socket.on("disconnect", () => show(socket));
  boxOf(socket).querySelector("button").addEventListener("click", () => (socket.active ? leave(socket) : join(socket)));
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const { value } = $("text");
  sayHi(value !== "" && Number.isFinite(Number(value)) ? Number(value) : value);
});

/** Asks for another namespace. After a refusal the socket is gone, and it can be asked for again. */
function ask(nsp) {
  const socket = connection.socket(nsp);
  if (socket.connected) return allowed.call(socket);
  socket.off("connect_error", refused).on("connect_error", refused);
  socket.off("connect", allowed).on("connect", allowed);
  connection.connect(socket);
}
function refused(error) {
  $("note").textContent = t("refused", this.nsp, error.message);
  stage.fact(`refused ${this.nsp}`);
}
function allowed() {
  $("note").textContent = t("allowed", this.nsp);
  stage.fact(`allowed ${this.nsp}`);
}
$("other").addEventListener("submit", (event) => { event.preventDefault(); ask($("nsp").value); });

stage.follow(news);
stage.begin(chat, {
  disconnect: () => connection.disconnect(),
  connect: () => connection.connect(),
  hi: () => { join(chat); sayHi(1111); },
  leave: () => (news.connected ? leave : join)(news),
  join: () => { leave(news); join(news); },
  secret: () => ask("/secret"),
  cut: () => connection.cut(),
});
connection.connect(news);
