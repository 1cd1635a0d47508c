// Texts of the page proxies, in both languages.

export const texts = {
  en: {
    ready: "ready", measuring: "measuring", lost: "the lab does not answer", running: "{0} of {1 cell}", done: "{0 cell} measured",
    behind: "{0} behind {1}", kind: "This proxy {0}.", result: "Result", connects: "The server has the client", yes: "yes", no: "no",
    down: "From the server", up: "From the client", atOnce: "at once: {0}", late: "late: {0}", never: "never", batch: "in one batch, after {0 more message} had filled the buffer: {1}",
    silence: "After a silence", held: "still connected", back: "the proxy cut it, and the client came back", dead: "nothing arrives any longer",
    foreign: "A page of another origin", accepted: "accepted: the server sees no Origin", refused: "refused",
    cost: "Needed", costs: "{0 connection}, {1 request}", error: "The client says", ms: "{0} ms", s: "{0} s",
  },
  zh: {
    ready: "就绪", measuring: "正在测量", lost: "实验室没有应答", running: "{1} 格中已测 {0} 格", done: "测完 {0} 格",
    behind: "{0}，放在 {1} 后面", kind: "这种代理{0}。", result: "结果", connects: "服务器认为客户端已连接", yes: "是", no: "否",
    down: "服务器发来的消息", up: "客户端发出的消息", atOnce: "即时：{0}", late: "晚到：{0}", never: "始终没有到", batch: "成批到达：又发了 {0} 条、填满缓冲区之后，用了 {1}",
    silence: "静默之后", held: "连接还在", back: "被代理切断，客户端重连成功", dead: "再也收不到消息",
    foreign: "其他源的页面", accepted: "被接受：服务器看不到 Origin", refused: "被拒绝",
    cost: "开销", costs: "{0} 个连接，{1} 个请求", error: "客户端报告", ms: "{0} 毫秒", s: "{0} 秒",
  },
};
