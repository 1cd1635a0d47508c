// Texts of the page reconnect, in both languages.

export const texts = {
  en: {
    account: "{0 tick} at once, {1} after the reconnection, {2} lost. {3 glance} lost.",
    left: "gone for {0} s", recovered: "recovered: same id, same rooms", fresh: "not recovered: a new socket, start from scratch",
    calls: "called {0} × for each tick",
  },
  zh: {
    account: "tick：即时 {0} 个，补上 {1} 个，丢失 {2} 个。glance：丢失 {3} 个。",
    left: "离开 {0} 秒", recovered: "状态已恢复：id 不变，房间不变", fresh: "没有恢复：是新的 socket，一切从头开始",
    calls: "每个 tick 调用 {0} 次",
  },
};
