// Server-sent events: the response that stays open, in a format that browsers read and resume by themselves.

import { catalogue } from "/lab/shared/catalogue.js";
import { exchanges } from "/lab/shared/exchanges.js";
import { $ } from "/lab/shared/lab.js";
import { Requests, cutter, eventSource, named } from "/lab/shared/room-http.js";
import { openRoomStage } from "/lab/shared/room-stage.js";
import { sevenStreams } from "/lab/shared/seven.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const room = await openRoomStage(exchanges, {
  "online": { client: "new EventSource", server: "startStream(w", wire: "GET /events" },
  "→ message": { client: `method: "POST"`, wire: "POST /messages" },
  "← ": { client: "show(message)", server: `append(append(dst, "`, wire: `{"id":` },
  "cut": { server: "Last-Event-ID" },
});
const { show } = room;
const { fetch } = new Requests(room);
const EventSource = eventSource(room, {
  opened: () => t("opened"),
  broke: (closed) => closed ? t("refused") : t("broke", room.cursor),
});

// #region client
let cursor = "0"; // id and time of the last message

function receive(signal) {
  const source = new EventSource(`/events?after=${cursor}`);
  source.onmessage = (event) => {
    const message = JSON.parse(event.data);
    cursor = event.lastEventId;
    show(message);
  };
  signal.addEventListener("abort", () => source.close());
} // nothing here reconnects: the browser does

const publish = (from, text) => fetch("/messages", {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ from, text }),
});
// #endregion

/** Opens a stream that the server refuses: its cursor is none. */
function refuse() {
  const source = new window.EventSource(named("/events?after=x", `${room.client}-more`));
  source.addEventListener("error", () => {
    room.happened(t(source.readyState === source.CLOSED ? "refused" : "broke", room.cursor), "bad");
    if (source.readyState === source.CLOSED) room.fact("refused");
    source.close();
  });
}

const cut = cutter(room);
const seven = sevenStreams(() => {
  const source = new window.EventSource(named(`/events?after=${cursor}`, `${room.client}-more`));
  return {
    opened: new Promise((opened) => source.addEventListener("open", opened)),
    close: () => source.close(),
  };
}, (fact) => room.fact(fact));
$("cut").addEventListener("click", cut);
room.begin({ open: receive, publish, acts: { cut, refuse, seven: seven.open, close: seven.close } });
