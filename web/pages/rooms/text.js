// Texts of the page rooms, in both languages.

export const texts = {
  en: {
    join: "Join", leave: "Leave", joined: "{0}: you are in", refused: "{0}: the server refuses", peerName: "Ming",
    hello: "Hello, red!", outside: "Hello from outside", toAll: "To all three rooms",
  },
  zh: {
    join: "加入", leave: "离开", joined: "{0}：已加入", refused: "{0}：服务器拒绝", peerName: "小明",
    hello: "red 的朋友们好！", outside: "我不在房间里，你好", toAll: "发给三个房间",
  },
};
