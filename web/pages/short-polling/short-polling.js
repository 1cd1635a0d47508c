// Short polling: ask, get an answer at once, wait, ask again.

import { catalogue } from "/lab/shared/catalogue.js";
import { exchanges } from "/lab/shared/exchanges.js";
import { $ } from "/lab/shared/lab.js";
import { Requests } from "/lab/shared/room-http.js";
import { openRoomStage } from "/lab/shared/room-stage.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const room = await openRoomStage(exchanges, {
  "asked": { client: "await fetch(`", server: "s.Feed.Since", wire: "GET /messages" },
  "→ message": { client: `method: "POST"`, wire: "POST /messages" },
  "← ": { client: "show(message)", server: "answer(w, r, s.", wire: `{"id":` },
  "not modified": { client: "304", server: "ServeContent" },
  "cut": { client: "retry(" },
});
const { show, retry, pause } = room;
const requests = new Requests(room);
const { fetch } = requests;

const intervals = [100, 250, 500, 1000, 2000, 5000, 10000];
const interval = () => intervals[$("interval").value];

// #region client
let cursor = "0"; // id and time of the last message
let etag = "";    // of the last answer

async function poll(signal) {
  const headers = $("conditional").checked && etag ? { "If-None-Match": etag } : {};
  const response = await fetch(`/messages?after=${cursor}`, { signal, headers, cache: "no-store" });
  if (response.status === 304) return; // nothing new, and no body
  if (!response.ok) throw new Error(await response.text());
  etag = response.headers.get("ETag");
  for (const message of await response.json()) { // often []
    cursor = `${message.id}@${message.at}`;
    show(message);
  }
}

async function receive(signal) {
  while (!signal.aborted) {
    await poll(signal).catch((error) => retry(error, signal)); // with backoff
    await pause(interval(), signal); // after the answer: requests never overlap
  }
}

const publish = (from, text) => fetch("/messages", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ from, text }),
});
// #endregion

const lose = () => requests.lose(t("lost", room.cursor));
const label = (ms) => ms < 1000 ? t("milliseconds", ms) : t("seconds", ms / 1000);

function showInterval() {
  $("intervalLabel").textContent = t("interval", label(interval()));
  $("interval").setAttribute("aria-valuetext", label(interval()));
}

/** Polls every so many milliseconds, from now on. */
function pollEvery(ms) {
  $("interval").value = intervals.indexOf(ms);
  showInterval();
  room.wake();
  room.fact(`interval ${ms}`);
}

function setConditional(on) {
  $("conditional").checked = on;
  room.fact(on ? "conditional" : "unconditional");
}

$("lose").addEventListener("click", lose);
$("conditional").addEventListener("change", () => setConditional($("conditional").checked));
$("interval").addEventListener("input", () => pollEvery(interval()));
showInterval();
room.begin({ open: receive, publish, acts: {
  lose, watch: () => room.fact("watching"), fast: () => pollEvery(100), normal: () => pollEvery(1000),
  conditional: () => setConditional(true), unconditional: () => setConditional(false),
} });
