// Texts of the page xray, in both languages.

export const texts = {
  en: {
    file: "This is the traffic in the file", use: "Connect your client to", instead: "instead of",
    raw: "The bytes pass unchanged, including the Host header. If your server answers only to its own host name, have the client send that name as Host.",
  },
  zh: {
    file: "这是文件里的流量：", use: "让客户端连接", instead: "，而不是",
    raw: "字节原样通过，包括 Host 头。如果服务器只接受自己的主机名，请让客户端在 Host 头中发送它。",
  },
};
