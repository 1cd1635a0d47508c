// Questions and answers, both ways, and what happens when no answer comes.

import { $, element, t } from "/lab/shared/lab.js";
import { append } from "/lab/shared/chat.js";
import { openDemo } from "/lab/shared/socketio.js";

const texts = {
  en: {
    asking: "The page asks", ask: "Ask", asked: "The server asks", askMe: "Ask me", askAll: "Ask everyone",
    waiting: "waiting for {0} s", after: "{0}, after {1} ms",
    question: "The server wants to know your name:", answer: "Answer", tooLate: "You can still answer. The server no longer listens.",
    said: "The server has your answer: {0}", none: "The server got no answer: {0}",
    complete: "{0} answered: everyone", incomplete: "{0} answered, not everyone in time",
    see1: "`emit(\"ferret\", \"tobi\", f)`: the event carries a number (`420[…]`), the answer brings it back (`430[\"woot\"]`), and the library calls `f`.",
    see2: "The other way round it is the same: the server's event has a number, and the page's listener gets a function as its last argument.",
    see3: "An acknowledgement is not automatic. It says that code on the other side has called a function, which is more than that a packet has arrived.",
    try1: "Press `emit(\"silence\", ack)`. This handler never answers, and the function is never called: not with an error, not ever. Cut the connection: still nothing.",
    try2: "Press `timeout(2000).emit(…)`. After two seconds the function is called with an error. Its first argument is now always the error, `null` if there is none.",
    try3: "“Ask me”, and let five seconds pass. Then answer: the packet goes out, and the server drops it.",
    try4: "Open a second window, “Ask everyone”, and answer in one of them only.",
    try5: "While the server waits for you, ask `ferret`. The `woot` comes late: a socket's handlers run one at a time, and one of them is waiting for you.",
    trap1: "An acknowledgement without a timeout leaves a function behind for each answer that does not come. Always say how long you will wait.",
    trap2: "On Node, the lecture's `cb('woot')` throws if a client sends `ferret` without a function: `cb` is undefined then, and the exception ends the process. Here `ack` is always there and does nothing if nobody asked.",
    trap3: "A timeout does not say that nothing happened. The event may have been handled and only the answer lost. What must happen once needs an id of its own.",
  },
  zh: {
    asking: "页面提问", ask: "提问", asked: "服务器提问", askMe: "问我", askAll: "问所有人",
    waiting: "已等 {0} 秒", after: "{0}，用了 {1} 毫秒",
    question: "服务器想知道你的名字：", answer: "回答", tooLate: "你仍然可以回答，但服务器已经不等了。",
    said: "服务器收到了你的回答：{0}", none: "服务器没有等到回答：{0}",
    complete: "{0} 人回答：全部到齐", incomplete: "{0} 人回答，有人没赶上",
    see1: "`emit(\"ferret\", \"tobi\", f)`：事件带着一个编号发出（`420[…]`），回执带着同一个编号回来（`430[\"woot\"]`），库就调用 `f`。",
    see2: "反过来也一样：服务器的事件带编号，页面的监听函数会多得到一个参数，是一个函数。",
    see3: "回执不是自动的。它说明对方的代码调用了那个函数，而不只是数据包到了。",
    try1: "按 `emit(\"silence\", ack)`。这个处理函数从不回答，于是你的函数永远不会被调用，连出错都不会通知。把连接掐断：还是没有动静。",
    try2: "按 `timeout(2000).emit(…)`。两秒之后函数被调用，参数是一个错误。用了 timeout，第一个参数就总是错误，没有错误时是 `null`。",
    try3: "按“问我”，放着五秒不理，然后再回答：数据包发出去了，服务器把它丢掉。",
    try4: "再开一个窗口，按“问所有人”，只在其中一个窗口里回答。",
    try5: "服务器等你的时候，问一次 `ferret`。`woot` 会迟到：同一个 socket 的处理函数一次只跑一个，而现在这个正等着你。",
    trap1: "不设超时的回执，每缺一个答复就留下一个永远不被调用的函数。任何时候都要说清楚等多久。",
    trap2: "讲义里的 `cb('woot')` 在 Node 上有个坑：客户端发 `ferret` 时若没有传函数，`cb` 就是 undefined，抛出的异常会让整个进程退出。这里的 `ack` 总是存在，没人要回执时它什么也不做。",
    trap3: "超时不等于没有发生。事件可能已经处理完，只是答复丢了。只能做一次的事，要自己带编号去重。",
  },
};

const connection = await openDemo(texts);
const socket = connection.socket();
const patience = 5000; // the server's

/** A line of #asked that counts until it is settled. */
function pending(label) {
  const item = element("li");
  const state = element("span", "", "soft");
  item.append(element("code", label), state);
  append($("asked"), item);
  const began = performance.now();
  const count = () => { state.textContent = t("waiting", Math.floor((performance.now() - began) / 1000)); };
  const timer = setInterval(count, 250);
  count();
  return (text, className) => {
    clearInterval(timer);
    state.className = className;
    state.textContent = t("after", text, (performance.now() - began).toFixed(1));
  };
}

const plainly = (value) => (typeof value === "string" ? value : JSON.stringify(value));

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value;
  const settle = pending(`ferret ${JSON.stringify(name)}`);
  socket.emit("ferret", name, (data) => settle(plainly(data), "good"));
});
$("silence").addEventListener("click", () => {
  const settle = pending("silence");
  socket.emit("silence", () => settle("?!", "bad"));
});
$("bounded").addEventListener("click", () => {
  const settle = pending("timeout(2000) silence");
  socket.timeout(2000).emit("silence", (error) => settle(String(error), "bad"));
});

socket.on("question", (ack) => {
  const form = element("form", "", "field");
  const input = element("input");
  input.maxLength = 100;
  input.setAttribute("aria-label", t("question"));
  const rest = element("span", "", "soft");
  form.append(element("span", t("question")), input, element("button", t("answer"), "main"), rest);
  const item = element("li");
  item.append(form);
  append($("questions"), item);
  if (!(document.activeElement instanceof HTMLInputElement)) input.focus(); // not away from who is typing
  const ends = performance.now() + patience;
  const timer = setInterval(() => {
    const left = Math.ceil((ends - performance.now()) / 1000);
    rest.textContent = left > 0 ? `${left} s` : t("tooLate");
    if (left <= 0) clearInterval(timer);
  }, 100);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearInterval(timer);
    ack(input.value);
    item.remove();
  });
});

const verdict = (text, className) => append($("verdicts"), element("li", text, className));
socket.on("answer", (name) => verdict(t("said", plainly(name)), "good"));
socket.on("no answer", (reason) => verdict(t("none", reason), "bad"));
socket.on("answers", (count, all) => verdict(t(all ? "complete" : "incomplete", count), all ? "good" : "bad"));
$("askMe").addEventListener("click", () => socket.emit("ask me"));
$("askAll").addEventListener("click", () => socket.emit("ask all"));

connection.connect();
$("name").focus();
