// Going away and coming back: what was missed, what is lost, and listeners that pile up.

import { $, element, onLang, t } from "/lab/shared/lab.js";
import { happened, openDemo } from "/lab/shared/socketio.js";
import { codeBlock } from "/lab/shared/source.js";

const texts = {
  en: {
    counting: "The server counts", tickNote: "an ordinary event, kept for those who are away", glanceNote: "volatile: for those who are here now", tickLabel: "ticks", glanceLabel: "glances",
    nowL: "arrived at once", lateL: "missed, and delivered on the way back", lostL: "lost", account: "{0} ticks at once, {1} on the way back, {2} lost. {3} glances lost.",
    away: "Go away for 3 s", longer: "Go away for 20 s", goodbye: "Say goodbye, back after 3 s", left: "gone for {0} s", recovered: "recovered: same id, same rooms", fresh: "not recovered: a new socket, start from scratch",
    listeners: "Two listeners for tick", outside: "Registered once", inside: "Registered in connect", calls: "called {0} × for each tick", advice: "Cut the connection, and count again.",
    doubled: "After {0} connections there are {0} of the one on the right. Each does its work again: a message shown twice, an order sent twice.",
    see1: "Each `tick` carries one more argument, an offset: `42[\"tick\",7,\"…\"]`. On the way back the page sends its `pid` and the last offset, `40{\"pid\":…,\"offset\":…}`. The server sends what came after it, then `40{\"sid\":…}` with the same id as before.",
    see2: "`glance` is volatile: it has no offset, is not kept, and is gone for whoever was not there. It is dropped, too, when something else is being sent to a client at that moment: right after the `tick` it would rarely arrive, so the server sends it before.",
    see3: "It is the server that remembers, in memory, for 15 seconds here (2 minutes by default).",
    try1: "Go away for 3 seconds: the missed ticks come at once, in order, the glances do not. `s.Recovered()` is true and the socket id is the same.",
    try2: "Go away for 20 seconds, longer than the server remembers. A new id, and the ticks in between are lost.",
    try3: "Say goodbye. A client that leaves by `disconnect()` is not waited for, however short it is away.",
    try4: "Cut the connection a few times and watch the right-hand listener pile up.",
    trap1: "`socket.on(…)` inside `socket.on(\"connect\", …)`, as in two snippets of the lecture: `connect` comes after every reconnect, recovered or not. Register outside. What truly must happen at each connection (say your name, ask for the state) may stay inside: an emit, not a listener.",
    trap2: "Recovery is a bonus, not a promise: the server may be a new process, the absence too long. Look at `socket.recovered`, and fetch the state when it is false.",
    trap3: "What the page emits while it is away is buffered and sent on the way back, perhaps much later. `socket.volatile.emit` drops it instead; for positions and keystrokes that is what you want.",
    trap4: "With recovery on, a listener gets the offset as one more argument. `(a, b = 1) => …` will not see its default.",
    trap5: "On the server, handlers belong to the new socket even when it is recovered: an `if s.Recovered() { return }` above `s.On` makes it deaf.",
  },
  zh: {
    counting: "服务器在报数", tickNote: "普通事件，替不在的人留着", glanceNote: "volatile 事件，只给此刻在场的人", tickLabel: "tick", glanceLabel: "glance",
    nowL: "即时到达", lateL: "错过了，回来时补上", lostL: "丢失", account: "tick：即时 {0} 个，补上 {1} 个，丢失 {2} 个。glance：丢失 {3} 个。",
    away: "离开 3 秒", longer: "离开 20 秒", goodbye: "说再见，3 秒后回来", left: "离开 {0} 秒", recovered: "状态已恢复：id 不变，房间不变", fresh: "没有恢复：是新的 socket，一切从头开始",
    listeners: "tick 的两个监听函数", outside: "只注册一次", inside: "在 connect 里注册", calls: "每个 tick 调用 {0} 次", advice: "掐断连接，再数一次。",
    doubled: "连接过 {0} 次，右边的监听函数就有 {0} 份，每一份都会把活再干一遍：消息显示两次，订单下两次。",
    see1: "每个 `tick` 都多带一个参数：偏移量，`42[\"tick\",7,\"…\"]`。回来时页面发送 `pid` 和最后一个偏移量，`40{\"pid\":…,\"offset\":…}`；服务器先补发后面的事件，再回 `40{\"sid\":…}`，id 和原来一样。",
    see2: "`glance` 是 volatile 的：没有偏移量，不保存，不在场的人就错过了。正在向某个客户端发别的东西时，它同样会被丢弃：紧跟在 `tick` 后面发，几乎都到不了，所以服务器先发它。",
    see3: "记住这些的是服务器，存在内存里，这里只保留 15 秒（默认 2 分钟）。",
    try1: "离开 3 秒：错过的 tick 一下子按顺序到齐，glance 没有。`s.Recovered()` 为真，socket id 没有变。",
    try2: "离开 20 秒，超过服务器的记忆。id 换了，中间的 tick 丢了。",
    try3: "说再见。主动 `disconnect()` 的客户端，服务器不会等它，不管它离开多短。",
    try4: "多掐断几次连接，看右边的监听函数越积越多。",
    trap1: "把 `socket.on(…)` 写在 `socket.on(\"connect\", …)` 里面，讲义里有两处就是这样写的：每次重连都会触发 `connect`，恢复了也一样。请写在外面。每次连上都必须做的事（报名字、取状态）可以留在里面，但那是 emit，不是注册监听。",
    trap2: "恢复是锦上添花，不是保证：服务器可能换了进程，离开可能太久。要看 `socket.recovered`，为假就重新取状态。",
    trap3: "页面不在线时 emit 的东西会先存着，回来再发，可能已经过了很久。`socket.volatile.emit` 会直接丢弃；光标位置、按键之类正该这样。",
    trap4: "开了恢复，监听函数会多收到一个偏移量参数。`(a, b = 1) => …` 里的默认值就用不上了。",
    trap5: "在服务器上，恢复回来的也是一个新的 Socket 值，处理函数要重新注册：在 `s.On` 前面写 `if s.Recovered() { return }`，它就什么都听不见了。",
  },
};

