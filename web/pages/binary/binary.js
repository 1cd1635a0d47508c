// Bytes both ways: pixels to the server and back, and a checksum as an acknowledgement.
//
// The facts of this page, besides the facts of Socket.IO: "acknowledged", and "polling" when it is connected over long polling.

import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { openSocketStage } from "/lab/shared/socket-stage.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

const stage = await openSocketStage({ transports: ["websocket"] });
const { connection } = stage;
const socket = connection.socket();
const side = 128;
const canvas = $("mine").getContext("2d", { willReadFrequently: true });

// #region client
/** What the page sends: {width, height, pixels}, four bytes a pixel. */
function picture() {
  const { data, width, height } = canvas.getImageData(0, 0, side, side);
  return { width, height, pixels: new Uint8Array(data.buffer) };
}

const send = () => socket.emit("picture", picture());

socket.on("picture", ({ width, height, pixels }) => { // pixels is an ArrayBuffer
  show(new ImageData(new Uint8ClampedArray(pixels), width, height));
});

const checksum = () => socket.emit("checksum", picture().pixels, (sum) => {
  compare(new Uint8Array(sum));
});
// #endregion

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
  showSizes();
}

async function load(file) {
  const image = await createImageBitmap(file);
  const scale = Math.max(side / image.width, side / image.height);
  const [width, height] = [image.width * scale, image.height * scale];
  canvas.drawImage(image, (side - width) / 2, (side - height) / 2, width, height);
  image.close();
  showSizes();
}

function show(image) {
  Object.assign($("theirs"), { width: image.width, height: image.height });
  $("theirs").getContext("2d").putImageData(image, 0, 0);
  $("came").textContent = t("came", image.width, image.height, image.data.length.toLocaleString("en"));
}

const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

async function compare(sum) {
  stage.stage.fact("acknowledged");
  const ours = crypto.subtle && hex(new Uint8Array(await crypto.subtle.digest("SHA-256", picture().pixels)));
  const theirs = hex(sum);
  $("note").textContent = `${t("sum", `${theirs.slice(0, 16)}…`)} (${!ours ? t("unchecked") : ours === theirs ? t("equal") : t("differs", ours)})`;
}

function showSizes() {
  const { pixels, ...rest } = picture();
  const size = (pixels) => new TextEncoder().encode(`42${JSON.stringify(["picture", { ...rest, pixels }])}`).length;
  const header = size({ _placeholder: true, num: 0 }) + "1-".length;
  const base64 = "A".repeat(4 * Math.ceil(pixels.length / 3));
  const rows = [["asBinary", header + pixels.length], ["asBase64", size(base64)], ["asNumbers", size([...pixels])]];
  const most = Math.max(...rows.map(([, n]) => n));
  $("sizes").replaceChildren(...rows.map(([key, n]) => {
    const [row, cell, meter] = [element("tr"), element("td"), element("meter")];
    Object.assign(meter, { max: most, value: n });
    meter.setAttribute("aria-hidden", "true");
    cell.append(element("span", t(key, header)), meter);
    row.append(cell, element("td", t("unit", n.toLocaleString("en"))));
    return row;
  }));
}

function huge() {
  socket.once("disconnect", () => { $("note").textContent = t("cutOff"); });
  socket.emit("checksum", new Uint8Array(2_000_000), () => {});
}

function over(transport) {
  document.querySelector(`[name=over][value=${transport}]`).checked = true;
  connection.disconnect();
  connection.manager.opts.transports = [transport];
  connection.connect();
}

socket.on("connect", () => { if (connection.manager.engine.transport.name === "polling") stage.stage.fact("polling"); });
$("paint").addEventListener("click", paint);
$("file").addEventListener("change", async () => {
  if ($("file").files[0]) await load($("file").files[0]).catch((error) => { $("note").textContent = error.message; });
});
for (const choice of document.querySelectorAll("[name=over]")) choice.addEventListener("change", () => over(choice.value));
const acts = { send, checksum, huge, polling: () => over("polling") };
for (const id of ["send", "checksum", "huge"]) $(id).addEventListener("click", acts[id]);
paint();
stage.begin(socket, acts, send);
