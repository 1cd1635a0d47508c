// The comparison: the same messages at the same moments over every transport. Each lane's client is a frame of the lane's own origin; here they are drawn.

import { Backoff } from "/lab/shared/backoff.js";
import { catalogue, language } from "/lab/shared/catalogue.js";
import { clock } from "/lab/shared/clock.js";
import { $, element, onLang, start } from "/lab/shared/lab.js";
import { Rounds } from "/lab/page/bets.js";
import { showRows } from "/lab/page/rows.js";
import { Lap } from "/lab/page/lap.js";
import { Narrator } from "/lab/page/narrator.js";
import { Picture, seconds } from "/lab/page/picture.js";
import { rank, reorder } from "/lab/page/rank.js";
import { decides, time as readable } from "/lab/page/sentence.js";
import { texts } from "/lab/page/text.js";
import { forget, said, Track } from "/lab/page/track.js";

const t = catalogue("page", texts);
const say = (text) => text[language()];

const rates = [0.5, 1, 2, 5, 10, 20, 50];
const intervals = [100, 200, 500, 1000, 2000, 5000];
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const onlyBets = new URLSearchParams(location.search).get("view") === "bet"; // a phone: no lanes
const lateTime = 6000; // ms that a report waits for late messages

let welcome; // what the server said first, until the lanes are open
let state;
let networks = [];
let payload = 0; // bytes of a message
let viewers = 1;
let connected = false;
let keyed = false; // this page may change the comparison
let sent = 0; // messages when this page opened its lanes
let order = "delay";
let tracks = []; // in the order of the server
let ranked = []; // in the order of the screen
let zeroed = false; // since the frames were loaded
let reported = 0; // first number of the round that this page has reported

const now = clock.local;
const duration = (ms) => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
const picture = new Picture($("picture"), $("lanes"));
const narrator = new Narrator($("narrator"));
const rounds = new Rounds({ t, say, now: () => clock.now() });
const nameOf = (track) => say(track.title);

/** Asks for a change, which only a page with the key may. */
async function change(what) {
  const answer = await fetch("/lab/compare", { method: "POST", body: JSON.stringify(what) });
  if (!answer.ok) $("says").textContent = await answer.text();
}

const controls = ["rate", "interval", "net", "pause", "cut", "reset", "recovery"];

/** Counts from now on. */
const zero = () => { for (const track of tracks) track.reset(); };

/** Takes what a lane's frame says. */
function heard(track, data) {
  if (data.arrived) return arrived(track, data.arrived);
  if (data.on && !track.on && track.off !== undefined) narrator.say(track.name, t("isBack", nameOf(track), readable(data.at - track.off)));
  if (!data.on && track.on) {
    track.off = data.at;
    const wait = data.wait ?? track.lane.retry; // the client's own, or its server's
    narrator.say(track.name, wait === undefined ? t("waitsItself", nameOf(track)) : t("waits", nameOf(track), readable(wait)));
  }
  track.on = data.on;
  if (data.on) track.since = Math.min(track.since, now());
}

function arrived(track, messages) {
  const before = track.lost;
  const { last } = rounds.show;
  let taken = 0;
  for (const [number, sentAt, at] of messages) if (track.take(number, sentAt - clock.offset, at, last)) taken++;
  if (track.lost > before) narrator.say(track.name, t("hasLost", nameOf(track), track.lost));
  else if (taken >= Math.max(5, state.rate / 2) && !(now() - track.told < 15_000)) {
    track.told = now();
    narrator.say("batch", t("batch", nameOf(track), taken));
  }
}

const value = {
  delay: (track) => track.delay,
  bytes: (track) => track.perMessage(viewers, payload)?.all,
};

/** Reports whether this page measures a round. */
const inRound = () => ["run", "count"].includes(rounds.show?.phase) && tracks.length > 0 && tracks.every((track) => track.lap?.first === rounds.show.first);

/** What a lane has in a round so far. */
const standing = (track) => ({ track, lost: track.lost, bytes: track.perMessage(viewers, payload)?.all, delay: track.lap.delay, silence: track.lap.silenceAt(Math.min(now(), rounds.show.ends - clock.offset)) });

