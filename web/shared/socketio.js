// What the pages of the Socket.IO lesson share: the connection and its card, the packets, the texts around the demo.

import { $, element, onLang, start, t } from "./lab.js";
import { append, momentItem } from "./chat.js";
import { explain } from "./prose.js";
import { packetLog } from "./packets.js";
import { codeBlock } from "./source.js";

const strings = {
  en: {
    see: "What you see", try: "Try this", trap: "Traps", running: "The server code that is running",
    connection: "Connection", disconnect: "Disconnect", connect: "Connect", cut: "Cut the connection",
    on: "connected", off: "disconnected", none: "no transport", name: "My name", send: "Send",
    opened: "connection opened over {0}", upgraded: "upgraded: {0} → {1}", joined: "{0} joined, socket id {1}", gone: "{0} disconnected: {1}",
    attempt: "reconnecting, attempt {0}", failed: "{0} refused: {1}", lost: "no connection: {0}",
    packets: "The packets", clear: "Clear",
    engineL: "Engine.IO type", typeL: "Socket.IO type", countL: "attachments", nspL: "namespace", ackL: "ack id", dataL: "JSON", bytesL: "binary",
  },
  zh: {
    see: "你看到的是什么", try: "动手试试", trap: "陷阱", running: "正在运行的服务器代码",
    connection: "连接", disconnect: "断开", connect: "连接", cut: "掐断连接",
    on: "已连接", off: "已断开", none: "无传输", name: "我的名字", send: "发送",
    opened: "连接已打开，走 {0}", upgraded: "已升级：{0} → {1}", joined: "已加入 {0}，socket id 是 {1}", gone: "{0} 已断开：{1}",
    attempt: "正在重连，第 {0} 次", failed: "{0} 被拒绝：{1}", lost: "连接失败：{0}",
    packets: "数据包", clear: "清空",
    engineL: "Engine.IO 类型", typeL: "Socket.IO 类型", countL: "附件数", nspL: "命名空间", ackL: "回执编号", dataL: "JSON", bytesL: "二进制",
  },
};

/** Notes a moment in the connection's timeline. */
export const happened = (text, className) => append($("timeline"), momentItem(text, className));

/** The name this browser goes by in all demos. */
export function myName() {
  return localStorage.getItem("name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
}

/** Fills the page in. Returns its connection, see below; nothing is connected yet. */
export async function openDemo(texts, options = {}) {
  const merged = { en: { ...strings.en, ...texts.en }, zh: { ...strings.zh, ...texts.zh } };
  const info = await start(merged);
  explain(merged);
  $("source").replaceChildren(...info.source.map((s) => codeBlock(s.code)));
  return new Connection(options);
}

/** A Manager and its sockets, with the card that shows them. */
class Connection {
  sockets = [];
  followed = new WeakSet();

  constructor(options) {
    this.manager = new io.Manager({ ...options, autoConnect: false });
    this.watch = $("packets") ? this.showPackets() : () => {};
    this.manager.on("open", () => this.onOpen());
    this.manager.on("error", (error) => { happened(t("lost", error.message ?? error), "bad"); this.show(); });
    this.manager.on("reconnect_attempt", (n) => happened(t("attempt", n)));
    $("disconnect").addEventListener("click", () => this.disconnect());
    $("reconnect").addEventListener("click", () => this.connect());
    $("cut").addEventListener("click", () => this.manager.engine.close());
    onLang(() => this.show());
  }

  /** The socket of a namespace, shown in the card from now on. */
  socket(nsp = "/", options = {}) {
    const socket = this.manager.socket(nsp, options);
    if (!this.sockets.includes(socket)) this.sockets.push(socket);
    if (this.followed.has(socket)) return socket;
    this.followed.add(socket);
    socket.on("connect", () => { happened(t("joined", nsp, socket.id), "good"); this.show(); });
    socket.on("disconnect", (reason) => { happened(t("gone", nsp, reason), "bad"); this.show(); });
    socket.on("connect_error", (error) => {
      if (!socket.active) {
        happened(t("failed", nsp, error.message), "bad");
        this.sockets = this.sockets.filter((s) => s !== socket); // whoever wants it must ask again
      }
      this.show();
    });
    return socket;
  }

  /** Connects these sockets, all if none are named. */
  connect(...sockets) {
    for (const socket of sockets.length ? sockets : this.sockets) socket.connect();
    this.watch();
    this.show();
  }

  disconnect() {
    for (const socket of this.sockets) socket.disconnect();
    this.show();
  }

  showPackets() {
    const kinds = ["engine", "type", "count", "nsp", "ack", "data", "bytes"];
    onLang(() => $("kinds").replaceChildren(...kinds.map((kind) => element("li", t(`${kind}L`), kind))));
    $("clear").addEventListener("click", () => $("packets").replaceChildren());
    return packetLog($("packets"), this.manager);
  }

  onOpen() {
    const { engine } = this.manager;
    const first = engine.transport.name;
    happened(t("opened", first), "good");
    engine.once("upgrade", (transport) => {
      happened(t("upgraded", first, transport.name), "good");
      $("transport").classList.add("flash");
      this.show();
    });
  }

  show() {
    const on = this.sockets.some((s) => s.connected);
    $("status").textContent = t(on ? "on" : "off");
    $("status").className = `badge ${on ? "good" : "bad"}`;
    $("transport").textContent = on ? this.manager.engine.transport.name : t("none");
    $("disconnect").disabled = !this.sockets.some((s) => s.active);
    $("reconnect").disabled = this.sockets.every((s) => s.active);
    $("cut").disabled = !on;
  }
}
