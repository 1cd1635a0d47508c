// The board: one row a student, one cell an exercise.

import { catalogue, language } from "/lab/shared/catalogue.js";
import { $, element, exercise, info, minutesSince, say, states } from "./page.js";
import { texts } from "./text.js";

const t = catalogue("class", texts);
const away = 2; // minutes without a word
const many = 16; // columns from which they are narrow
const crowded = 40; // and from which they are narrower still

const orders = {
  name: (a, b) => say(a.name).localeCompare(say(b.name), language()),
  since: (a, b) => Number(busy(b)) - Number(busy(a)) || Date.parse(a.since) - Date.parse(b.since),
  solved: (a, b) => b.solved - a.solved || orders.name(a, b),
  group: (a, b) => (a.group ?? 0) - (b.group ?? 0) || orders.name(a, b),
};

/** Returns the exercises that the board shows: today's, or all. */
export const columns = (view) => info.columns.filter((c) => view.today.length === 0 || view.today.includes(c.name));

let shown = [];
const finished = (student) => shown.length > 0 && shown.every((c) => student.states[c.name] === "done");
const solved = (student) => shown.filter((c) => student.states[c.name] === "done").length;
const busy = (student) => Boolean(student.current) && student.states[student.current] !== "done";
const failing = (student) => Boolean(say(student.message)) && student.states[student.current] !== "done";

const step = ({ step, steps }) => (steps ? `${step ?? 0}/${steps}` : "");

/** Where a student is, as text. */
function where(student) {
  if (finished(student)) return t("all");
  if (!student.current) return "–";
  return student.current + (student.steps ? ` · ${step(student)}` : "");
}

function cell(student, column) {
  const td = element("td", "", "cell");
  const state = student.states[column.name] ?? "fresh";
  const here = student.current === column.name && state !== "done";
  const mark = element("span", "", ["mark", state, here && failing(student) ? "failing" : "", here ? "here" : ""].join(" ").trim());
  const says = [t(states[state]), here && t("here"), here && failing(student) && t("failing")].filter(Boolean).join(", ");
  td.title = `${column.name}: ${says}`;
  mark.append(element("span", says, "unseen"));
  td.append(mark);
  return td;
}

function row(student, open, groups) {
  const tr = element("tr");
  tr.dataset.id = student.id;
  const quiet = minutesSince(student.seen);
  if (quiet >= away) {
    tr.className = "away";
    tr.title = t("quiet", quiet);
  }
  const name = element("th");
  name.scope = "row";
  const button = element("button", say(student.name), "name");
  button.type = "button";
  button.addEventListener("click", () => open(student.id));
  name.append(button);
  if (groups && student.group) name.append(element("small", String(student.group), "group"));
  const at = element("td", "", "at");
  if (finished(student)) at.append(where(student));
  else at.append(element("span", student.current, "which"), ` ${step(student)}`);
  if (failing(student)) at.append(element("small", say(student.message), "said"));
  const working = busy(student);
  const message = element("td", working && failing(student) ? say(student.message) : "", "message");
  message.title = message.textContent;
  const tries = element("td", working ? `${student.tries ?? 0}${student.hints ? ` +${student.hints}` : ""}` : "", "tries");
  tries.title = t("triesHints", student.tries ?? 0, student.hints ?? 0);
  tr.append(name, element("td", String(solved(student)), "sum"), ...shown.map((c) => cell(student, c)), at,
    element("td", working ? t("minutes", minutesSince(student.since)) : "", "since"), tries, message);
  return tr;
}

function head() {
  const tr = element("tr");
  const th = (text, className = "") => {
    const e = element("th", "", className);
    e.scope = "col";
    e.append(element("span", text));
    tr.append(e);
    return e;
  };
  th(t("student"));
  th(t("solved"));
  shown.forEach((c, i) => {
    const e = th(c.name, `exercise ${i > 0 && shown[i - 1].lesson !== c.lesson ? "first" : ""}`);
    e.title = say(c.title);
  });
  th(t("at"), "at");
  th(t("since"), "since");
  th(t("tries"), "tries").title = t("triesHints", "n", "n");
  th(t("message"), "message");
  return tr;
}

/** Draws the board. open takes the ID of a student whose name was pressed. */
export function drawBoard(view, open) {
  shown = columns(view);
  const { students, groups, present } = view.board;
  const table = $("table");
  const focused = document.activeElement?.closest?.("tr")?.dataset.id;
  table.classList.toggle("many", shown.length >= many);
  table.classList.toggle("crowded", shown.length >= crowded);
  table.style.setProperty("--rows", Math.max(students.length, 8));
  table.tHead.replaceChildren(head());
  table.tBodies[0].replaceChildren(...[...students].sort(orders[$("order").value]).map((s) => row(s, open, groups)));
  table.hidden = students.length === 0;
  $("empty").hidden = students.length > 0;
  $("count").textContent = t("present", present, students.length);
  if (focused) table.querySelector(`[data-id="${focused}"] .name`)?.focus();
}

/** Draws who has been at one exercise for longest, and what fails most. */
export function drawSide(view, open) {
  const working = view.board.students.filter((s) => busy(s) && minutesSince(s.seen) < away);
  const longest = working.sort(orders.since).slice(0, 4).filter((s) => minutesSince(s.since) >= 1);
  $("stuck").replaceChildren(...longest.map((s) => {
    const li = element("li");
    const button = element("button", say(s.name), "name");
    button.type = "button";
    button.addEventListener("click", () => open(s.id));
    li.append(button, element("b", t("minutes", minutesSince(s.since))), element("small", where(s)));
    return li;
  }));
  if (longest.length === 0) $("stuck").append(element("li", t("nobody"), "soft"));
  $("failures").replaceChildren(...view.board.failures.map(failure));
  if (view.board.failures.length === 0) $("failures").append(element("li", t("nothing"), "soft"));
}

function failure(f) {
  const li = element("li");
  const head = element("p", "", "row");
  head.append(element("b", t("students", f.students), "times"), element("code", f.exercise));
  if (f.misconception) head.append(element("span", f.misconception, "badge"));
  li.append(head, element("p", say(f.message)));
  if (f.code) {
    const code = element("pre");
    code.append(element("code", f.code));
    code.tabIndex = 0;
    const details = element("details");
    details.append(element("summary", t("code")), code);
    li.append(details);
  }
  return li;
}

/** Fills the dialog about one student. */
export function drawPerson(view, student) {
  $("person-name").textContent = say(student.name);
  const facts = [
    [t("solved"), `${solved(student)}/${shown.length}`], [t("at"), where(student)],
    [t("tries"), t("triesHints", student.tries ?? 0, student.hints ?? 0)], [t("message"), say(student.message) || "–"],
  ];
  if (student.group) facts.unshift([t("groupHead"), String(student.group)]);
  if (exercise(student.current)) facts.splice(facts.findIndex(([name]) => name === t("at")) + 1, 0, [t("exercise"), say(exercise(student.current).title)]);
  $("person-facts").replaceChildren(...facts.flatMap(([name, value]) => [element("dt", name), element("dd", value)]));
}