/** Orders the lanes, in a round by its own rule, and says who leads. */
function sort() {
  const first = ranked[0];
  if (inRound()) {
    const places = rank(rounds.round.wins, ranked.map(standing));
    ranked = places.map((place) => place.track);
    for (const { track, rank } of places) track.place = rank;
    if (places[1]?.rank > 1 && ranked[0] !== first) narrator.say("lead", t("leads", nameOf(ranked[0])));
  } else {
    ranked = reorder(ranked, value[order], order === "delay" ? { share: 0.1, least: 4 } : { share: 0.04 });
    ranked.forEach((track, i) => { track.place = i + 1; });
    if (first && ranked[0] !== first && value[order](ranked[0]) !== undefined) narrator.say("lead", t("leads", nameOf(ranked[0])));
  }
  for (const track of ranked) {
    track.rank.textContent = track.place;
    track.item.classList.toggle("first", track.place === 1);
  }
}

/** Moves the rows towards their places. A frame moves a part of the way. */
function move() {
  const height = $("lanes").clientHeight / Math.max(tracks.length, 1);
  ranked.forEach((track, i) => {
    const place = i * height;
    if (track.y === place && track.moved === place) return;
    track.y = calm || Math.abs(place - track.y) < 0.5 ? place : track.y + (place - track.y) * 0.14;
    track.moved = track.y;
    track.item.style.transform = `translateY(${track.y}px)`;
  });
}

function draw() {
  move();
  picture.draw(now(), tracks);
  if (calm) setTimeout(draw, 500);
  else requestAnimationFrame(draw);
}

function showFigures() {
  forget(now(), tracks);
  const costs = tracks.map((track) => track.perMessage(viewers, payload));
  const most = Math.max(...costs.map((cost) => cost?.all ?? 0), 1);
  tracks.forEach((track, i) => {
    const { delay } = track;
    track.latency.textContent = delay === undefined ? "–" : delay < 1 ? "< 1" : delay.toFixed(delay < 10 ? 1 : 0);
    track.bytes.textContent = costs[i]?.all.toFixed(0) ?? "–";
    track.requests.textContent = costs[i]?.requests.toFixed(2) ?? "–";
    track.bar.style.width = `${(100 * (costs[i]?.all ?? 0)) / most}%`;
    costs[i]?.parts.forEach((part, j) => { track.parts[j].style.flexGrow = part; });
    const waiting = track.pending(now() - 200).length;
    const notes = [inRound() && rounds.round.wins === "silence" && decides(t, "silence", { silence: standing(track).silence }), track.recovers && t("recovers"), !track.on && t("laneOff"), track.lost > 0 && t("lost", track.lost), waiting > 0 && t("waiting", waiting)];
    const note = notes.filter(Boolean).join(" · ");
    if (track.note.textContent !== note) track.note.textContent = note;
    track.note.className = track.on && !track.lost ? "soft" : "bad";
  });
  sort();
  narrator.next();
  if (narrator.idle && !state.paused) sayFact(costs);
  rounds.tick();
  report();
}

let fact = 0;

/** Says what one of the lanes costs, when nothing else happens. */
function sayFact(costs) {
  const known = tracks.map((track, i) => ({ track, cost: costs[i] })).filter(({ cost }) => cost);
  if (!known.length) return;
  const { track, cost } = known[fact++ % known.length];
  const key = cost.requests >= 0.05 ? "factAsks" : "factStream";
  narrator.say("fact", t(key, nameOf(track), cost.requests.toFixed(2), cost.parts[2].toFixed(0), cost.parts[1].toFixed(0)));
}

/** Reports a round to the server, once all lanes have its last message or it is late. */
async function report() {
  const { show } = rounds;
  if (!keyed || show?.phase !== "count" || reported === show.first || !inRound()) return;
  const late = clock.now() > show.ends + lateTime;
  if (!late && !tracks.every((track) => track.arrivals.newest >= show.last)) return;
  reported = show.first;
  const lanes = tracks.map((track) => track.lap.outcome(track.name, show.ends - clock.offset));
  await fetch("/lab/compare/report", { method: "POST", body: JSON.stringify({ round: show.round, first: show.first, lanes }) });
}

