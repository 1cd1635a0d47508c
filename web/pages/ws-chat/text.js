// Texts of the page ws-chat, in both languages.

export const texts = {
  en: {
    opened: "The handshake is done: 101 Switching Protocols.", closed: "Closed with {0}. The page connects again, with after={1}.",
    said: "The server says: {0}", noLine: "not connected",
    1000: "1000, normal closure", 1001: "1001, the server is going away", 1005: "1005, a close frame without a code", 1011: "1011, an error in the server", 1012: "1012, the server restarts", 1003: "1003, unsupported data", 1006: "1006, no close frame: the connection was cut",
    1008: "1008, policy violation", 1009: "1009, message too large", 1013: "1013, too slow, try again later",
  },
  zh: {
    opened: "握手完成：101 Switching Protocols。", closed: "关闭码 {0}。页面会重连，带上 after={1}。",
    said: "服务器说：{0}", noLine: "现在没有连接",
    1000: "1000，正常关闭", 1001: "1001，服务器即将离开", 1005: "1005，关闭帧里没有关闭码", 1011: "1011，服务器内部出错", 1012: "1012，服务器要重启", 1003: "1003，不支持的数据", 1006: "1006，没有关闭帧：连接被切断了",
    1008: "1008，违反规则", 1009: "1009，消息太大", 1013: "1013，读得太慢，稍后再试",
  },
};
