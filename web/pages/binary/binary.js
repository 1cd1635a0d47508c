// Bytes both ways: pixels to the server and back, and a checksum as an answer.

import { $, element, onLang, t } from "/lab/shared/lab.js";
import { openDemo } from "/lab/shared/socketio.js";

const texts = {
  en: {
    pictures: "A picture, there and back", mine: "What you send", theirs: "What comes back, to everyone", paint: "Paint another", file: "or a file of yours:",
    sendPicture: "Send the bytes", checksum: "Ask for the checksum", huge: "Send 2 MB", over: "Over", polling: "long-polling",
    came: "{0} × {1} pixels, {2} bytes", sum: "SHA-256: {0}", equal: "the browser says the same", differs: "the browser says {0}", unchecked: "the browser may only check it on https or on this machine",
    cutOff: "2,000,000 bytes: the server ends the connection, and the page comes back on a new one.", sizes: "The same picture, three ways to write it",
    asBinary: "as bytes: {0} of JSON with a placeholder, then", asBase64: "as base64 inside the JSON", asNumbers: "as an array of numbers", unit: "{0} bytes",
    see1: "One event, two messages: first the JSON, `451-[…]`, where the bytes are replaced by `{\"_placeholder\":true,\"num\":0}`; then the bytes as they are. `5` is a binary event, `1-` says how many messages follow.",
    see2: "The answer to “checksum” is binary, too: `461-`, a binary acknowledgement, and then 32 bytes.",
    see3: "On the server a `[]byte` in any place takes the bytes, and any `[]byte` that is sent leaves as bytes. In the browser it is an `ArrayBuffer`, a typed array or a `Blob` on the way out, and an `ArrayBuffer` on the way in.",
    try1: "Open a second window, and send: the picture arrives in both. The server inverts it once.",
    try2: "Choose long-polling and send again. The packets are the same, but a request body of text cannot hold bytes: on that wire they travel as base64, a third more.",
    try3: "Send 2 MB. The server takes 1,000,000 bytes at most, as the official one does by default.",
    trap1: "Too large a message does not give an error: the connection ends. Cut files into pieces and ask for an acknowledgement of each, or use HTTP, which is made for files.",
    trap2: "`JSON.stringify(new Uint8Array(…))` is an object with a key for each byte. Do not stringify what you emit: hand over the object, and the library finds the bytes.",
    trap3: "What arrives is an `ArrayBuffer`, whatever was sent. `new Uint8Array(buffer)` to look inside.",
  },
  zh: {
    pictures: "一张图片的来回", mine: "你发出的", theirs: "发回给所有人的", paint: "换一张画", file: "或者选一个文件：",
    sendPicture: "发送字节", checksum: "求校验和", huge: "发送 2 MB", over: "传输方式", polling: "长轮询",
    came: "{0} × {1} 像素，{2} 字节", sum: "SHA-256：{0}", equal: "浏览器算出来也一样", differs: "浏览器算出来是 {0}", unchecked: "浏览器只在 https 或本机上才允许验算",
    cutOff: "2,000,000 字节：服务器断开了连接，页面换一条新连接回来。", sizes: "同一张图片，三种写法",
    asBinary: "二进制：带占位符的 JSON {0} 字节，加上字节本身", asBase64: "base64 写进 JSON", asNumbers: "写成数字数组", unit: "{0} 字节",
    see1: "一个事件，两条消息：先是 JSON `451-[…]`，字节的位置换成 `{\"_placeholder\":true,\"num\":0}`；然后是原样的字节。`5` 表示二进制事件，`1-` 说明后面跟着几条。",
    see2: "“求校验和”的答复也是二进制：`461-`，即二进制回执，然后是 32 个字节。",
    see3: "在服务器上，任何位置的 `[]byte` 都能接收字节，发出的任何 `[]byte` 也以字节形式离开。浏览器里，发出的可以是 `ArrayBuffer`、类型化数组或 `Blob`，收到的是 `ArrayBuffer`。",
    try1: "再开一个窗口，然后发送：两边都收到图片，而服务器只反色一次。",
    try2: "改用长轮询再发一次。数据包没有变，但文本的请求体装不下字节，在那条线路上要用 base64，多出三分之一。",
    try3: "发送 2 MB。服务器最多收 1,000,000 字节，和官方服务器的默认值一样。",
    trap1: "消息太大不会报错，而是直接断开连接。大文件要切成小块，每块要一个回执；或者就用 HTTP，它本来就是干这个的。",
    trap2: "`JSON.stringify(new Uint8Array(…))` 得到的是一个对象，每个字节一个键。不要自己序列化，把对象原样交给 emit，库会找出里面的字节。",
    trap3: "不管发出时是什么，收到的都是 `ArrayBuffer`。要看内容，用 `new Uint8Array(buffer)`。",
  },
};