const connection = await openDemo(texts);
const { manager } = connection;
const socket = connection.socket();

// The two listeners. What is shown is the code that runs.
const calls = { right: 0, wrong: 0 };

function right() {
  socket.on("tick", () => {
    calls.right++;
  });
}

function wrong() {
  socket.on("connect", () => {
    socket.on("tick", () => {
      calls.wrong++;
    });
  });
}

right();
wrong();

/** A row of numbers, each a cell. */
class Row {
  last = 0;
  now = 0;
  late = 0;
  lost = 0;

  constructor(list) { this.list = list; }

  /** A number has come. Numbers that never came before it are lost: they come in order. */
  take(n, late) {
    if (this.last > 0) {
      for (let missing = this.last + 1; missing < n; missing++) {
        this.lost++;
        if (n - missing <= 40) this.cell(missing, "lost");
      }
    }
    this.last = n;
    this[late ? "late" : "now"]++;
    this.cell(n, late ? "late" : "now");
  }

  cell(n, kind) {
    this.list.append(element("li", String(n), kind));
    while (this.list.children.length > 80) this.list.firstElementChild.remove();
    this.list.scrollTop = this.list.scrollHeight;
  }
}

const ticks = new Row($("ticks"));
const glances = new Row($("glances"));
let away = true; // what was missed comes before "connect"
let connections = 0;

socket.on("tick", (n) => {
  ticks.take(n, away);
  showAccount();
  if (!away) queueMicrotask(countCalls); // when all listeners have run
});
socket.on("glance", (n) => { glances.take(n, away); showAccount(); });
socket.on("disconnect", () => { away = true; });
socket.on("connect", () => {
  away = false;
  connections++;
  calls.right = calls.wrong = 0;
  if (connections > 1) happened(t(socket.recovered ? "recovered" : "fresh"), socket.recovered ? "good" : "bad");
  showAccount();
});

let perTick = { ...calls };

function countCalls() {
  perTick = { ...calls };
  calls.right = calls.wrong = 0;
  showCalls();
}

function showCalls() {
  for (const id of ["right", "wrong"]) $(id).textContent = t("calls", perTick[id]);
  $("wrongBox").classList.toggle("trapped", perTick.wrong > 1);
  $("advice").textContent = connections > 1 ? t("doubled", connections) : t("advice");
}

function showAccount() {
  $("account").textContent = t("account", ticks.now, ticks.late, ticks.lost, glances.lost);
}

/** Loses the connection, and comes back after so many seconds, as if there had been no network. */
function leave(seconds) {
  happened(t("left", seconds));
  manager.reconnection(false);
  manager.engine.close();
  comeBack(seconds);
}

function sayGoodbye(seconds) {
  happened(t("left", seconds));
  socket.disconnect();
  comeBack(seconds);
}

let returning;
function comeBack(seconds) {
  for (const id of ["away", "longer", "goodbye"]) $(id).disabled = true;
  clearTimeout(returning);
  returning = setTimeout(() => {
    for (const id of ["away", "longer", "goodbye"]) $(id).disabled = false;
    manager.reconnection(true);
    connection.connect();
  }, seconds * 1000);
}

$("away").addEventListener("click", () => leave(3));
$("longer").addEventListener("click", () => leave(20));
$("goodbye").addEventListener("click", () => sayGoodbye(3));
$("rightCode").append(codeBlock(String(right)));
$("wrongCode").append(codeBlock(String(wrong)));

onLang(() => { showCalls(); showAccount(); });
connection.connect();
