// Several servers behind a balancer: the server of this page and of the other clients, the path of
// a broadcast, and the lost events.

import { Backoff } from "/lab/shared/backoff.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { client } from "/lab/shared/client.js";
import { $, element, start } from "/lab/shared/lab.js";
import { Picture } from "/lab/page/picture.js";
import { Tally } from "/lab/page/tally.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);

let view; // what the demo said last
let mine = ""; // the server of this page
const tally = new Tally();
const picture = new Picture(t, { down: (name) => change({ down: name }), up: (name) => change({ up: name }) });

/** Asks for a change, which only a page with the key may. */
async function change(what) {
  const answer = await fetch("/lab/cluster", { method: "POST", body: JSON.stringify(what) });
  $("problem").textContent = answer.ok ? "" : await answer.text();
}

let socket;

/** Connects with the chosen transports, as a new client. */
function connect() {
  socket?.disconnect();
  mine = "";
  const opened = socket = openSocket($("transport").value.split(","));
  let connections = 0;
  let away = false; // what was missed comes before "connect"
  opened.on("connect", () => {
    away = false;
    if (++connections > 1) happened(t(opened.recovered ? "back" : "fresh"), opened.recovered ? "good" : "bad");
    showMe();
  });
  opened.on("server", (name) => {
    mine = name;
    happened(t("joined", name), "good");
    show();
  });
  opened.on("message", ({ server, text }) => happened(t("said", server, text), "message"));
  opened.on("tick", (n) => {
    tally.take(n, away);
    showTally($("mine"), tally);
  });
  opened.on("disconnect", (reason, details) => {
    mine = "";
    away = true;
    happened(t("lost", refusal(details) ?? reason), "bad");
    show();
  });
  opened.on("connect_error", (error) => happened(t("refused", refusal(error) ?? error.message), "bad"));
  opened.connect();
}

// #region client
/** Returns a socket, not yet connected. With polling, every request of the session must reach the same server. */
function openSocket(transports) {
  const manager = new io.Manager({ transports, autoConnect: false, reconnectionDelay: 300, reconnectionDelayMax: 1500, query: { client } });
  manager.on("open", () => manager.engine.on("upgrade", showMe));
  return manager.socket("/");
}

/** Returns what a server has answered instead, such as: HTTP 400: Session ID unknown. */
function refusal(error) {
  try {
    return t("refusedBy", error.description, JSON.parse(error.context.responseText).message);
  } catch {
    return undefined; // no answer, or invalid JSON
  }
}
// #endregion

function happened(text, className) {
  const list = $("events");
  if (list.lastElementChild?.dataset.said === text) { // the same again, such as a refusal in a loop
    const times = Number(list.lastElementChild.dataset.times) + 1;
    list.lastElementChild.dataset.times = times;
    list.lastElementChild.textContent = `${text} × ${times}`;
    return;
  }
  const item = element("li", text, className);
  Object.assign(item.dataset, { said: text, times: 1 });
  list.append(item);
  while (list.children.length > 60) list.firstElementChild.remove();
  list.scrollTop = list.scrollHeight;
}

function showMe() {
  const over = socket?.io.engine?.transport?.name;
  $("me").textContent = socket?.connected && mine ? t("at", mine, over ?? "") : t("nowhere");
  $("send").disabled = !socket?.connected;
}

function showTally(row, counts) {
  for (const cell of row.querySelectorAll("td")) {
    const n = counts[cell.dataset.key];
    if (cell.textContent !== String(n)) cell.textContent = n;
    cell.className = n && (cell.dataset.key === "lost" || cell.dataset.key === "twice") ? "bad" : n && cell.dataset.key === "recovered" ? "good" : "";
  }
}

function showRequests(requests) {
  const key = requests.map(({ n, status }) => `${n} ${status}`).join();
  if ($("requests").dataset.key === key) return;
  $("requests").dataset.key = key;
  $("requests").replaceChildren(...requests.map(({ method, transport, session, server, status }) => {
    const item = element("li", t("request", method, transport), status >= 400 ? "bad" : "");
    if (!session) item.append(element("span", t("opens"), "soft"));
    item.append(element("b", t("status", server || t("nobody"), status)));
    return item;
  }));
  $("requests").scrollTop = $("requests").scrollHeight;
}

const switches = {
  sticky: (value) => change({ sticky: value }),
  adapter: (value) => change({ adapter: value }),
  recovery: (value) => change({ recovery: value === "true" }),
  redis: (value) => change({ redis: value === "true" }),
};

function showSwitches() {
  const { state, keyed, busy, adapters } = view;
  if ($("adapter").querySelectorAll("button").length !== adapters.length) {
    $("adapter").querySelector(".choices").replaceChildren(...adapters.map((name) => {
      const button = element("button", t(`adapter-${name}`));
      button.type = "button";
      button.value = name;
      return button;
    }));
  }
  for (const name of Object.keys(switches)) {
    for (const button of $(name).querySelectorAll("button")) {
      button.setAttribute("aria-pressed", button.value === String(state[name]));
      button.disabled = !keyed || (busy !== "" && name !== "sticky" && name !== "redis");
    }
  }
  for (const id of ["roll", "size", "count"]) $(id).disabled = !keyed;
  $("roll").disabled ||= busy !== "";
  if (document.activeElement !== $("size")) $("size").value = state.crowd;
  $("locked").hidden = keyed;
  $("busy").textContent = !busy ? "" : ["roll", "restart"].includes(busy) ? t(`busy-${busy}`) : t("busy-server", busy);
}

/** Shows all that the demo said. */
function show() {
  if (!view) return;
  picture.show(view, mine);
  showMe();
  showSwitches();
  $("crowdSays").textContent = t("crowd", view.state.crowd);
  showTally($("crowd"), view.account);
  showRequests(view.requests);
}

const backoff = new Backoff();

/** Follows the demo, and connects again when the lab restarts. */
function follow() {
  const line = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/lab/cluster?client=${client}`);
  line.addEventListener("open", () => {
    backoff.reset();
    showStatus(true);
  });
  line.addEventListener("message", ({ data }) => {
    const first = !view;
    view = JSON.parse(data);
    if (first) connect(); // from now on the demo keeps this client's requests
    show();
  });
  line.addEventListener("close", () => {
    showStatus(false);
    setTimeout(follow, backoff.next());
  });
}

function showStatus(on) {
  $("status").textContent = t(on ? "connected" : "gone");
  $("status").className = `badge ${on ? "good" : "bad"}`;
}

await start();
for (const [name, choose] of Object.entries(switches)) {
  $(name).addEventListener("click", ({ target }) => { if (target.value) choose(target.value); });
}
$("roll").addEventListener("click", () => change({ roll: true }));
$("count").addEventListener("click", () => {
  tally.reset();
  showTally($("mine"), tally);
  change({ count: true });
});
$("size").addEventListener("change", () => change({ crowd: Number($("size").value) }));
$("transport").addEventListener("change", connect);
$("again").addEventListener("click", connect);
$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !socket.connected) return;
  $("text").value = "";
  if (await socket.emitWithAck("say", text) === "too fast") happened(t("tooFast"), "bad");
});
follow();
