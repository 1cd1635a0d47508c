// Texts of the stage, in both languages.

export const texts = {
  en: {
    which: "Step {0} of {1}", guessFirst: "Choose an answer first.", guessed: "Now try it.",
    right: "Right.", wrong: "Not quite: the marked answer is right.",
    all: "All steps done", end: "{0} of {1} predictions were right.", endWhy: "Go on by yourself: the page stays connected.",
    up: "{0} → server: {1}", down: "server → {0}: {1}",
    only: "only {0} ✕",
    original: "Original code", undo: "Back to my code",
    notAllowed: "{0} is not an address of this demo",
    send: "Send", later: "Send later", inBuffer: "In the client's buffer: {0}",
    buffered: "buffered: sent when connected", sent: "on the wire", posted: "sent, not back yet", back: "back after {0} ms", away: "sent to the others, not to you", broken: "unknown: the connection broke",
  },
  zh: {
    which: "第 {0} 步，共 {1} 步", guessFirst: "先选一个答案。", guessed: "现在试一试。",
    right: "对了。", wrong: "不对，标出的才是正确答案。",
    all: "全部完成", end: "{1} 个预测中，{0} 个正确。", endWhy: "接下来随便试：页面保持连接。",
    up: "{0} → 服务器：{1}", down: "服务器 → {0}：{1}",
    only: "只看 {0} ✕",
    original: "恢复原来的代码", undo: "换回我的代码",
    notAllowed: "{0} 不是这个演示的地址",
    send: "发送", later: "稍后发送", inBuffer: "客户端缓冲区：{0} 条",
    buffered: "已缓冲，连接后发送", sent: "在线路上", posted: "已发送，还没回来", back: "{0} 毫秒后返回", away: "已发给其他人，不发给你", broken: "结果未知：连接断开了",
  },
};
