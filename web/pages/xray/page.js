// The x-ray in front of a server of the reader's own: nothing but the panel, and where to send the client.

import { $, start } from "/lab/shared/lab.js";

const info = await start({
  en: {
    use: "Let your client connect to", instead: "in place of",
    raw: "The bytes pass unchanged, the Host header too. A server that answers only to its own name must be given it by the client.",
  },
  zh: {
    use: "让客户端连接", instead: "，而不是",
    raw: "字节原样通过，Host 头也不改写。若服务器只认自己的域名，请让客户端自行带上。",
  },
});
$("proxy").textContent = info.proxy;
$("target").textContent = info.target;