/** Begins to measure a round that this page sees from its first message on. */
function beginRound(show) {
  zero();
  for (const track of tracks) {
    track.lap = sent < show.first ? new Lap(show.first, show.began - clock.offset) : undefined;
    for (const [number, at] of said) { // messages that came before the news of the round
      if (number >= show.first && track.arrivals.has(number)) track.lap?.add(number, track.arrivals.at(number) - at, track.arrivals.at(number), 0);
    }
  }
  narrator.clear();
  narrator.say("round", t("begins", say(rounds.round.title)));
}

const nearest = (all, wanted) => all.reduce((closest, v, i) => (Math.abs(v - wanted) < Math.abs(all[closest] - wanted) ? i : closest), 0);

function showState() {
  if (!state) return;
  $("rateLabel").textContent = t("rate", state.rate);
  $("intervalLabel").textContent = t("interval", duration(state.interval));
  $("netLabel").textContent = t("net", state.net);
  $("rate").value = nearest(rates, state.rate);
  $("interval").value = nearest(intervals, state.interval);
  const at = networks.findIndex((n) => n.name === state.net);
  if (at >= 0) $("net").value = at;
  $("says").textContent = at > 0 ? say(networks[at].says) : "";
  $("pause").textContent = t(state.paused ? "go" : "pause");
  for (const id of controls) $(id).disabled = !keyed;
  $("cut").disabled ||= state.cut;
  $("recovery").checked = state.recovery;
  $("locked").hidden = keyed;
  const key = !connected ? "off" : state.cut ? "isCut" : state.paused ? "paused" : "on";
  $("status").textContent = t(key) + (viewers > 1 ? ` · ${t("watching", viewers)}` : "");
  $("status").className = `badge ${key === "on" ? "good" : "bad"}`;
}

function showOrder() {
  for (const button of document.querySelectorAll("[data-order]")) button.setAttribute("aria-pressed", button.dataset.order === order);
}

/** Says what the server has changed. */
function narrate(before, after) {
  if (before.cut !== after.cut) narrator.say("cut", t(after.cut ? "sayCut" : "sayFlows"));
  if (rounds.show.phase !== "free") return; // the page says what the round changes
  if (before.net !== after.net) narrator.say("net", t("sayNet", after.net));
  if (before.rate !== after.rate) narrator.say("rate", t("sayRate", after.rate));
}

function take(message) {
  if (message.lanes) {
    ({ nets: networks, keyed, payload } = message);
    $("net").max = networks.length - 1;
    welcome = message;
  } else if (message.state) takeState(message);
  else if (message.counts) {
    if (viewers !== Math.max(message.viewers, 1)) {
      viewers = Math.max(message.viewers, 1);
      showState();
    }
    message.counts.forEach((count, i) => { if (tracks[i]) tracks[i].count = count; });
    if (!zeroed && tracks.length && tracks.every((track) => track.on)) { // the pages of the lanes are loaded, and cost no more
      zero();
      zeroed = true;
    }
    if (tracks.length) showFigures();
  } else if (message.pong) clock.answered(message);
}

function takeState(message) {
  const [before, phase] = [state, rounds.show?.phase];
  state = message.state;
  if (welcome) begin(message);
  rounds.take(message.show, message.bet);
  if (message.show.phase === "run" && phase !== "run") beginRound(message.show);
  if (message.late && tracks.length === 0) narrator.say("late", t("lateLanes"));
  if (before && before.interval !== state.interval) for (const track of tracks) track.frame.contentWindow.postMessage({ interval: state.interval }, track.origin);
  if (before) narrate(before, state);
  if (before && before.recovery !== state.recovery) switchRecovery();
  showState();
}

const backoff = new Backoff();

/** Opens the lanes, again after the server has restarted. A page that comes while a round runs opens them after it. */
function begin({ late, sent: newest }) {
  for (const track of tracks) track.remove();
  tracks = [];
  ranked = [];
  if (rounds.lanes !== welcome.lanes) rounds.begin(welcome);
  if (late && !onlyBets) return;
  sent = newest;
  zeroed = false;
  said.clear();
  tracks = onlyBets ? [] : welcome.lanes.map((lane) => new Track(lane));
  ranked = [...tracks];
  for (const track of tracks) {
    track.open($("frames"), state.recovery, { after: sent, interval: state.interval });
    $("lanes").append(track.item);
    track.button.addEventListener("click", () => freeze(track));
  }
  $("lanes").style.setProperty("--lanes", tracks.length);
  welcome = undefined;
  label();
  picture.measure(tracks);
}

