// Texts of the page long-polling, in both languages.

export const texts = {
  en: {
    wait: "Hold for {0} s", seconds: "{0 second}",
    aborted: "The held request was aborted at message {0}. The next one asks for what is newer than that.",
  },
  zh: {
    wait: "最多挂起 {0} 秒", seconds: "{0} 秒",
    aborted: "挂起的请求被中止，游标仍是 {0}。下一个请求会要比它新的消息。",
  },
};
