// Long polling: one request after another, each held by the server until there is news.

import { catalogue } from "/lab/shared/catalogue.js";
import { exchanges } from "/lab/shared/exchanges.js";
import { $ } from "/lab/shared/lab.js";
import { Requests } from "/lab/shared/room-http.js";
import { openRoomStage } from "/lab/shared/room-stage.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const room = await openRoomStage(exchanges, {
  "asked": { client: "await fetch(`", server: "l.hold(ctx", wire: "GET /messages" },
  "→ message": { client: `method: "POST"`, wire: "POST /messages" },
  "← ": { client: "show(message)", server: "WriteTimeout, entries)", wire: `{"id":` },
  "answered empty": { client: "response.json", server: "after a timeout" },
  "cut": { client: "retry(", server: "the client is gone" },
});
const { show, retry } = room;
const requests = new Requests(room, { holds: true });
const { fetch } = requests;
const wait = $("wait");

// #region client
let cursor = "0"; // id and time of the last message

async function poll(signal) {
  const response = await fetch(`/messages?after=${cursor}&wait=${wait.value}s`, { signal });
  if (!response.ok) throw new Error(await response.text());
  for (const message of await response.json()) { // [] after the wait
    cursor = `${message.id}@${message.at}`;
    show(message);
  }
}

async function receive(signal) {
  while (!signal.aborted) {
    await poll(signal).catch((error) => retry(error, signal)); // with backoff
  }
}

const publish = (from, text) => fetch("/messages", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ from, text }),
});
// #endregion

const abort = () => requests.abort(t("aborted", room.cursor));

function showWait() {
  $("waitLabel").textContent = t("wait", wait.value);
  wait.setAttribute("aria-valuetext", t("seconds", wait.value));
}

/** Lets the server hold requests for that many seconds, from now on. */
function setWait(seconds) {
  wait.value = seconds;
  showWait();
  abort();
  room.fact(`wait ${seconds}`);
}

$("abort").addEventListener("click", abort);
wait.addEventListener("input", showWait);
wait.addEventListener("change", () => setWait(wait.value));
showWait();
room.begin({ open: receive, publish, acts: { abort, short: () => setWait(1), long: () => setWait(25) } });
