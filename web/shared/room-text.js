// Texts shared by the pages of the first three lessons, in both languages.
export const texts = {
  en: {
    on: "receiving", off: "stopped", away: "offline", connecting: "connecting",
    offline: "Leave for 5 s, as if offline", isOffline: "offline: messages from others wait until we are back",
    isOnline: "back online, asking for everything after message {0}", stopped: "stopped at message {0}",
    notSent: "not sent: {0}", unsent: "This page is offline, so the message stays in the input field. It is stored nowhere else.",
    summary: "In order: {0}. Lost: {1}. Duplicated: {2}. Caught up later: {3}. From before you joined: {4}.", delay: "{0} ms",
    restarted: "The server was restarted: its ids begin at 1 again. The count starts over, too.",
    retrying: "retrying in {0} s: a random time up to {1} s (attempt {2})", waiting: "retry in {0} s",
    hello: "Hello!", fromOther: "Are you there?", peerName: "Ming", beep0: "Beep.", beep1: "Any news?", beep2: "Still here.", failed: "A request failed: {0}.",
  },
  zh: {
    on: "接收中", off: "已停止", away: "离线", connecting: "连接中",
    offline: "离开 5 秒（模拟离线）", isOffline: "已离线：别人现在写的消息要等我们回来再取",
    isOnline: "恢复在线，请求第 {0} 条之后的全部消息", stopped: "停在第 {0} 条消息",
    notSent: "未发送：{0}", unsent: "页面处于离线状态，消息还留在输入框里。别处没有保存它。",
    summary: "按顺序收到 {0} 条。丢失 {1} 条，重复 {2} 条，事后补上 {3} 条，加入之前的历史 {4} 条。", delay: "{0} ms",
    restarted: "服务器重启过，编号又从 1 开始，统计也重新开始。",
    retrying: "{0} 秒后重试：在 0 到 {1} 秒之间随机取值（第 {2} 次）", waiting: "{0} 秒后重试",
    hello: "大家好！", fromOther: "你在吗？", peerName: "小明", beep0: "哔。", beep1: "有新消息吗？", beep2: "我还在。", failed: "一次请求失败：{0}。",
  },
};
