// The demo slow: one client reads too slowly, and the page shows who pays.

import { Backoff } from "/lab/shared/backoff.js";
import { catalogue } from "/lab/shared/catalogue.js";
import { append, momentItem } from "/lab/shared/chat.js";
import { clock } from "/lab/shared/clock.js";
import { $, element, start } from "/lab/shared/lab.js";
import { Chart } from "/lab/page/chart.js";
import { bytes, time } from "/lab/page/format.js";
import { Receive } from "/lab/page/receive.js";
import { texts } from "/lab/page/text.js";
import { Upload } from "/lab/page/upload.js";

const t = catalogue("page", texts);

const readings = [0, 4000, 20_000, 50_000, 100_000, 200_000, -1]; // bytes a second; -1 means unlimited
const rates = [5, 10, 25, 50, 100]; // messages a second
const steady = ["steady-1", "steady-2", "steady-3"];

let happened = -1; // number of the newest event shown
let refused = ""; // why the last change was not made

/** Asks for a change, which only a page with the key may. */
async function change(what) {
  const answer = await fetch("/lab/slow", { method: "POST", body: JSON.stringify(what) });
  refused = answer.ok ? "" : await answer.text();
}

const nearest = (all, wanted) => all.reduce((closest, v, i) => (Math.abs(v - wanted) < Math.abs(all[closest] - wanted) ? i : closest), 0);

function showControls({ keyed, policy, reading, rate }) {
  for (const radio of document.querySelectorAll("[name=policy]")) {
    radio.checked = radio.value === policy;
    radio.disabled = !keyed;
  }
  $("locked").hidden = keyed;
  const sliders = { reading: reading < 0 ? readings.length - 1 : nearest(readings.slice(0, -1), reading), rate: nearest(rates, rate) };
  for (const [id, value] of Object.entries(sliders)) {
    $(id).disabled = !keyed;
    if (document.activeElement !== $(id) || Number($(id).value) !== value) $(id).value = value;
  }
  $("readingLabel").textContent = reading < 0 ? t("readsAll") : reading === 0 ? t("readsNothing") : t("reads", bytes(reading));
  $("rateLabel").textContent = t("rate", rate);
  const says = { block: t("block"), grow: t("grow"), drop: t("drop"), disconnect: t("disconnect") }[policy];
  const text = refused || says;
  if ($("says").textContent !== text) $("says").textContent = text;
}

/** Says what needs attention now. */
function warn({ clients, late }) {
  const warned = clients.find(({ warning }) => warning);
  const text = warned ? t("warning", nameOf(warned.name), bytes(warned.bytes)) : late > 1000 ? t("late", time(late)) : "";
  if ($("warning").textContent !== text) $("warning").textContent = text;
}

const nameOf = (name) => (name === "slow" ? t("slow") : steady.includes(name) ? t("steady", name.at(-1)) : t("thisPage"));

const rows = new Map(); // name → {row, cells}

/** Returns the row of a client, made when it is first asked for. */
function rowOf(name) {
  if (!rows.has(name)) {
    const row = element("tr");
    row.dataset.client = name;
    const head = element("th", nameOf(name));
    head.scope = "row";
    const cells = ["queue", "bytes", "unsent", "inFlight", "window", "missed", "p50", "p99"].map((key) => {
      const cell = element("td", "–");
      cell.dataset.key = key;
      return cell;
    });
    row.append(head, ...cells);
    $("clients").append(row);
    rows.set(name, { row, cells });
  }
  return rows.get(name);
}

function showRow(name, client, delivery) {
  const { row, cells } = rowOf(name);
  row.classList.toggle("off", !client);
  row.classList.toggle("full", Boolean(client?.warning));
  const ms = (value) => (value === null || value === undefined ? "–" : time(value));
  const tcp = (key) => (client?.tcp ? bytes(client.tcp[key]) : client ? t("unknown") : "–");
  const values = client
    ? [client.queue.toLocaleString("en"), bytes(client.bytes), tcp("unsent"), tcp("inFlight"), tcp("window"), "–", "–", "–"]
    : [t("away"), "–", "–", "–", "–", "–", "–", "–"];
  if (delivery) values.splice(5, 3, delivery.missed.toLocaleString("en"), ms(delivery.p50), ms(delivery.p99));
  else if (client) values[5] = client.dropped.toLocaleString("en");
  cells.forEach((cell, i) => { if (cell.textContent !== values[i]) cell.textContent = values[i]; });
}

function showClients(view) {
  const of = (name) => view.clients.find((client) => client.name === name);
  for (const name of ["slow", ...steady]) showRow(name, of(name), view.readers[name]);
  if (of(receive.name)) showRow(receive.name, of(receive.name));
  else if (rows.has(receive.name)) {
    rows.get(receive.name).row.remove();
    rows.delete(receive.name);
  }
  const others = view.clients.filter(({ name }) => name.startsWith("page-") && name !== receive.name).length;
  $("more").textContent = others ? t("others", others) : "";
}

function showEvents({ events, happens }) {
  if (happened > happens) happened = -1; // the server was restarted
  const fresh = happened < 0 ? events : events.slice(Math.max(events.length - (happens - happened), 0));
  happened = happens;
  for (const { kind, client, code, reason } of fresh) {
    const name = nameOf(client);
    if (kind === "ended") append($("events"), momentItem(t("ended", name, reason), "bad"));
    else append($("events"), momentItem(t("learned", name, code, reason ? ` “${reason}”` : ""), ""));
  }
}

function showView(view) {
  showControls(view);
  warn(view);
  showClients(view);
  showEvents(view);
  receive.show(view);
  const now = performance.now();
  const slow = view.clients.find(({ name }) => name === "slow");
  delays.add(now, view.others.p50, view.others.p99);
  queues.add(now, slow ? slow.bytes : null, slow?.tcp ? slow.tcp.unsent + slow.tcp.inFlight : null);
  heaps.add(now, view.heap, view.clients.reduce((sum, client) => sum + client.bytes, 0));
  $("status").textContent = t("on", view.clients.length);
  $("status").className = "badge good";
}

const backoff = new Backoff();

function connect() {
  const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/lab/slow`);
  clock.askOver(socket, 5);
  socket.addEventListener("open", () => backoff.reset());
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.pong === undefined) return showView(message);
    clock.answered(message);
  });
  socket.addEventListener("close", () => {
    $("status").textContent = t("off");
    $("status").className = "badge bad";
    setTimeout(connect, backoff.next());
  });
}

await start();
const delays = new Chart($("delayChart"), { series: [{ name: "p50", kind: "steady" }, { name: "p99", kind: "worst" }], format: time, least: 10, label: t("delayChart") });
const queues = new Chart($("queueChart"), { series: [{ name: t("inQueue"), kind: "slow" }, { name: t("inKernel"), kind: "kernel" }], format: bytes, least: 100_000, label: t("queueChart") });
const heaps = new Chart($("heapChart"), { series: [{ name: t("heap"), kind: "heap" }, { name: t("allQueues"), kind: "slow" }], format: bytes, least: 10_000_000, label: t("heapChart") });
const receive = new Receive(t);
new Upload(t);
for (const radio of document.querySelectorAll("[name=policy]")) radio.addEventListener("change", () => change({ policy: radio.value }));
$("reading").addEventListener("input", () => change({ reading: readings[$("reading").value] }));
$("rate").addEventListener("input", () => change({ rate: rates[$("rate").value] }));
connect();
