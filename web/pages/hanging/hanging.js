// The hanging connection: one response that stays open, read with fetch as it grows.

import { catalogue } from "/lab/shared/catalogue.js";
import { exchanges } from "/lab/shared/exchanges.js";
import { $ } from "/lab/shared/lab.js";
import { Requests, cutter, named } from "/lab/shared/room-http.js";
import { openRoomStage } from "/lab/shared/room-stage.js";
import { sevenStreams } from "/lab/shared/seven.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const room = await openRoomStage(exchanges, {
  "asked": { client: "await fetch(`", server: "Feed.Subscribe", wire: "GET /stream" },
  "online": { client: "getReader", server: "s.send(s.hello)" },
  "→ message": { client: `method: "POST"`, wire: "POST /messages" },
  "← ": { client: "show(message)", server: "s.send(s.encode", wire: `{"id":` },
  "cut": { client: "retry(", server: "context.Cause" },
});
const { show, retry } = room;
const { fetch } = new Requests(room, { opened: () => t("opened") });

// #region client
let cursor = "0"; // id and time of the last message

async function read(signal) {
  const response = await fetch(`/stream?after=${cursor}`, { signal });
  if (!response.ok) throw new Error(await response.text());
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error("the body ended");
    const lines = (rest + value).split("\n");
    rest = lines.pop(); // a piece may end anywhere
    for (const line of lines.filter(Boolean)) {
      const message = JSON.parse(line);
      cursor = `${message.id}@${message.at}`;
      show(message);
    }
  }
}

async function receive(signal) { // fetch does not reconnect
  while (!signal.aborted) {
    await read(signal).catch((error) => retry(error, signal)); // with backoff
  }
}

const publish = (from, text) => fetch("/messages", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ from, text }),
});
// #endregion

const cut = cutter(room);
const seven = sevenStreams(() => {
  const gone = new AbortController();
  return {
    opened: window.fetch(named(`/stream?after=${cursor}`, `${room.client}-more`), { signal: gone.signal, cache: "no-store" }),
    close: () => gone.abort(),
  };
}, (fact) => room.fact(fact));
$("cut").addEventListener("click", cut);
room.begin({ open: receive, publish, failed: (error) => t("ended", error.message, room.cursor), acts: { cut, seven: seven.open, close: seven.close } });
