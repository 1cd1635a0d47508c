// A tree of questions that leads to a transport. The server says what each answer leaves out, and why. The page walks the
// tree. The answers stand in the address, as in #soon.clear.never: the browser's Back works, and a place can be shared.

import { carry } from "/lab/shared/bar.js";
import { catalogue, language } from "/lab/shared/catalogue.js";
import { $, element, start } from "/lab/shared/lab.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const say = (text) => text[language()];
const wanted = new Set(); // names of the extras that the reader has chosen
let tree = null; // what the server says

// #region walk
/** Follows the answers of that names through the tree, as far as it knows them. */
function walk(names) {
  let question = tree.tree;
  const given = []; // answers, each with its question
  const out = new Map(); // transport → the row that leaves it out
  for (const name of names) {
    const answer = question?.answers.find((a) => a.name === name);
    if (!answer) break;
    given.push({ ...answer, question });
    for (const [place, row] of Object.entries(answer.out)) out.set(Number(place), row);
    question = answer.next;
  }
  return { given, out, question, end: question ? null : given.at(-1) };
}
// #endregion

const named = () => location.hash.slice(1).split(".").filter(Boolean);
const address = (names) => `#${names.join(".")}`;
const namesOf = (given) => given.map(({ name }) => name);

function link(text, href, className = "") {
  const a = element("a", text, className);
  a.href = href;
  return a;
}

/** A paragraph of a label and what it names. */
function labelled(label, ...content) {
  const p = element("p", "", "more");
  p.append(element("span", label, "soft"), " ", ...content);
  return p;
}

/** The text of a case, with code between backticks. */
const marked = (text) => text.split("`").map((part, i) => (i % 2 ? element("code", part) : part));

function sectionLink({ lesson, heading, title }) {
  const lang = new URLSearchParams(location.search).get("lang");
  return link(say(title), `/lab/lesson/${lesson}${lang ? `?lang=${lang}` : ""}#${heading}`);
}

/** A link to a demo's step, or to the paragraph about the demo if the lab does not serve it now. */
function stepLink({ demo, step, text }) {
  const known = $("demos").querySelector(`[data-demo="${demo}"]`);
  const url = new URL(known.href);
  if (known.classList.contains("to-demo") && step) url.searchParams.set("step", step);
  const a = link(say(text), url.href, known.className);
  a.title = known.textContent;
  return a;
}

/** Where to read on, what to try, and the cells that count for one transport, or all that are given. */
function further({ read, try: step, rows }, place) {
  const parts = [labelled(t("read"), sectionLink(read)), labelled(t("try"), stepLink(step))];
  if (place !== undefined && rows.length > 0) {
    const cells = rows.map((at) => `${say(tree.rows[at].name)}${language() === "zh" ? "：" : ": "}${say(tree.rows[at].cells[place])}`);
    parts.push(labelled(t("rows"), cells.join(" · ")));
  }
  return parts;
}

function showQuestion({ given, question, end }) {
  $("question").textContent = end ? t("take", say(end.take)) : say(question.text);
  $("question").classList.toggle("take", end !== null);
  $("status").textContent = end ? t("answer") : t("question", given.length + 1);
  $("answers").hidden = end !== null;
  $("answers").replaceChildren(...(question?.answers ?? []).map((a) => link(say(a.text), address([...namesOf(given), a.name]), "button")));
  $("result").hidden = end === null;
  $("back").hidden = $("again").hidden = given.length === 0;
  $("back").href = address(namesOf(given).slice(0, -1));
}

function showReasons({ given, end }) {
  $("why").hidden = given.length === 0;
  $("reasons").replaceChildren(...given.map((answer, i) => {
    const item = element("li");
    const head = element("p");
    const change = link(t("change"), address(namesOf(given).slice(0, i)), "change");
    change.setAttribute("aria-label", `${t("change")}: ${say(answer.question.text)}`);
    head.append(element("span", say(answer.question.text), "soft"), " ", element("b", say(answer.text)), " ", change);
    item.append(head, element("p", say(answer.why)), ...further(answer, end?.place));
    return item;
  }));
}

