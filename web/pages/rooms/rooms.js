// Rooms: the page asks, the server decides. Facts besides the events: "joined red" and "refused", the answers to join.

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
// A room is the server's. The page asks with an event of its own.
function join(room) {
  socket.emit("join", room, (allowed) => answered(room, allowed));
}
const leave = (room) => socket.emit("leave", room);

// To everyone in these rooms. The sender need not be in one.
const say = (rooms, text) => socket.emit("say", rooms, text);

// A message arrives once, even for a client that is in two of the rooms.
socket.on("said", (rooms, from, text) => {
  show(rooms, from, text);
});
// #endregion

const doors = ["red", "green", "blue"];
const people = followPeople(socket, showRooms);
const inside = (room) => people().filter((person) => person.rooms?.includes(room));
const amIn = (room) => inside(room).some((person) => person.id === socket.id);
const chip = (person) => element("li", person.name, person.id === socket.id ? "me" : "");

for (const room of doors) {
  $(`room-${room}`).querySelector("button").addEventListener("click", () => (amIn(room) ? leave(room) : join(room)));
}

function showRooms() {
  for (const room of doors) {
    const [box, members] = [$(`room-${room}`), inside(room)];
    box.classList.toggle("in", amIn(room));
    box.querySelector("ul").replaceChildren(...members.map(chip));
    box.querySelector("button").textContent = t(amIn(room) ? "leave" : "join");
    box.querySelector("button").disabled = !socket.connected;
  }
  const rooms = [...doors.map((room) => [room, inside(room)]), ...people().map((person) => [person.id, [person]])];
  $("rooms").replaceChildren(...rooms.map(([room, members]) => {
    const [row, head, cell] = [element("tr"), element("th"), element("td")];
    head.scope = "row";
    head.append(element("code", room, doors.includes(room) ? `tag ${room}` : ""));
    cell.append(element("ul", "", "members"));
    cell.firstChild.append(...members.map(chip));
    row.append(head, cell);
    return row;
  }));
}

function answered(room, allowed) {
  $("note").textContent = t(allowed ? "joined" : "refused", room);
  stage.fact(allowed ? `joined ${room}` : "refused");
}

const mine = []; // messages that come back: {id, rooms, text}
function show(rooms, from, text) {
  const at = from?.id === socket.id ? mine.findIndex((m) => m.text === text && m.rooms.join() === rooms.join()) : -1;
  const id = at < 0 ? undefined : mine.splice(at, 1)[0].id;
  stage.outbox.arrived({ id, rooms, from: from?.name ?? "?", text }, $("name").value);
}

let sent = 0;
$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("text").value;
  if (!text) return;
  const message = { id: ++sent, rooms: $("whom").value.split(" "), from: $("name").value, text };
  const comesBack = message.rooms.some(amIn);
  if (comesBack) mine.push(message);
  stage.sent(message, comesBack, socket);
  say(message.rooms, text);
  $("text").value = "";
});

/** Writes and sends a message as the reader would. */
function send(text, rooms = "red") {
  $("whom").value = rooms;
  $("text").value = text;
  $("composer").requestSubmit();
}

const sayName = () => { if (socket.connected) socket.emit("name", $("name").value); };
$("other").addEventListener("submit", (event) => { event.preventDefault(); join($("door").value); });
$("gather").addEventListener("click", () => socket.emit("gather"));
socket.on("connect", sayName);
$("name").addEventListener("change", () => {
  if (!isPeer) localStorage.setItem("name", $("name").value);
  sayName();
});

$("name").value = isPeer ? t("peerName") : myName();
showRooms();
stage.begin(socket, {
  join: () => join("red"),
  joinGreen: () => join("green"),
  say: () => send(t("hello")),
  sayAll: () => send(t("toAll"), "red green blue"),
  other: ({ other }) => other(t("outside")),
  gather: () => socket.emit("gather"),
  joinOther: () => join(people().find(({ id }) => id !== socket.id).id),
  cut: () => stage.connection.cut(),
}, send);
