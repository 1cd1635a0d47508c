// Texts of the page namespaces, in both languages.

export const texts = {
  en: {
    out: "not joined", join: "Join", leave: "Leave", id: "socket id {0}",
    logged: "the server has logged it", refused: "{0}: the server refuses: {1}", allowed: "{0}: joined",
  },
  zh: {
    out: "未加入", join: "加入", leave: "离开", id: "socket id：{0}",
    logged: "服务器已写入日志", refused: "{0}：被服务器拒绝：{1}", allowed: "{0}：已加入",
  },
};
