// A table of transports and proxies, measured by the server. The page polls the state: often while
// a measurement runs, otherwise rarely, because another reader may start one.

import { catalogue, language } from "/lab/shared/catalogue.js";
import { $, element, start } from "/lab/shared/lab.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const say = (text) => text[language()];

const soon = 300, later = 3000; // ms between two questions
let state = null;
let drawn = ""; // the headings that the table has
let chosen = null; // [transport, proxy] of the cell whose measurement is shown
let timer = 0;
const places = new Map(); // "transport proxy" → where the cell stands

// #region measure
/** Starts the measurement. All who watch the page see it. */
async function measure() {
  const answer = await fetch("/lab/proxies", { method: "POST", body: JSON.stringify({ idle: $("idle").value }) });
  if (!answer.ok) {
    $("problem").textContent = (await answer.json()).error;
    return;
  }
  show(await answer.json());
  ask(soon);
}

/** Asks for the state again and again. */
function ask(wait) {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    try {
      const answer = await fetch("/lab/proxies");
      show(await answer.json());
    } catch {
      $("status").textContent = t("lost");
    }
    ask(state?.running ? soon : later);
  }, wait);
}
// #endregion

function show(now) {
  const fresh = state?.run !== now.run;
  state = now;
  $("measure").disabled = !now.keyed || now.running;
  $("idle").disabled = !now.keyed || now.running;
  $("locked").hidden = now.keyed;
  $("problem").textContent = now.problem ?? "";
  if (fresh || $("idle").options.length === 0) showIdles(now);
  const done = now.cells.length;
  $("progress").hidden = !now.running;
  $("progress").value = done / now.total;
  $("count").textContent = now.running ? t("running", done, now.total) : done > 0 ? t("done", done) : "";
  $("status").textContent = t(now.running ? "measuring" : "ready");
  showTable(now);
  showDetail();
}

function showIdles({ idles, idle }) {
  $("idle").replaceChildren(...idles.map((name) => {
    const option = element("option", name.replace(/m0s$/, "m"));
    option.value = name;
    return option;
  }));
  $("idle").value = idle;
}

/** Draws the table's headings if they have changed, and fills in the cells. */
function showTable({ run, transports, proxies, cells }) {
  const headings = JSON.stringify([run, transports, proxies]);
  if (headings !== drawn) {
    drawn = headings;
    places.clear();
    const corner = element("td", "", "corner");
    $("proxies").replaceChildren(corner, ...proxies.map((p) => headingOf("col", p.name, say(p.says))));
    $("transports").replaceChildren(...transports.map((transport) => {
      const row = element("tr");
      const heading = headingOf("row", say(transport.title));
      if (say(transport.title).toLowerCase() !== transport.name) heading.append(element("small", transport.name));
      row.append(heading, ...proxies.map((proxy) => waiting(transport, proxy)));
      return row;
    }));
  }
  for (const cell of cells) fill(cell);
}

function headingOf(scope, text, title = "") {
  const heading = element("th", text);
  heading.scope = scope;
  if (title) heading.title = title;
  return heading;
}

function waiting(transport, proxy) {
  const place = element("td");
  places.set(`${transport.name} ${proxy.name}`, place);
  place.dataset.proxy = proxy.name;
  place.append(element("div", "", "wait"));
  return place;
}

const lookOf = (cell) => (cell.verdict === "works" && cell.foreign_origin ? "open" : cell.verdict);

function fill(cell) {
  const place = places.get(`${cell.transport} ${cell.proxy}`);
  if (!place || place.querySelector("button")) return;
  const button = element("button", say(cell.says), `cell ${lookOf(cell)}`);
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    chosen = [cell.transport, cell.proxy];
    showDetail();
    $("detail").scrollIntoView({ block: "nearest" });
  });
  place.replaceChildren(button);
}

const duration = (ms) => (ms < 1000 ? t("ms", ms < 10 ? ms.toFixed(1) : Math.round(ms)) : t("s", (ms / 1000).toFixed(1)));

/** Shows what was measured of the chosen cell. */
function showDetail() {
  const cell = chosen && state.cells.find(({ transport, proxy }) => transport === chosen[0] && proxy === chosen[1]);
  $("detail").hidden = !cell;
  for (const button of document.querySelectorAll(".cell[aria-pressed=true]")) button.setAttribute("aria-pressed", "false");
  if (!cell) return;
  places.get(chosen.join(" "))?.querySelector("button")?.setAttribute("aria-pressed", "true");
  const titleOf = (name) => say(state.transports.find((transport) => transport.name === name).title);
  $("detailTitle").textContent = t("behind", titleOf(cell.transport), cell.proxy);
  $("kind").textContent = t("kind", say(state.proxies.find(({ name }) => name === cell.proxy).says));
  const facts = [[t("result"), say(cell.says)], [t("connects"), t(cell.connects ? "yes" : "no")]];
  if (cell.connects) {
    facts.push([t("down"), arrival(cell.down, cell.down_ms, cell.batch_messages)], [t("up"), arrival(cell.up, cell.up_ms)]);
  }
  if (cell.silence) facts.push([t("silence"), { held: t("held"), back: t("back"), dead: t("dead") }[cell.silence]]);
  if (cell.verdict !== "broken") facts.push([t("foreign"), t(cell.foreign_origin ? "accepted" : "refused")]);
  facts.push([t("cost"), t("costs", cell.connections, cell.requests)]);
  if (cell.error) facts.push([t("error"), cell.error]);
  $("facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}

function arrival(how, ms, messages) {
  if (how === "never") return t("never");
  if (how === "batch") return t("batch", messages, duration(ms));
  return t(how === "late" ? "late" : "atOnce", duration(ms));
}

await start();
$("measure").addEventListener("click", measure);
ask(0);
