// send() and "message" with the library, and the same conversation by hand over a WebSocket.
//
// The WebSocket by hand is the other client. Its facts are "open", "closed", and for each packet its first digits,
// such as "→ 40" and "← 42", or the whole text if it begins with a letter, as "→ hi".

import { append } from "/lab/shared/chat.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { parts } from "/lab/shared/packets.js";
import { openSocketStage } from "/lab/shared/socket-stage.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const lights = { "→ message": { client: "socket.send(", server: 's.On("message"', wire: '["message"' }, "→ 42": { server: 's.On("message"' } };
const stage = await openSocketStage({}, lights);
const socket = stage.connection.socket();
const client = stage.otherID;

// #region client
// With the library: send is emit of the event "message".
const send = (value) => socket.send(value);

socket.on("message", (value) => show(value));

// By hand: a WebSocket without the library. You write the packets.
function openByHand() {
  const address = `${location.origin.replace("http", "ws")}/socket.io/`;
  const ws = new WebSocket(`${address}?EIO=4&transport=websocket&client=${client}`);
  ws.onmessage = ({ data }) => showPacket("←", data);
  return ws;
}
// #endregion

const example = '42["message","hi"]';

function line(list, way, ...content) {
  const item = element("li", `${way} `, way === "→" ? "mine" : "");
  item.append(...content);
  append($(list), item);
  return item;
}

function show(value) { line("messages", "←", element("code", JSON.stringify(value))); }
function showPacket(way, data) {
  line("raw", way, ...parts(data));
  if (data.startsWith("40")) joined = true;
  stage.otherFact(`${way} ${/^\d+/.exec(data)?.[0] ?? data}`);
}

/** Sends with the library, as the reader would. */
function sendHi(value) {
  const buffered = !socket.connected;
  const item = line("messages", "→", element("code", JSON.stringify(value)));
  if (buffered) item.append(element("small", t("buffered")));
  item.classList.toggle("wait", buffered);
  send(value);
}
socket.on("connect", () => {
  for (const item of document.querySelectorAll("#messages .wait")) { item.classList.remove("wait"); item.lastChild.remove(); }
});
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendHi($("text").value);
});

let ws; // by hand
let joined = false; // the server has answered 40, or will
let code; // of the last close

/** Opens a WebSocket by hand, in place of one that is open. Resolves when it is open. */
async function open() {
  ws?.close();
  const opening = ws = openByHand();
  joined = false;
  showState();
  opening.addEventListener("close", (event) => {
    if (opening !== ws) return;
    code = event.code;
    showState();
    stage.otherFact("closed");
  });
  await new Promise((resolve) => opening.addEventListener("open", resolve));
  showState();
  stage.otherFact("open");
}

/** Sends by hand. It opens the WebSocket first if it is closed, and joins the namespace if the packet needs that. */
async function write(packet, needsJoining) {
  if (ws?.readyState !== WebSocket.OPEN) await open();
  if (needsJoining && !joined) write("40");
  showPacket("→", packet);
  ws.send(packet);
}

function showState() {
  const state = ["connecting", "on", "closing", "off"][ws?.readyState ?? 3];
  $("rawState").textContent = state === "off" && code !== undefined ? t("closed", code) : t(state);
  $("rawOpen").disabled = state !== "off";
  $("rawClose").disabled = state !== "on";
  for (const control of document.querySelectorAll("#rawComposer .main, #phrases button")) control.disabled = state !== "on";
}

$("rawOpen").addEventListener("click", open);
$("rawClose").addEventListener("click", () => ws.close());
$("rawComposer").addEventListener("submit", (event) => {
  event.preventDefault();
  if (ws?.readyState === WebSocket.OPEN) write($("rawText").value);
  $("rawText").value = "";
});
for (const button of document.querySelectorAll("#phrases button")) button.addEventListener("click", () => write(button.value));

showState();
stage.begin(socket, {
  send: () => sendHi("hi"),
  open,
  join: () => write("40"),
  event: () => write(example, true),
  plain: () => write("hi", true),
  early: async () => { await open(); write(example); },
});
