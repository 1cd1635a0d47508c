// One lane of the comparison: a transport's smallest client, on a page of its own origin. It passes
// each message to the page that frames this one.

import { Backoff } from "/lab/shared/backoff.js";

const settings = new URLSearchParams(location.hash.slice(1));
let cursor = Number(settings.get("after"));
let interval = Number(settings.get("interval"));
let asleep = new AbortController();

const now = () => performance.timeOrigin + performance.now();
const tell = (message) => parent.postMessage(message, "*");

/** Tells whether the client is connected; after a failure, how long it waits in ms, if it says so. */
const is = (on, wait) => tell({ on, wait, at: now() });

let arrived = []; // [number, said, arrived], told together: a task for each message would cost the page its frames

/** Takes a message's text: its number, when it was said, and filling. */
function arrive(text) {
  const [number, said] = text.split("|");
  if (arrived.push([Number(number), Number(said), now()]) > 1) return;
  setTimeout(() => {
    tell({ arrived });
    arrived = [];
  }, 12);
}

/** Takes a message of the feed, which has an id to ask after. */
function receive(message) {
  cursor = message.id;
  arrive(message.text);
}

const pause = (ms, signal) => new Promise((done) => {
  const timer = setTimeout(done, ms);
  signal?.addEventListener("abort", () => { clearTimeout(timer); done(); });
});

const backoff = new Backoff({ first: 500, most: 5000 });

/** Tells that the server has answered. */
function connected() {
  backoff.reset();
  is(true);
}

/** Does one thing over and over, with backoff after a failure. */
async function forever(once) {
  for (;;) {
    try {
      await once();
    } catch {
      const wait = backoff.next();
      is(false, wait);
      await pause(wait);
    }
  }
}

async function poll(query) {
  const response = await fetch(`/messages?after=${cursor}${query}`, { cache: "no-store" });
  if (!response.ok) throw new Error(response.status);
  const messages = await response.json();
  connected();
  messages.forEach(receive);
}

async function stream() {
  const response = await fetch(`/stream?after=${cursor}`, { cache: "no-store" });
  if (!response.ok) throw new Error(response.status);
  connected();
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (let rest = ""; ;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("it ended");
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) receive(JSON.parse(line));
  }
}

function converse() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws?after=${cursor}`);
  socket.addEventListener("open", connected);
  socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
  return new Promise((_, lost) => socket.addEventListener("close", lost));
}

async function socketio(transport) {
  const { io } = await import("/socket.io/socket.io.esm.min.js");
  const socket = io({ transports: [transport], upgrade: false });
  socket.on("connect", () => is(true));
  socket.on("disconnect", () => is(false));
  socket.on("chat message", receive);
}

// #region clients
const clients = {
  "short-polling": () => forever(async () => {
    await poll("");
    asleep = new AbortController();
    await pause(interval, asleep.signal);
  }),
  "long-polling": () => forever(() => poll("&wait=25s")),
  hanging: () => forever(stream),
  sse: () => {
    const source = new EventSource(`/events?after=${cursor}`);
    source.addEventListener("open", () => is(true));
    source.addEventListener("error", () => is(false));
    source.addEventListener("message", ({ data }) => receive(JSON.parse(data)));
  },
  websocket: () => forever(converse),
  "socketio-polling": () => socketio("polling"),
  "socketio-websocket": () => socketio("websocket"),
};
// #endregion

addEventListener("message", ({ source, data }) => {
  if (source !== parent || !data.interval) return;
  interval = data.interval;
  asleep.abort();
});

clients[settings.get("transport")]();
