// Texts of the page broadcast, in both languages.

export const texts = {
  en: {
    count: "{0} here", hello: "Hello, everyone!", notMe: "Not for me", onlyMe: "Note to myself", fromOther: "Are you there?", peerName: "Ming",
  },
  zh: {
    count: "{0} 人在线", hello: "大家好！", notMe: "不发给我自己", onlyMe: "给自己的备忘", fromOther: "你在吗？", peerName: "小明",
  },
};
