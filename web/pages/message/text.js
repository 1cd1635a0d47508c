// Texts of the page message, in both languages.

export const texts = {
  en: { buffered: "buffered: sent when connected", connecting: "connecting", on: "open", closing: "closing", off: "a WebSocket, not opened yet", closed: "closed, code {0}" },
  zh: { buffered: "已缓冲，连接后发送", connecting: "连接中", on: "已打开", closing: "正在关闭", off: "WebSocket，还没打开", closed: "已关闭，关闭码 {0}" },
};
