// Texts of the menu of what stands before the demo, in both languages.

export const texts = {
  en: {
    proxy: "Proxy: {0}", net: "Network: {0}", kinds: "The proxy before this demo", network: "Network", duration: "Duration of {0}", apply: "Apply for everyone",
    locked: "Only the person who started the lab can change this. The terminal prints that page's address, with the key.",
  },
  zh: {
    proxy: "代理：{0}", net: "网络：{0}", kinds: "这个演示前面的代理", network: "网络", duration: "{0} 的时长", apply: "对所有人生效",
    locked: "只有启动实验室的人能更改：终端里会显示带密钥的网址。",
  },
};
