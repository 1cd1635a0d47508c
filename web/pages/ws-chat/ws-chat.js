// The chat over a WebSocket: one connection, and both sides may send at any time.
//
// The facts of this page, besides the facts of room-stage.js: "refused", an error from the server, and "closed 1003".

import { catalogue } from "/lab/shared/catalogue.js";
import { $ } from "/lab/shared/lab.js";
import { openRoomStage } from "/lab/shared/room-stage.js";
import { frames } from "/lab/shared/trace.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

const room = await openRoomStage(frames, {
  "online": { client: "new WebSocket", server: "s.serve(w, r", wire: "GET /ws" },
  "→ message": { client: "socket.send(", server: "s.Feed.Publish", wire: `{"from":` },
  "← ": { client: "show(message)", server: "c.write(message", wire: `{"id":` },
  "refused": { client: "message.error", server: "c.refuse(", wire: `{"error":` },
  "closed": { client: "onclose", wire: "close" },
});
const { client, retry } = room;

// #region client
let cursor = "0"; // id and time of the last message
let socket;

function receive(signal) {
  if (signal.aborted) return;
  const server = location.origin.replace("http", "ws");
  socket = new WebSocket(`${server}/ws?after=${cursor}&client=${client}`);
  socket.onopen = () => opened();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.error) return refused(message.error);
    cursor = `${message.id}@${message.at}`;
    show(message);
  };
  socket.onclose = async (event) => { // it does not reconnect by itself
    await retry(event, signal);
    receive(signal);
  };
  signal.addEventListener("abort", () => socket.close(1000), { once: true });
}

function publish(from, text) {
  send(JSON.stringify({ from, text }));
}

function send(data) {
  if (socket.readyState !== WebSocket.OPEN) throw new Error(t("noLine"));
  socket.send(data);
}
// #endregion

const explained = ["1000", "1001", "1003", "1005", "1006", "1008", "1009", "1011", "1012", "1013"]; // close codes

function opened() {
  room.count("handshakes");
  room.happened(t("opened"), "good");
  room.works();
}

function show(message) {
  room.count("bytes", new TextEncoder().encode(JSON.stringify(message)).length);
  room.show(message);
}

function refused(reason) {
  room.happened(t("said", reason), "bad");
  room.fact("refused");
}

/** Returns what to say of the end of a connection. */
function failed({ code, reason }) {
  if (reason) room.happened(t("said", reason), "bad");
  room.fact(`closed ${code}`);
  return t("closed", explained.includes(String(code)) ? t(String(code)) : code, room.cursor);
}

/** Sends what the page's form would not. */
function attempt(data) {
  try {
    send(data);
  } catch (error) {
    room.happened(error.message, "bad");
  }
}

let robot; // the robot's socket
function robotSays(from, text) {
  if (!robot || robot.readyState > WebSocket.OPEN) robot = new WebSocket(`${location.origin.replace("http", "ws")}/ws?after=${cursor}&client=robot`);
  if (robot.readyState === WebSocket.OPEN) robot.send(JSON.stringify({ from, text }));
}

const acts = {
  cut: () => fetch(`/cut?client=${client}`, { method: "POST" }),
  bye: () => socket.close(1000),
  badJSON: () => attempt("hello"),
  binary: () => attempt(new Uint8Array([1, 2, 3])),
  huge: () => attempt(JSON.stringify({ from: $("name").value, text: "x".repeat(70000) })),
};
for (const [id, act] of Object.entries(acts)) $(id).addEventListener("click", act);
room.begin({
  open: receive,
  publish(from, text) {
    publish(from, text);
    room.count("up");
  },
  failed,
  robot: robotSays,
  acts,
});
