// A student's page: what the class does now, the vote, and the student's exercises.

import { catalogue } from "/lab/shared/catalogue.js";
import { follow, follows, localized, setFollows } from "./follow.js";
import { $, countDown, element, exercise, info, say, showClosed, showLive, states } from "./page.js";
import { drawQuestion } from "./question.js";
import { post, watch } from "./stream.js";
import { texts } from "./text.js";

const t = catalogue("class", texts);
const tick = countDown($("timer"));
let drawn = "";

function show(view) {
  const { me } = view;
  $("me").textContent = say(me.shown) === me.name ? me.name : `${me.name} (${say(me.shown)})`;
  $("group").hidden = !me.group;
  $("group").textContent = me.group ? t("group", me.group) : "";
  $("closed").hidden = !view.closed;
  tick(view.closed ? null : view.timer);
  if (view.closed) showClosed($("status"));
  else showLive($("status"), true);
  $("command").textContent = `lab exercise watch --class ${$("command").dataset.url} --seat ${me.seat_code}`;
  showPlaces(view);
  showExercises(view);
  const question = JSON.stringify(view.question ?? null);
  if (question !== drawn) drawQuestion($("question"), view.question, { vote: (i) => vote(view.question, i) });
  drawn = question;
  follow(view);
}

function showPlaces({ at, place, push, demo }) {
  const link = $("place").querySelector("a");
  $("place").hidden = !place || Boolean(place.demo) && !demo;
  if (place) {
    link.textContent = say(place.title);
    link.href = place.path ? localized(place.path) : demo || "#";
    link.target = place.demo ? "_blank" : "";
    link.classList.toggle("to-demo", Boolean(place.demo));
  }
  $("push").hidden = !push;
  if (push) {
    $("push").querySelector("a").textContent = say(exercise(push.exercise)?.title);
    $("push").querySelector("a").href = localized(info.exercises + push.exercise);
  }
  if (at && at.path === place?.path && at.demo === place?.demo) $("push").before($("place")); // the newest first
  else $("place").before($("push"));
  $("nothing").hidden = Boolean(place || push);
}

function showExercises({ me, today }) {
  const list = info.columns.filter((c) => today.length === 0 || today.includes(c.name));
  $("score").textContent = t("score", list.filter((c) => me.states[c.name] === "done").length, list.length);
  const lessons = new Map();
  for (const c of list) lessons.set(c.lesson, [...(lessons.get(c.lesson) ?? []), c]);
  const open = new Set([...$("exercises").querySelectorAll("details[open]")].map((d) => d.dataset.lesson));
  const next = list.find((c) => me.states[c.name] !== "done")?.lesson;
  const fresh = $("exercises").childElementCount === 0;
  $("exercises").replaceChildren(...[...lessons].map(([lesson, some]) => {
    const li = element("li");
    const details = element("details");
    details.dataset.lesson = lesson;
    details.open = today.length > 0 || (fresh ? lesson === next : open.has(lesson));
    const tasks = element("ol", "", "tasks");
    tasks.append(...some.map((c) => task(c, me.states[c.name] ?? "fresh")));
    const done = some.filter((c) => me.states[c.name] === "done").length;
    details.append(element("summary", `${say(info.lessons[lesson])} · ${done}/${some.length}`), tasks);
    li.append(details);
    return li;
  }));
}

function task(column, state) {
  const li = element("li", "", state);
  const a = element("a", say(column.title));
  a.href = localized(info.exercises + column.name);
  li.append(a, element("small", t(states[state])));
  return li;
}

async function vote(question, option) {
  try {
    await post("vote", { question: question.id, round: question.round, option });
  } catch {
    drawn = ""; // the vote was closed meanwhile: the next view says so
  }
}

$("follow").checked = follows();
$("follow").addEventListener("change", ({ target }) => setFollows(target.checked));
$("copy").addEventListener("click", async () => {
  const range = document.createRange();
  range.selectNodeContents($("command"));
  getSelection().removeAllRanges();
  getSelection().addRange(range); // on an address without a clipboard, the reader copies the selection
  await navigator.clipboard?.writeText($("command").textContent);
  if (navigator.clipboard) $("copied").textContent = t("copied");
});
$("leave").addEventListener("click", async () => {
  if (!confirm($("text-leave").content.textContent)) return;
  await post("leave");
  location.reload();
});

watch({ as: "student", show, live: (live) => showLive($("status"), live), gone: () => location.reload() });
