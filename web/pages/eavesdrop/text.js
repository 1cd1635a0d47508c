// Texts of the page eavesdrop, in both languages.

export const texts = {
  en: {
    running: "running…", ready: "ready",
    echo: "The WebSocket opened, and the message came back: {0}",
    refused: "The WebSocket did not open. Status {0}: {1}",
    failed: "The WebSocket did not open: {0}",
    readable: "The cookie can be read here.", hidden: "The cookie cannot be read here.", mine: "The server reads the cookie, as it should.",
    nothing: "Nothing came this far.", noProxy: "This path has no proxy.", tunnel: "A tunnel copies bytes. It reads what the network reads.",
    size: "{0 byte}", unmasked: "without the mask: {0}",
  },
  zh: {
    running: "正在运行……", ready: "就绪",
    echo: "WebSocket 打开了，消息回来了：{0}",
    refused: "WebSocket 没有打开。状态 {0}：{1}",
    failed: "WebSocket 没有打开：{0}",
    readable: "这里能读到 cookie。", hidden: "这里读不到 cookie。", mine: "服务器读到 cookie，这是应该的。",
    nothing: "什么也没有到达这里。", noProxy: "这条路上没有代理。", tunnel: "隧道只复制字节：网络能读到什么，它就能读到什么。",
    size: "{0} 字节", unmasked: "去掉掩码：{0}",
  },
};
