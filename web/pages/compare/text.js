// Texts of the page compare, in both languages.

export const texts = {
  en: {
    pause: "Pause", go: "Resume",
    rate: "{0} messages a second", interval: "short polling asks every {0}", net: "network: {0}",
    on: "running", off: "not connected", paused: "paused", isCut: "every packet is lost", watching: "{0} watching",
    ms: "ms", bytesUnit: "bytes", requestsUnit: "requests a message", waiting: "{0} on the way", lost: "{0} lost", laneOff: "not connected",
    freeze: "Freeze this lane and show its bytes", bytesOf: "What crossed last: {0}", recovers: "with recovery",
    picture: "For each lane: above, when each message was sent; below, when it arrived",
    axis: "The last {0} seconds. A line runs from the moment the server gets a message (above) to the moment this page has it (below). The more it slants, the later the message. Red line: still on the way. Red ring: lost. On the right: the median latency, then the bytes a message and their parts.",

    roundDone: "{0} ✓", stop: "End the round", close: "Close the podium",
    phaseBets: "Bets are open", phaseRun: "{0} s left", phaseCount: "Counting…", phasePodium: "Podium",
    betCount: "Bets: {0}.", betOn: "{0}: {1}", myBet: "Your bet: {0}.", choose: "Choose a lane. You can change your bet until the round starts.",
    late: "Too late: the round has started. Bet again before the next round.", noBets: "No round is open for bets. Wait for the teacher.", full: "There are too many bets on this round.",
    betRight: "Right: {0}.", countRight: "Right bets: {0}.", nobodyRight: "Nobody bet on the winner.", others: "{0} more", youRight: "You were right: {0}!", youWrong: "Your bet was {0}.",
    comma: ", ", and: "{0} and {1}",

    "value-bytes": "{0} bytes a message", "value-delay": "{0}", "value-silence": "{0} of silence",
    noReport: "Nobody measured this round: keep a page with the key open from start to end.",
    "won-bytes": "{0}: {1} bytes a message", "won-delay": "{0}: a median latency of {1}", "won-silence": "{0}: silent for {1} at most",
    allSame: "{0}; the other lanes cannot be told apart from that.", but: "{0}; {1}.",
    lostSome: "{0} lost {1} messages, because nothing sends them again after a new connection",
    "asks-bytes": "{0} needs {1}, because it makes {2} requests a message", "last-bytes": "{0} needs {1}, most of it framing",
    "asks-delay": "{0} takes {1}, because its messages wait for its next request ({2} a message)", "last-delay": "{0} takes {1}",
    "asks-silence": "{0} was silent for {1}, because it must first make a new request", "last-silence": "{0} was silent for {1}",

    begins: "The round {0} begins.", isBack: "{0} is back after {1}.", waits: "{0} lost its connection: it tries again after {1}.", waitsItself: "{0} lost its connection: the client waits for its retry time.",
    hasLost: "{0} has lost {1} messages.", batch: "{0}: {1} messages arrive at once.", leads: "{0} takes the lead.",
    sayCut: "Every packet is lost. The connections stay open.", sayFlows: "Packets flow again. TCP sends the lost data again.", sayNet: "The network is now: {0}.", sayRate: "Now {0} messages a second.",
    factAsks: "{0}: {1} requests a message, {2} bytes of headers each message.", factStream: "{0}: no request for a message, {3} bytes of framing.",
  },
  zh: {
    pause: "暂停", go: "继续",
    rate: "每秒 {0} 条消息", interval: "短轮询每 {0} 问一次", net: "网络：{0}",
    on: "运行中", off: "未连接", paused: "已暂停", isCut: "数据包全部丢失", watching: "{0} 人在看",
    ms: "毫秒", bytesUnit: "字节", requestsUnit: "次请求/消息", waiting: "{0} 条在路上", lost: "丢了 {0} 条", laneOff: "未连接",
    freeze: "定格这条跑道，查看它的字节", bytesOf: "最近传输的内容：{0}", recovers: "开启恢复",
    picture: "每条跑道：上沿是消息发出的时刻，下沿是到达的时刻",
    axis: "最近 {0} 秒。每条线从服务器得到消息的时刻（上沿）画到本页收到它的时刻（下沿）。线越斜，消息越晚。红线：还在路上；红圈：已丢失。右边是延迟中位数，以及每条消息的字节数和它的组成。",

    roundDone: "{0} ✓", stop: "结束回合", close: "关闭领奖台",
    phaseBets: "正在下注", phaseRun: "还剩 {0} 秒", phaseCount: "正在统计…", phasePodium: "领奖台",
    betCount: "共 {0} 注。", betOn: "{0}：{1}", myBet: "你押的是：{0}。", choose: "选一条跑道。回合开始之前都可以改。",
    late: "太晚了：回合已经开始。请在下一回合之前下注。", noBets: "现在没有可下注的回合，请等老师开启。", full: "这一回合的下注人数已满。",
    betRight: "押对的有：{0}。", countRight: "押对的有 {0} 注。", nobodyRight: "没有人押中。", others: "另外 {0} 人", youRight: "你押对了：{0}！", youWrong: "你押的是{0}。",
    comma: "、", and: "{0}、{1}",

    "value-bytes": "每条消息 {0} 字节", "value-delay": "{0}", "value-silence": "中断 {0}",
    noReport: "这一回合没有测量结果：请让带密钥的页面从头到尾保持打开。",
    "won-bytes": "{0}：每条消息 {1} 字节", "won-delay": "{0}：延迟中位数 {1}", "won-silence": "{0}：最长中断 {1}",
    allSame: "{0}；其他跑道与它分不出差别。", but: "{0}；{1}。",
    lostSome: "{0}丢了 {1} 条消息，因为重新连接之后没有谁再发一遍",
    "asks-bytes": "{0}需要 {1} 字节，因为每条消息要 {2} 次请求", "last-bytes": "{0}需要 {1} 字节，多出来的主要是成帧",
    "asks-delay": "{0}要 {1}，因为消息得等它的下一次请求（每条消息 {2} 次）", "last-delay": "{0}要 {1}",
    "asks-silence": "{0}中断了 {1}，因为它要先发出新的请求", "last-silence": "{0}中断了 {1}",

    begins: "“{0}”回合开始。", isBack: "{0}在 {1} 之后恢复连接。", waits: "{0}断开了：{1} 之后重试。", waitsItself: "{0}断开了：客户端在等自己的重试时间。",
    hasLost: "{0}丢了 {1} 条消息。", batch: "{0}：{1} 条消息同时到达。", leads: "{0}领先了。",
    sayCut: "所有数据包都丢了，连接并没有断开。", sayFlows: "数据包又通了，TCP 重发丢失的数据。", sayNet: "现在的网络：{0}。", sayRate: "现在每秒 {0} 条消息。",
    factAsks: "{0}：每条消息 {1} 次请求，{2} 字节标头。", factStream: "{0}：收消息不需要请求，成帧 {3} 字节。",
  },
};
