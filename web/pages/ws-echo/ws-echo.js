// Raw WebSocket: each message comes back, and what its frame looks like.
//
// The facts of this page: "→ text 5", "← binary 6" (of so many bytes), "→ burst", "← burst", "open", "closed 1006".

import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { append, momentItem } from "/lab/shared/chat.js";
import { openStage } from "/lab/shared/stage.js";
import { frames } from "/lab/shared/trace.js";
import { showFrames } from "/lab/page/frame.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

const limit = 65536; // bytes, the server's
const pending = []; // when each message that is not back yet was sent
let burst; // {left, began} while 1,000 messages are on their way

const stage = await openStage(frames, {
  "→": { client: "socket.send(data)", server: "take(m)" },
  "←": { client: "\"message\"", server: "c.out <- m" },
  open: { client: "\"open\"", server: "e.serve(", wire: "GET /ws" },
  closed: { client: "\"close\"", wire: "close" },
});

// #region client
let socket;

function connect() {
  socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/ws?client=${stage.client}`);
  socket.binaryType = "arraybuffer"; // the default is a Blob

  socket.addEventListener("open", () => opened());
  socket.addEventListener("message", ({ data }) => back(data));
  socket.addEventListener("close", ({ code, reason, wasClean }) => closed(code, reason, wasClean));
}

function send(data) { // a string, or bytes
  socket.send(data);
}
// #endregion

const happened = (text, className) => append($("timeline"), momentItem(text, className));
const kindOf = (data) => (typeof data === "string" ? "text" : "binary");
const bytesOf = (data) => (typeof data === "string" ? new TextEncoder().encode(data) : new Uint8Array(data));

function opened() {
  happened(t("opened"), "good");
  stage.fact("open");
  show();
}

function closed(code, reason, wasClean) {
  pending.length = 0;
  burst = undefined;
  happened(t("closed", code, reason && ` “${reason}”`, t(wasClean ? "clean" : "dirty")), wasClean ? "" : "bad");
  stage.fact(`closed ${code}`);
  show();
}

/** Sends a message and shows its frame. */
function say(data) {
  if (socket.readyState !== WebSocket.OPEN) return;
  pending.push(performance.now());
  stage.fact(`→ ${kindOf(data)} ${bytesOf(data).length}`);
  showFrames(kindOf(data), bytesOf(data), bytesOf(data).length <= limit);
  send(data);
}

function back(data) {
  if (burst) return burstBack();
  const ms = performance.now() - pending.shift();
  const size = bytesOf(data).length;
  const item = element("li");
  const text = kindOf(data) === "text" && size <= 100 ? data : t("bytes", size.toLocaleString("en"));
  item.append(element("b", t(kindOf(data))), element("span", text), element("small", t("trip", ms.toFixed(1))));
  append($("messages"), item);
  stage.fact(`← ${kindOf(data)} ${size}`);
}

function sendBurst() {
  burst = { left: 1000, began: performance.now() };
  stage.fact("→ burst");
  for (let i = 0; i < 1000; i++) send(`message ${i}`);
}

function burstBack() {
  if (--burst.left > 0) return;
  const ms = performance.now() - burst.began;
  burst = undefined;
  append($("messages"), element("li", t("bursted", Math.round(ms), Math.round(1e6 / ms).toLocaleString("en"))));
  stage.fact("← burst");
}

function show() {
  const state = ["connecting", "on", "off", "off"][socket.readyState];
  $("status").textContent = t(state);
  $("status").className = `badge ${state === "on" ? "good" : state === "off" ? "bad" : "soft"}`;
  for (const id of ["send", "burst", "cut", "close1000", "close4001"]) $(id).disabled = state !== "on";
  $("connect").disabled = state !== "off";
}

/** Connects, after the end of a connection that is being closed. */
function again() {
  if (socket.readyState < WebSocket.CLOSED) return socket.addEventListener("close", again, { once: true });
  connect();
  show();
}

const chosen = (text) => ($("binary").checked ? new TextEncoder().encode(text) : text);
const acts = {
  hello: () => say("Hello"),
  size: () => say("a".repeat(126)),
  binary: () => say(new TextEncoder().encode("你好")),
  burst: () => sendBurst(),
  huge: () => say("a".repeat(limit + 1)),
  cut: () => fetch(`/cut?client=${stage.client}`, { method: "POST" }),
  close1000: () => socket.close(1000),
  close4001: () => socket.close(4001, "bye"),
  connect: again,
};
for (const id of ["burst", "cut", "close1000", "close4001", "connect"]) $(id).addEventListener("click", acts[id]);
for (const button of document.querySelectorAll(".sizes button")) button.addEventListener("click", () => say(chosen("a".repeat(Number(button.value)))));
const draft = () => chosen($("text").value);
const showDraft = () => showFrames(kindOf(draft()), bytesOf(draft()));
$("text").addEventListener("input", showDraft);
$("binary").addEventListener("change", showDraft);
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say(draft());
});

showDraft();
connect();
show();
stage.begin(acts);
