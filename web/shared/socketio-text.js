// Texts shared by the pages of the Socket.IO lesson, in both languages.

export const texts = {
  en: {
    on: "connected", off: "disconnected", none: "no transport",
    opened: "connection opened over {0}", upgraded: "upgraded: {0} → {1}", joined: "{0} joined, socket id {1}", gone: "{0} disconnected: {1}", goneWith: "{0} disconnected: {1}, close code {2}",
    attempt: "reconnecting, attempt {0}", failed: "{0} refused: {1}", lost: "no connection: {0}",
  },
  zh: {
    on: "已连接", off: "已断开", none: "无传输",
    opened: "连接已打开，走 {0}", upgraded: "已升级：{0} → {1}", joined: "已加入 {0}，socket id 是 {1}", gone: "{0} 已断开：{1}", goneWith: "{0} 已断开：{1}，关闭码 {2}",
    attempt: "正在重连，第 {0} 次", failed: "{0} 被拒绝：{1}", lost: "连接失败：{0}",
  },
};