/** The heads of the table: each transport, and whether it is left. */
function headOf({ name, title }, place, { out, end }) {
  const head = element("th");
  head.scope = "col";
  head.dataset.transport = name;
  const state = end?.place === place ? "taken" : out.has(place) ? "out" : "left";
  head.className = state;
  head.append(element("span", say(title)), element("small", t(state)));
  return head;
}

function sourceOf(row) {
  const cell = element("td", "", "source");
  const fold = element("details");
  const summary = element("summary", t("source"));
  summary.setAttribute("aria-label", t("sourceOf", say(row.name)));
  fold.append(summary, ...[...new Set(row.sources)].map((source) => element("code", source)));
  cell.append(fold);
  return cell;
}

function showTable(now) {
  const { given, out } = now;
  const used = [...new Set(given.flatMap(({ rows }) => rows))];
  $("transports").replaceChildren(element("td"), ...tree.transports.map((transport, i) => headOf(transport, i, now)), element("td"));
  $("rows").replaceChildren(...used.map((at) => {
    const row = tree.rows[at];
    const line = element("tr");
    const head = element("th", say(row.name));
    head.scope = "row";
    line.append(head, ...row.cells.map((cell, i) => {
      const td = element("td", say(cell), !out.has(i) ? "in" : out.get(i) === at ? "no" : "gone");
      td.dataset.transport = say(tree.transports[i].title);
      return td;
    }), sourceOf(row));
    return line;
  }));
}

function showExtras({ end }) {
  if (!end) return;
  const chosen = tree.extras.filter(({ name }) => wanted.has(name));
  $("advice").replaceChildren(...chosen.map((extra) => {
    const item = element("li");
    item.append(element("b", say(extra.text)), element("p", say(extra.advice[end.place])), ...further(extra, end.place));
    return item;
  }));
  const same = tree.cases.find(({ path }) => address(path) === address(named()));
  $("case").replaceChildren(...(same ? [`${t("case", say(same.name))} `, ...marked(say(same.because))] : []));
}

function fillExtras() {
  for (const { name, text } of tree.extras) {
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.name = name;
    box.addEventListener("change", () => {
      if (box.checked) wanted.add(name);
      else wanted.delete(name);
      showExtras(walk(named()));
      carry();
    });
    label.append(box, say(text));
    $("extras").append(label);
  }
}

/** The answers of a question as a list, each with what it leads to. */
function branch(question, names) {
  const list = element("ul");
  for (const answer of question.answers) {
    const item = element("li");
    const path = [...names, answer.name];
    item.append(link(say(answer.text), address(path)));
    if (answer.take) item.append(" → ", element("b", say(answer.take)));
    else item.append(element("p", say(answer.next.text), "soft"), branch(answer.next, path));
    list.append(item);
  }
  return list;
}

/** Marks the links to where the reader is. */
function markHere(given) {
  const here = address(namesOf(given));
  for (const a of document.querySelectorAll("#tree a, #cases a")) {
    if (a.getAttribute("href") === here) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}

function show() {
  const now = walk(named());
  showQuestion(now);
  showReasons(now);
  showTable(now);
  showExtras(now);
  markHere(now.given);
  carry();
}

await start();
try {
  tree = await (await fetch("/choice")).json();
  fillExtras();
  $("tree").append(element("p", say(tree.tree.text), "soft"), branch(tree.tree, []));
  $("cases").append(...tree.cases.map(({ name, path }) => {
    const item = element("li");
    item.append(link(say(name), address(path), "button"));
    return item;
  }));
  show();
  addEventListener("hashchange", () => {
    show();
    $("question").focus();
  });
} catch (err) {
  $("question").textContent = t("lost", err.message);
}
