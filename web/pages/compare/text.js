// Texts of the page compare, in both languages.

export const texts = {
  en: {
    pause: "Pause", go: "Resume",
    rate: "{0} messages a second", interval: "short polling asks every {0}", net: "network: {0}",
    on: "running", off: "not connected", paused: "paused", isCut: "every packet is lost", watching: "{0} watching",
    total: "all bytes", ms: "{0} ms", waiting: "{0} on the way", lost: "{0} lost", laneOff: "not connected",
    picture: "{0}: above, when each message was sent; below, when it arrived",
    axis: "The last {0} seconds. A line runs from the moment the server gets a message (above) to the moment this page has it (below). The more it slants, the later the message. Red line: still on the way. Red ring: lost. The blue bar shows all bytes of the lane so far.",
  },
  zh: {
    pause: "暂停", go: "继续",
    rate: "每秒 {0} 条消息", interval: "短轮询每 {0} 问一次", net: "网络：{0}",
    on: "运行中", off: "未连接", paused: "已暂停", isCut: "数据包全部丢失", watching: "{0} 人在看",
    total: "总字节", ms: "{0} 毫秒", waiting: "{0} 条在路上", lost: "丢了 {0} 条", laneOff: "未连接",
    picture: "{0}：上沿是消息发出的时刻，下沿是到达的时刻",
    axis: "最近 {0} 秒。每条线从服务器得到消息的时刻（上沿）画到本页收到它的时刻（下沿）。线越斜，消息越晚。红线：还在路上；红圈：已丢失。蓝条是这条跑道到目前为止的总字节数。",
  },
};
