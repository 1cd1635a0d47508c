// Texts of the page short-polling, in both languages.

export const texts = {
  en: {
    interval: "Every {0}", milliseconds: "{0} ms", seconds: "{0} s",
    lost: "The page dropped an answer, as if it had been lost on the way. The cursor stays at {0}, so the next request asks for the same messages again.",
  },
  zh: {
    interval: "间隔 {0}", milliseconds: "{0} 毫秒", seconds: "{0} 秒",
    lost: "页面丢弃了一个应答，就像它在路上丢了一样。游标仍是 {0}，下一次请求会再要一遍同样的内容。",
  },
};
