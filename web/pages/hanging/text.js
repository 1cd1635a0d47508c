// Texts of the page hanging, in both languages.

export const texts = {
  en: {
    opened: "The response has begun and stays open.",
    ended: "The response broke off: {0}. fetch does not reconnect, so this page does, with after={1}.",
  },
  zh: {
    opened: "响应开始了，会一直开着。",
    ended: "响应中断：{0}。fetch 不会自己重连，所以页面自己来，带上 after={1}。",
  },
};
