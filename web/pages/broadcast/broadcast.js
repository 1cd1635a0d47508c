// The chat of the lecture: one event, three audiences.

import { catalogue } from "/lab/shared/catalogue.js";
import { $, element } from "/lab/shared/lab.js";
import { isPeer } from "/lab/shared/peer.js";
import { openSocketStage } from "/lab/shared/socket-stage.js";
import { followPeople, myName } from "/lab/shared/socketio.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const stage = await openSocketStage();
const socket = stage.connection.socket();

// #region client
// Three events. The server decides who receives the message.
const emits = {
  all: (message) => socket.emit("chat message", message),
  others: (message) => socket.emit("chat message others", message),
  self: (message) => socket.emit("chat message self", message),
};

// A message arrives as this event, from all three.
socket.on("chat message", (message) => {
  stage.outbox.arrived(message, $("name").value);
});
// #endregion

const newID = () => Math.random().toString(36).slice(2, 8);

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text) return;
  const whom = document.querySelector("[name=whom]:checked").value;
  const message = { id: newID(), from: $("name").value, text };
  stage.sent(message, whom !== "others", socket);
  emits[whom](message);
  $("text").value = "";
});

/** Writes and sends a message as the reader would. */
function send(text, whom = "all") {
  document.querySelector(`[name=whom][value=${whom}]`).checked = true;
  $("text").value = text;
  $("composer").requestSubmit();
}

const people = followPeople(socket, showPeople);
function showPeople() {
  const all = people();
  $("count").textContent = t("count", all.length);
  $("people").replaceChildren(...all.map((p) => element("li", p.name, p.id === socket.id ? "me" : "")));
}

socket.on("connect", () => socket.emit("name", $("name").value));
$("name").addEventListener("change", () => {
  if (!isPeer) localStorage.setItem("name", $("name").value);
  if (socket.connected) socket.emit("name", $("name").value);
});

$("name").value = isPeer ? t("peerName") : myName();
showPeople();
stage.begin(socket, {
  all: () => send(t("hello")),
  others: () => send(t("notMe"), "others"),
  self: () => send(t("onlyMe"), "self"),
  markup: () => send("<b>hi</b>"),
  other: ({ other }) => other(t("fromOther")),
  disconnect: () => socket.disconnect(),
  connect: () => stage.connection.connect(),
}, send);
