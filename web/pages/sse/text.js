// Texts of the page sse, in both languages.

export const texts = {
  en: {
    opened: "The event stream is open.", broke: "The stream broke. The browser reconnects by itself and will send Last-Event-ID: {0}.",
    refused: "The server refused the request. The browser gives up for good.",
  },
  zh: {
    opened: "事件流已打开。", broke: "流断了。浏览器会自己重连，并带上 Last-Event-ID: {0}。",
    refused: "服务器拒绝了，浏览器从此放弃。",
  },
};
