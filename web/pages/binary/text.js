// Texts of the page binary, in both languages.

export const texts = {
  en: {
    came: "{0} × {1}: {2 byte}",
    sum: "SHA-256: {0}",
    equal: "the browser says the same",
    differs: "the browser says {0}",
    unchecked: "the browser may only check it on https or on this machine",
    cutOff: "2,000,000 bytes: the server ends the connection.",
    asBinary: "as bytes: {0} of JSON with a placeholder, then",
    asBase64: "as base64 inside the JSON",
    asNumbers: "as an array of numbers",
    unit: "{0 byte}",
  },
  zh: {
    came: "{0} × {1}：{2} 字节",
    sum: "SHA-256：{0}",
    equal: "浏览器算出来也一样",
    differs: "浏览器算出来是 {0}",
    unchecked: "浏览器只在 https 或本机上才允许验算",
    cutOff: "2,000,000 字节：服务器断开了连接。",
    asBinary: "二进制：带占位符的 JSON {0} 字节，加上字节本身",
    asBase64: "base64 写进 JSON",
    asNumbers: "写成数字数组",
    unit: "{0} 字节",
  },
};
