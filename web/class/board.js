// The board: one row a student, one cell an exercise, or a lesson if there are many exercises.

import { catalogue, language } from "/lab/shared/catalogue.js";
import { layout } from "./columns.js";
import { $, element, exercise, info, minutesSince, say, states } from "./page.js";
import { texts } from "./text.js";

const t = catalogue("class", texts);
const away = 2; // minutes without a word
const many = 16; // columns from which they are narrow

const orders = {
  name: (a, b) => say(a.name).localeCompare(say(b.name), language()),
  since: (a, b) => Number(busy(b)) - Number(busy(a)) || Date.parse(a.since) - Date.parse(b.since),
  solved: (a, b) => b.solved - a.solved || orders.name(a, b),
  group: (a, b) => (a.group ?? 0) - (b.group ?? 0) || orders.name(a, b),
};

/** Returns the exercises that the board shows: today's, or all. */
export const columns = (view) => info.columns.filter((c) => view.today.length === 0 || view.today.includes(c.name));

let shown = [];
let laid = []; // the columns of the exercises shown
let unfolded = ""; // the lesson whose exercises are shown, of many
let drawnHeads = "";
let redraw = () => {};
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

/** The cell of a lesson: how many of its exercises are solved. */
function lessonCell(student, { lesson, exercises }) {
  const stateOf = ({ name }) => student.states[name] ?? "fresh";
  const done = exercises.filter((e) => stateOf(e) === "done").length;
  const begun = exercises.some((e) => stateOf(e) !== "fresh");
  const here = busy(student) && exercises.some(({ name }) => name === student.current);
  const marks = [here && failing(student) && "failing", here && "here"].filter(Boolean);
  const state = done === exercises.length ? "done" : begun ? "started" : "fresh";
  const td = element("td", "", "cell lesson");
  const says = marks.map((mark) => t(mark)).join(", ");
  td.title = [`${lesson}: ${t("score", done, exercises.length)}`, says].filter(Boolean).join(", ");
  const share = element("span", `${done}/${exercises.length}`, ["share", state, ...marks].join(" "));
  share.append(element("span", says, "unseen"));
  td.append(share);
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
  else at.append(`${student.current} ${step(student)}`);
  if (failing(student)) at.append(element("small", say(student.message), "said"));
  const working = busy(student);
  const message = element("td", working && failing(student) ? say(student.message) : "", "message");
  message.title = message.textContent;
  const tries = element("td", working ? `${student.tries ?? 0}${student.hints ? ` +${student.hints}` : ""}` : "", "tries");
  tries.title = t("triesHints", student.tries ?? 0, student.hints ?? 0);
  tr.append(name, element("td", String(solved(student)), "sum"), ...laid.map((c) => (c.exercises ? lessonCell : cell)(student, c)), at,
    element("td", working ? t("minutes", minutesSince(student.since)) : "", "since"), tries, message);
  return tr;
}

/** The button that shows and hides the exercises of a lesson. */
function foldButton({ lesson, open }) {
  const button = element("button", `${open ? "−" : "+"} ${lesson}`, "fold");
  button.type = "button";
  button.dataset.lesson = lesson;
  button.setAttribute("aria-expanded", String(open));
  button.setAttribute("aria-label", t("exercisesOf", lesson));
  button.addEventListener("click", () => {
    unfolded = open ? "" : lesson;
    redraw();
  });
  return button;
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
  laid.forEach((c, i) => {
    const e = th(c.exercises ? "" : c.name, `exercise ${i > 0 && laid[i - 1].lesson !== c.lesson ? "first" : ""}`);
    if (c.exercises) e.firstChild.append(foldButton(c));
    e.title = say(c.exercises ? info.lessons[c.lesson] : c.title);
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
  laid = layout(shown, unfolded);
  redraw = () => drawBoard(view, open);
  const { students, groups, present } = view.board;
  const table = $("table");
  const { id, lesson } = { ...document.activeElement?.closest?.("tr")?.dataset, ...document.activeElement?.dataset };
  table.classList.toggle("many", laid.length >= many);
  table.style.setProperty("--rows", Math.max(students.length, 8));
  const heads = laid.map((c) => c.name ?? `${c.lesson} ${c.open}`).join();
  if (heads !== drawnHeads) table.tHead.replaceChildren(head()); // else a click on a new button would be lost
  drawnHeads = heads;
  table.tBodies[0].replaceChildren(...[...students].sort(orders[$("order").value]).map((s) => row(s, open, groups)));
  table.hidden = students.length === 0;
  $("empty").hidden = students.length > 0;
  $("count").textContent = t("present", present, students.length);
  if (id) table.querySelector(`[data-id="${id}"] .name`)?.focus();
  if (lesson) table.querySelector(`[data-lesson="${lesson}"]`)?.focus();
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
