// Texts of the page ws-echo, in both languages.

export const texts = {
  en: {
    on: "open", off: "closed", connecting: "connecting", opened: "The handshake is done: 101 Switching Protocols.",
    closed: "closed: code {0}{1}, {2}", clean: "both sides sent a close frame", dirty: "without a close frame",
    bursted: "1,000 messages there and back in {0} ms: {1} a second", trip: "back after {0} ms", bytes: "{0 byte}", text: "text", binary: "binary",
  },
  zh: {
    on: "已打开", off: "已关闭", connecting: "连接中", opened: "握手完成：101 Switching Protocols。",
    closed: "已关闭：关闭码 {0}{1}，{2}", clean: "双方都发送了关闭帧", dirty: "没有关闭帧",
    bursted: "1,000 条消息往返用了 {0} ms：每秒 {1} 条", trip: "{0} 毫秒后返回", bytes: "{0} 字节", text: "文本", binary: "二进制",
  },
};