const side = 128;
const connection = await openDemo(texts, { transports: ["websocket"] });
const socket = connection.socket();
const canvas = $("mine").getContext("2d", { willReadFrequently: true });

/** What the page would send: {width, height, pixels}. */
function picture() {
  const { data, width, height } = canvas.getImageData(0, 0, side, side);
  return { width, height, pixels: new Uint8Array(data.buffer) };
}

function paint() {
  const hue = Math.floor(Math.random() * 360);
  canvas.fillStyle = `hsl(${hue} 70% 85%)`;
  canvas.fillRect(0, 0, side, side);
  for (let i = 0; i < 9; i++) {
    canvas.fillStyle = `hsl(${hue + i * 25} 75% ${35 + i * 5}%)`;
    canvas.beginPath();
    canvas.arc(Math.random() * side, Math.random() * side, 6 + Math.random() * 22, 0, 7);
    canvas.fill();
  }
  show();
}

async function load(file) {
  const image = await createImageBitmap(file);
  const scale = Math.max(side / image.width, side / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  canvas.drawImage(image, (side - width) / 2, (side - height) / 2, width, height);
  image.close();
  show();
}

let came;
socket.on("picture", ({ width, height, pixels }) => {
  $("theirs").width = width;
  $("theirs").height = height;
  $("theirs").getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels), width, height), 0, 0);
  came = [width, height, pixels.byteLength.toLocaleString("en")];
  show();
});

const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");

function askChecksum() {
  const { pixels } = picture();
  socket.emit("checksum", pixels, async (answer) => {
    const theirs = hex(answer);
    const ours = crypto.subtle && hex(await crypto.subtle.digest("SHA-256", pixels));
    const verdict = !ours ? t("unchecked") : ours === theirs ? t("equal") : t("differs", ours);
    $("note").replaceChildren(element("span", `${t("sum", theirs)} (${verdict})`));
  });
}

function showSizes() {
  const { pixels, ...rest } = picture();
  const size = (pixels) => new TextEncoder().encode(`42${JSON.stringify(["picture", { ...rest, pixels }])}`).length;
  const header = size({ _placeholder: true, num: 0 }) + "1-".length;
  const base64 = "A".repeat(4 * Math.ceil(pixels.length / 3));
  const rows = [["asBinary", header + pixels.length], ["asBase64", size(base64)], ["asNumbers", size([...pixels])]];
  const most = Math.max(...rows.map(([, n]) => n));
  $("sizes").replaceChildren(...rows.map(([key, n]) => {
    const row = element("tr");
    const meter = element("meter");
    Object.assign(meter, { max: most, value: n });
    meter.setAttribute("aria-hidden", "true");
    const cell = element("td");
    cell.append(element("span", t(key, header)), meter);
    row.append(cell, element("td", t("unit", n.toLocaleString("en"))));
    return row;
  }));
}

function show() {
  showSizes();
  $("came").textContent = came ? t("came", ...came) : "";
}

$("paint").addEventListener("click", paint);
$("file").addEventListener("change", async () => {
  if ($("file").files[0]) await load($("file").files[0]).catch((error) => { $("note").textContent = error.message; });
});
$("send").addEventListener("click", () => socket.emit("picture", picture()));
$("checksum").addEventListener("click", askChecksum);
$("huge").addEventListener("click", () => {
  socket.once("disconnect", () => { $("note").textContent = t("cutOff"); });
  socket.emit("checksum", new Uint8Array(2_000_000), () => {});
});
for (const choice of document.querySelectorAll("[name=over]")) {
  choice.addEventListener("change", () => {
    connection.disconnect();
    connection.manager.opts.transports = [choice.value];
    connection.connect();
  });
}

onLang(show);
paint();
connection.connect();
$("send").focus();
