// Four ways to say who you are, and a page of another origin that tries to be you.
//
// The facts of this page: "online" and "offline", "closed 4401", "expires", "renewed", "said", "refused 429", "verdict 401" of
// a request of this page's client. Those of the other client are the page of another origin: "got websocket", "refused
// websocket", and so on.

import { append, momentItem } from "/lab/shared/chat.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { exchanges } from "/lab/shared/exchanges.js";
import { $, element } from "/lab/shared/lab.js";
import { openStage } from "/lab/shared/stage.js";
import { frames, packets, withoutClient } from "/lab/shared/trace.js";
import { floodConnections, floodEvents } from "/lab/page/flood.js";
import { getToken, open, post, useTicket, useToken, ways } from "/lab/page/connect.js";
import { texts } from "/lab/page/text.js";
import { Thief } from "/lab/page/thief.js";

const t = catalogue("page", texts);

const wayNames = { cookie: "way.cookie", token: "way.token", ticket: "way.ticket", hello: "way.hello" };
const transportNames = { websocket: "transport.websocket", socketio: "transport.socketio", sse: "transport.sse" };
const sights = { cookie: "sees.cookie", token: "sees.token", ticket: "sees.ticket", hello: "sees.hello" };
const attackNames = { websocket: "h.websocket", socketio: "h.socketio", script: "h.script", polling: "h.polling", rebinding: "h.rebinding" };

/** Reads rows as arrows: frames of a WebSocket, packets of Socket.IO, and HTTP, see trace.js. */
function reads(row, conn) {
  const en = row.summary.en;
  if (row.layer === "http" && row.dir === "in") conn.kind = /^\S+ \/account\/ws/.test(en) ? "ws" : /^\S+ \/socket\.io\//.test(en) ? "eio" : "http";
  if (conn.kind === "http") return exchanges(row, conn);
  if (row.layer === "http") return { packet: row.dir === "in" ? withoutClient(en.split(" ").slice(0, 2).join(" ")) : en.split(" · ")[0], kind: "control" };
  if (conn.kind === "ws") return row.layer === "ws" ? frames(row) : null;
  return packets(row);
}

const stage = await openStage(reads, {
  "→ cookie": { client: "way: \"cookie\"", server: "s.sessionOf(r)", wire: "way=cookie" },
  "→ ticket": { client: "way: \"ticket\"", server: "s.tickets.use", wire: "way=ticket" },
  "→ token": { client: "io({", server: "s.grantOfToken", wire: "40{" },
  "→ hello": { client: "socket.send(JSON.stringify({ token", server: "s.readHello", wire: "\"token\":" },
  "expires": { client: "socket.onmessage", server: "\"expires\"", wire: "\"expires\"" },
  "closed 4401": { client: "socket.onclose", server: "errExpired" },
});

const thief = new Thief(stage.client, stage.showRow, (kind) => t(sights[kind]));
stage.onRows = (rows) => thief.add(rows);

