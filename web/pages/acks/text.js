// Texts of the page acks, in both languages.

export const texts = {
  en: {
    buffered: "buffered: sent when connected", waiting: "waiting for the acknowledgement", never: "never acknowledged: the connection ended",
    acked: "acknowledged after {0} ms", ackedWith: "acknowledged after {0} ms: {1}", failed: "failed after {0} ms: {1}",
    question: "Your name?", answer: "Answer", ann: "Ann",
    serverWaits: "The server waits 5 s.", tooLate: "Too late: the server no longer waits.",
    answered: "you acknowledged: {0}", answeredLate: "you acknowledged too late: {0}",
    said: "the server received: {0}", complete: "everyone acknowledged: {0}", incomplete: "acknowledged in time: {0}, others did not",
  },
  zh: {
    buffered: "已缓冲，连接后发送", waiting: "等待回执", never: "永远没有回执：连接断开了",
    acked: "{0} 毫秒后收到回执", ackedWith: "{0} 毫秒后收到回执：{1}", failed: "{0} 毫秒后失败：{1}",
    question: "你叫什么名字？", answer: "回答", ann: "小红",
    serverWaits: "服务器等 5 秒。", tooLate: "晚了，服务器不再等待。",
    answered: "你发出了回执：{0}", answeredLate: "你的回执晚了：{0}",
    said: "服务器收到：{0}", complete: "所有人都发了回执：{0} 个", incomplete: "按时收到 {0} 个回执，还有人没发",
  },
};
