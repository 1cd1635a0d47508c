// The teacher's tools: each sends one order to the server, and the next view shows what has changed.

import { catalogue } from "/lab/shared/catalogue.js";
import { $, element, info, rich, say } from "./page.js";
import { post } from "./stream.js";
import { texts } from "./text.js";

const t = catalogue("class", texts);

/** Sends an order, and shows why it was refused. Returns whether it was obeyed. */
export async function order(action, body = {}) {
  try {
    await post(`teacher/${action}`, body);
    $("problem").textContent = "";
    return true;
  } catch (error) {
    $("problem").textContent = error.message;
    return false;
  }
}

/** Runs act when the form is sent or the button is pressed, and then closes the tool around it. */
function on(id, act) {
  const e = $(id);
  e.addEventListener(e.tagName === "FORM" ? "submit" : "click", async (event) => {
    event.preventDefault();
    if (await act()) e.closest(".tool")?.removeAttribute("open");
  });
}

/** Fills a select with options in groups. */
function fill(select, items, group, make) {
  const groups = new Map();
  for (const item of items) groups.set(group(item), [...(groups.get(group(item)) ?? []), make(item)]);
  select.replaceChildren(...[...groups].map(([label, options]) => {
    const e = document.createElement("optgroup");
    e.label = label;
    e.append(...options);
    return e;
  }));
}

/** Connects the tools. look changes between board and question; person returns the ID of the student in the dialog. */
export function begin({ look, person, name }) {
  $("to-board").addEventListener("click", () => look("board"));
  $("to-question").addEventListener("click", () => look("question"));

  const plain = (html) => rich("span", html).textContent;
  fill($("ask-id"), info.questions, (q) => say(q.title), (q) => new Option(plain(q.ask), q.id));
  const preview = () => $("ask-text").replaceChildren(rich("span", info.questions.find((q) => q.id === $("ask-id").value)?.ask));
  $("ask-id").addEventListener("change", preview);
  preview();
  on("ask", () => order("open", { question: $("ask-id").value }));

  const kind = (p) => (p.demo ? "demo" : p.path.split("/")[2]);
  fill($("show-place"), info.places, kind, (p) => new Option(p.demo ? t("demo", say(p.title)) : say(p.title), JSON.stringify({ path: p.path, demo: p.demo })));
  on("show", () => order("show", JSON.parse($("show-place").value)));
  on("show-none", () => order("show"));

  fill($("push-name"), info.columns, (c) => c.lesson, (c) => new Option(`${c.name}: ${say(c.title)}`, c.name));
  on("push", () => order("push", { exercise: $("push-name").value }));
  on("push-none", () => order("push"));
  $("today").replaceChildren(...info.columns.map((c) => {
    const label = element("label", "", "field");
    const box = element("input");
    box.type = "checkbox";
    box.value = c.name;
    label.append(box, ` ${c.name}`);
    return label;
  }));
  const boxes = () => [...$("today").querySelectorAll("input")];
  for (const preset of document.querySelectorAll(".preset")) {
    const set = new Set(info.columns.filter((c) => c.set === preset.value).map((c) => c.name));
    preset.addEventListener("click", () => { for (const box of boxes()) box.checked = set.has(box.value); });
  }
  on("assign", () => order("assign", { today: boxes().filter((b) => b.checked).map((b) => b.value) }));
  on("today-all", () => order("assign", { today: [] }));

  on("clock", () => order("timer", { seconds: Math.round(Number($("minutes").value) * 60) }));
  on("clock-off", () => order("timer", { seconds: 0 }));
  $("anonymous").addEventListener("change", ({ target }) => order("anonymous", { on: target.checked }));
  on("people", () => order("groups", { groups: Number($("groups").value) }));
  on("close-class", () => confirm(t("sureClose")) && order("close", { on: true }));
  on("reopen", () => order("close", { on: false }));

  on("rename", () => order("rename", { id: person(), name: $("new-name").value }).then((ok) => { if (ok) $("person").close(); }));
  on("remove", async () => { if (confirm(t("sure", name())) && await order("remove", { id: person() })) $("person").close(); });
  $("group").addEventListener("change", ({ target }) => order("move", { id: person(), group: Number(target.value) }));
  addEventListener("keydown", ({ key }) => { if (key === "Escape") document.querySelector(".tool[open]")?.removeAttribute("open"); });
  addEventListener("click", ({ target }) => { if (!target.closest(".tool")) document.querySelector(".tool[open]")?.removeAttribute("open"); });
}

/** Shows the state of the class in the tools. */
export function drawTools(view) {
  $("code").textContent = view.teacher.code;
  $("to-question").disabled = !view.question;
  $("anonymous").checked = view.board.anonymous;
  if (document.activeElement !== $("groups")) $("groups").value = view.board.groups ?? 0;
  for (const box of $("today").querySelectorAll("input")) box.checked = view.today.includes(box.value);
  $("shown").textContent = view.place ? t("shownNow", say(view.place.title)) : t("none");
  const now = [view.closed && t("closed"), view.place && t("shownNow", say(view.place.title)), view.push && t("sentTo", view.push.exercise)];
  $("shown-now").textContent = now.filter(Boolean).join(" · ");
  $("close-class").hidden = view.closed;
  $("reopen").hidden = !view.closed;
  $("claims").replaceChildren(...view.teacher.claims.map((claim) => {
    const li = element("li", t("claim", say(claim.name)));
    const row = element("span", "", "row");
    for (const grant of [true, false]) {
      const button = element("button", t(grant ? "grant" : "refuse"), grant ? "main" : "");
      button.type = "button";
      button.addEventListener("click", () => order("decide", { claim: claim.id, grant }));
      row.append(button);
    }
    li.append(row);
    return li;
  }));
}