/** Opens the lanes that have connection state recovery again, with or without it. */
function switchRecovery() {
  for (const track of tracks) {
    if (track.lane.recovering) track.open($("frames"), state.recovery, { after: 0, interval: state.interval });
  }
  zeroed = false;
  label();
  picture.measure(tracks);
}

/** Stops a lane's picture and opens its bytes, or lets it go on. */
function freeze(track) {
  if (track.frozen === undefined) {
    const other = tracks.find((one) => one.frozen !== undefined);
    if (other) freeze(other);
    openBytes(track);
  } else $("bytes").hidden = true;
  const stop = track.frozen === undefined;
  track.frozen = stop ? now() - 60 : undefined;
  if (!stop) track.fresh = [...track.marks];
  track.button.setAttribute("aria-pressed", stop);
  track.item.classList.toggle("frozen", stop);
}

async function openBytes(track) {
  const answer = await fetch(`/lab/compare/rows/${track.name}`);
  if (!answer.ok) return narrator.say("bytes", await answer.text());
  $("bytesTitle").textContent = t("bytesOf", nameOf(track));
  $("rows").setAttribute("aria-label", $("bytesTitle").textContent);
  showRows(await answer.json(), say);
  $("bytes").classList.toggle("below", track.y < $("lanes").clientHeight / 2 - track.item.clientHeight / 2);
  $("bytes").hidden = track.frozen === undefined; // it may go on by now
  $("rows").focus();
}

function closeBytes() {
  const track = tracks.find((one) => one.frozen !== undefined);
  if (!track) return;
  freeze(track);
  track.button.focus();
}

function label() {
  for (const track of tracks) {
    track.label.textContent = nameOf(track);
    track.button.setAttribute("aria-pressed", track.frozen !== undefined);
    track.button.title = t("freeze");
    track.unit.textContent = ` ${t("ms")}`;
    track.bytesUnit.textContent = ` ${t("bytesUnit")} · `;
    track.requestsUnit.textContent = ` ${t("requestsUnit")}`;
  }
  $("picture").setAttribute("aria-label", t("picture"));
  rounds.label();
}

function connect() {
  const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/lab/compare${onlyBets ? "?bets=1" : ""}`);
  clock.askOver(socket, 15);
  socket.addEventListener("open", () => {
    connected = rounds.connected = true;
    backoff.reset();
  });
  socket.addEventListener("message", ({ data }) => take(JSON.parse(data)));
  socket.addEventListener("close", () => {
    connected = rounds.connected = false;
    rounds.tick();
    showState();
    setTimeout(connect, backoff.next());
  });
}

addEventListener("message", ({ source, origin, data }) => {
  const track = tracks.find((one) => one.frame.contentWindow === source && one.origin === origin);
  if (track) heard(track, data);
});

document.body.classList.toggle("only-bets", onlyBets);
await start();
$("rate").addEventListener("input", () => change({ rate: rates[$("rate").value] }));
$("interval").addEventListener("input", () => change({ interval: intervals[$("interval").value] }));
$("net").addEventListener("input", () => change({ net: networks[$("net").value]?.name ?? "none" }));
$("pause").addEventListener("click", () => change({ paused: !state?.paused }));
$("cut").addEventListener("click", () => change({ cut: true }));
$("reset").addEventListener("click", () => change({ reset: true }));
$("recovery").addEventListener("change", () => change({ recovery: $("recovery").checked }));
$("bytesClose").addEventListener("click", closeBytes);
addEventListener("keydown", ({ key }) => { if (key === "Escape") closeBytes(); });
$("zero").addEventListener("click", zero);
for (const button of document.querySelectorAll("[data-order]")) {
  button.addEventListener("click", () => { order = button.dataset.order; showOrder(); sort(); });
}
showOrder();
new ResizeObserver(() => picture.measure(tracks)).observe($("lanes"));
new MutationObserver(() => picture.measure(tracks)).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => picture.measure(tracks));
onLang(() => { $("axis").textContent = t("axis", seconds); showState(); label(); });
connect();
if (onlyBets) setInterval(() => rounds.tick(), 250);
else draw();
