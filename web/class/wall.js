// The wall: the board, the open question, and for the teacher the tools.

import { catalogue } from "/lab/shared/catalogue.js";
import { isKeyOld, keyIsOld, takeKey } from "/lab/shared/key.js";
import { drawBoard, drawPerson, drawSide } from "./board.js";
import { $, countDown, element, say, showClosed, showLive } from "./page.js";
import { drawQuestion } from "./question.js";
import { watch } from "./stream.js";
import { texts } from "./text.js";
import { begin, drawTools, order } from "./tools.js";

const t = catalogue("class", texts);
const teacher = document.body.dataset.role === "teacher";
const tick = countDown($("timer"));
let view = null;
let person = 0; // the student in the dialog
let drawn = { question: "", board: "", tools: "" };
let asked = ""; // the question that the wall has turned to by itself

/** Calls draw if what it draws has changed. */
function once(what, data, draw) {
  const key = JSON.stringify(data ?? null);
  if (drawn[what] === key) return;
  drawn[what] = key;
  draw();
}

function look(at) {
  document.body.dataset.view = at;
  if (!teacher) return;
  $("to-board").setAttribute("aria-pressed", String(at === "board"));
  $("to-question").setAttribute("aria-pressed", String(at === "question"));
}

function open(id) {
  person = id;
  const student = view.board.students.find((s) => s.id === id);
  if (!student) return;
  drawPerson(view, student);
  if (teacher) {
    $("new-name").value = say(student.name);
    $("person-group").hidden = !view.board.groups;
    $("group").replaceChildren(...Array.from({ length: view.board.groups ?? 0 }, (_, i) => new Option(String(i + 1), i + 1, false, student.group === i + 1)));
  }
  $("person").showModal();
}

function show(next) {
  if (teacher && next.role !== "teacher") { // the class was restarted, with another key
    keyIsOld(true);
    location.reload();
    return;
  }
  view = next;
  tick(view.closed ? null : view.timer);
  for (const id of ["qr", "address", "code-line"]) if ($(id)) $(id).hidden = view.closed;
  $("closed").hidden = !view.closed;
  if (view.closed) showClosed($("status"));
  else showLive($("status"), true);
  $("rehearsal").hidden = !view.rehearsal;
  const { board, question, xray } = view;
  once("board", [board, view.today], () => { drawBoard(view, open); drawSide(view, open); });
  once("question", [question, xray, board.present], () => {
    drawQuestion($("question"), question, { of: Math.max(board.present, ...(question?.voted ?? [])) });
    if (question && teacher) $("question").append(controls(question, xray));
  });
  if (question && asked !== question.id) look("question");
  if (!question && document.body.dataset.view === "question") look("board");
  asked = question?.id ?? "";
  if (teacher) once("tools", [view.teacher, view.place, view.push, view.closed, board.anonymous, board.groups, question?.id], () => drawTools(view));
}

/** The teacher's buttons for the open question. */
function controls(question, xray) {
  const row = element("p", "", "row controls");
  const add = (key, act, className = "") => {
    const button = element("button", t(key), className);
    button.type = "button";
    button.addEventListener("click", act);
    row.append(button);
  };
  const advance = (phase) => () => order("advance", { phase });
  if (question.phase === "voting") add("close", advance("counted"), "main");
  if (question.phase === "counted") add("revote", advance("revoting"), "main");
  if (question.phase === "revoting") add("count2", advance("shifted"), "main");
  if (question.phase === "counted" || question.phase === "shifted") add("reveal", advance("revealed"), question.phase === "shifted" ? "main" : "");
  if (question.phase === "revealed" && xray) {
    const a = element("a", t("bytes", question.demo), "button main to-demo");
    const url = new URL(xray, location.href);
    url.searchParams.set("xray", "open"); // see mount in xray.js
    a.href = url.href;
    a.target = "_blank";
    row.append(a);
  }
  add("end", () => order("end"));
  return row;
}

$("order").addEventListener("change", () => { if (view) { drawBoard(view, open); drawSide(view, open); } });
setInterval(() => { if (view && !$("person").open) { drawBoard(view, open); drawSide(view, open); } }, 30000); // the minutes go on
$("person").addEventListener("close", () => { person = 0; });

look("board");
if (await takeKey()) {
  location.reload(); // with the cookie, the page has the teacher's tools
} else {
  if (teacher) keyIsOld(false);
  if (isKeyOld()) $("problem").textContent = t("oldKey");
  if (teacher) begin({ look, person: () => person, name: () => $("person-name").textContent });
  watch({ as: teacher ? "" : "watcher", show, live: (live) => showLive($("status"), live) });
}