let link = null; // the open client
let closed = null; // called when link has ended
let note = ""; // this session's private note
let server = null; // what the server told first: {checks, keyed, hostile, times}
const name = localStorage.getItem("name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
const ready = Promise.withResolvers();

const happened = (text, className) => append($("happened"), momentItem(text, className));
const seconds = (ms) => (ms / 1000).toFixed(1);

function show() {
  $("status").textContent = t(link ? "on" : "off");
  $("status").className = `badge ${link ? "good" : "bad"}`;
  $("transport").textContent = link ? `${t(wayNames[link.way])} · ${t(transportNames[link.transport])}` : "";
  $("transport").hidden = !link;
  $("disconnect").disabled = !link;
  $("flood").disabled = !link || link.transport === "sse";
}

// The way and the transport of the form.
function offer() {
  const [transport, way] = [$("transports").value, $("ways").value];
  const offered = ways[transport];
  for (const option of $("ways").options) option.disabled = !offered.includes(option.value);
  if (!offered.includes(way)) $("ways").value = offered[0];
}
$("transports").addEventListener("change", offer);
offer();

/** Logs in, which sets the cookie. The same name continues the session. */
async function logIn() {
  const account = await post("/login", {}, { name });
  if (account.note !== note) happened(t("loggedIn", account.name, account.note), "good");
  note = account.note;
}

/** Takes an event of the server. */
function heard(news) {
  switch (news.event) {
    case "welcome":
      happened(t("welcome", news.name, news.note), "good");
      stage.fact("online");
      return;
    case "expires":
      happened(t("expires", seconds(news.left)), "bad");
      stage.fact("expires");
      if ($("renew").checked) renew();
      return;
    case "renewed":
      happened(t("renewed", seconds(news.expires - Date.now())), "good");
      stage.fact("renewed");
      return;
    case "refused":
      refusals++;
      stage.fact(`refused ${news.code}`);
      if (refusals === 1) happened(t("refused", news.code, news.reason), "bad");
      return;
    case "said":
      answers++;
      stage.fact("said");
  }
}
let refusals = 0, answers = 0; // since the last flood began

function ended(code, reason) {
  link = null;
  show();
  happened(t("closed", code, reason || t("noReason")), "bad");
  stage.fact(`closed ${code}`);
  stage.fact("offline");
  closed?.();
}

async function renew() {
  try {
    const token = await getToken(link?.life);
    link?.send({ token });
  } catch (error) {
    happened(error.message, "bad");
  }
}

/** Disconnects, and waits for the end. */
async function disconnect() {
  if (!link) return;
  const end = Promise.withResolvers();
  closed = end.resolve;
  link.close();
  await end.promise;
  closed = null;
}

/** Connects as the form says. life is that of a token in seconds; without it, the server's. */
async function connect(life) {
  await ready.promise;
  await disconnect();
  await logIn();
  const [transport, way] = [$("transports").value, $("ways").value];
  const proof = way === "cookie" && server.checks.token && transport !== "sse";
  thief.want(way);
  refusals = 0;
  happened(t(proof ? "connectingWithProof" : "connecting", t(wayNames[way]), t(transportNames[transport])));
  stage.fact(`→ ${way}`);
  let over = false;
  try {
    const opened = await open({ transport, way, life, proof }, {
      heard,
      ended(code, reason) { over = true; ended(code, reason); },
    });
    if (over) return;
    link = { ...opened, transport, way, life };
  } catch (error) {
    happened(error.message, "bad");
  }
  show();
}

/** Chooses in the form, and connects. */
function connectBy(transport, way, life) {
  $("transports").value = transport;
  offer();
  $("ways").value = way;
  return connect(life);
}

/** Uses a ticket twice. The second time its session is no longer in it. */
async function replay() {
  try {
    const { ticket } = await post("/ticket");
    const use = () => new Promise((done) => {
      const once = useTicket(ticket, { heard: ({ event }) => { if (event === "welcome") { once.close(); done(); } }, ended: () => done() });
    });
    thief.want("ticket");
    await use();
    await use();
  } catch (error) {
    happened(error.message, "bad");
  }
}

/** Changes the name in a token and keeps its signature. */
async function forge() {
  try {
    const [payload, signature] = (await getToken()).split(".");
    const claims = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const text = btoa(JSON.stringify({ ...claims, sub: "admin" })).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    happened(t("forging", claims.sub));
    useToken(`${text}.${signature}`, { heard, ended(code, reason) {
      happened(t("closed", code, reason || t("noReason")), "bad");
      stage.fact(`closed ${code}`);
    } });
  } catch (error) {
    happened(error.message, "bad");
  }
}

/** Opens a WebSocket and says nothing. */
function silence() {
  happened(t("silence", seconds(server.times.hello)));
  useToken("", { heard, ended(code, reason) {
    happened(t("closed", code, reason || t("noReason")), "bad");
    stage.fact(`closed ${code}`);
  } });
}

/** Ends the session. An open connection reports its own end, which may come before the answer. */
async function logOut() {
  const connected = link !== null;
  await post("/logout");
  note = "";
  if (!connected) happened(t("loggedOut"));
}

const floodEventsSent = 25, floodConnectionsOpened = 60;

async function flood() {
  if (!link || link.transport === "sse") return happened(t("floodNeeds"), "bad");
  [refusals, answers] = [0, 0];
  const { before, during } = await floodEvents((message) => link?.send(message), floodEventsSent);
  happened(t("flooded", floodEventsSent, answers, refusals, before.toFixed(1), during.toFixed(1)), refusals ? "bad" : "");
  stage.fact("flooded");
}

async function floodHandshakes() {
  const accepted = await floodConnections(floodConnectionsOpened);
  happened(t("floodedHandshakes", floodConnectionsOpened, accepted, floodConnectionsOpened - accepted), accepted < floodConnectionsOpened ? "bad" : "");
  stage.fact("flooded handshakes");
}

// The page of another origin. To a browser, localhost and 127.0.0.1 are two sites; two ports of one host are the same site.

const twin = { "127.0.0.1": "localhost", localhost: "127.0.0.1" }[location.hostname];

function openHostile() {
  if (!server?.hostile) return;
  const host = $("site").value === "other" && twin ? twin : location.hostname;
  const aim = new URLSearchParams({
    host: location.hostname, port: location.port || (location.protocol === "https:" ? 443 : 80), client: stage.otherID,
    lang: document.documentElement.lang === "zh-CN" ? "zh" : "en", theme: document.documentElement.dataset.theme ?? "",
  });
  const url = `${location.protocol}//${host}:${server.hostile}/lab/lane/hostile.html?${aim}`;
  if ($("hostile").src === url) return;
  hostileReady = Promise.withResolvers();
  $("hostile").src = $("ownTab").href = url;
}
$("site").options[0].disabled = !twin;
if (!twin) $("site").value = "same";
$("site").addEventListener("change", openHostile);
new MutationObserver(openHostile).observe(document.documentElement, { attributeFilter: ["data-theme"] });

let hostileReady = Promise.withResolvers();
addEventListener("message", ({ source, data }) => {
  if (source !== $("hostile").contentWindow || typeof data?.fact !== "string") return;
  if (data.fact === "ready") {
    document.body.dataset.hostile = "ready";
    return hostileReady.resolve();
  }
  const stolen = note !== "" && String(data.got).includes(note);
  const [outcome, attack] = data.fact.split(" ");
  if (!Object.hasOwn(attackNames, attack)) return;
  happened(t(outcome !== "got" ? "notStolen" : stolen ? "stolen" : "read", t(attackNames[attack])), outcome === "got" ? "bad" : "good");
  document.body.dataset.outcome = outcome !== "got" ? "refused" : stolen ? "stolen" : "read";
  stage.otherFact(data.fact);
});

async function attack(name) {
  await ready.promise;
  await logIn(); // so that there is something to steal
  await hostileReady.promise;
  $("hostile").contentWindow.postMessage({ attack: name }, "*");
}

// The server's own channel: the switches, and how it answered the clients of this page.

for (const button of document.querySelectorAll("#attacks button")) button.addEventListener("click", () => attack(button.value));

const switches = [...document.querySelectorAll("#switches input")];
let retry = 500; // ms

function follow() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/lab/login?client=${stage.client}`);
  socket.onmessage = async ({ data }) => {
    const message = JSON.parse(data);
    if (message.verdict) return judge(message.verdict);
    const before = server?.checks;
    server = { ...server, ...message };
    retry = 500;
    for (const input of switches) {
      input.checked = server.checks[input.name];
      input.disabled = !server.keyed;
    }
    $("locked").hidden = server.keyed;
    if (before && before.sameSite !== server.checks.sameSite) await logIn().catch(() => {}); // sets the cookie again, with the attribute or without
    if (!before) {
      openHostile();
      await logIn().catch((error) => happened(error.message, "bad"));
      ready.resolve();
    }
    document.body.dataset.checks = switches.filter(({ checked }) => checked).map((input) => input.name).join(" ");
  };
  socket.onclose = () => {
    for (const input of switches) input.disabled = true;
    setTimeout(follow, retry);
    retry = Math.min(retry * 2, 10_000);
  };
}

for (const input of switches) {
  input.addEventListener("change", async () => {
    const response = await fetch("/lab/login/checks", { method: "POST", body: JSON.stringify({ [input.name]: input.checked }) });
    if (!response.ok) {
      input.checked = !input.checked;
      happened((await response.json()).error, "bad");
    }
  });
}

/** Shows how the server answered a request, as its access log keeps it. */
function judge({ client, line, status, reason, origin, host, site, cookie }) {
  const item = element("li", "", status < 400 ? "" : "bad");
  item.append(element("code", `${withoutClient(line)} → ${status}`));
  const brought = [origin && `Origin: ${origin}`, site && `Sec-Fetch-Site: ${site}`, host !== location.host && `Host: ${host}`, t(cookie ? "withCookie" : "withoutCookie"), reason].filter(Boolean);
  item.append(element("small", brought.join(" · ")));
  item.className += client === stage.otherID ? " other" : "";
  append($("log"), item);
  if (client === stage.client) stage.fact(`verdict ${status}`);
  else if (site === "cross-site" && !cookie && note !== "" && !server.checks.sameSite) happened(t("heldBack"), "soft");
}

$("composer").addEventListener("submit", (event) => { event.preventDefault(); connect(); });
const acts = { disconnect, replay, forge, silence, logOut, flood, floodHandshakes };
for (const [id, act] of Object.entries(acts)) $(id).addEventListener("click", () => act());
show();
follow();
$("renew").checked = true;

stage.begin({
  cookie: () => connectBy("websocket", "cookie"),
  ticket: () => connectBy("sse", "ticket"),
  replay,
  token: () => { $("renew").checked = false; return connectBy("socketio", "token", 4); },
  renewing: () => { $("renew").checked = true; return connectBy("socketio", "token", 4); },
  hijack: () => attack("websocket"),
  hello: () => connectBy("websocket", "hello"),
  flood,
});
