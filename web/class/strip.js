// The strip on every page while the lab serves a class: where the class is, the timer, the open question. For the teacher:
// the button that shows this page to the class.

import { catalogue, language, setLanguage } from "/lab/shared/catalogue.js";
import { follow, follows, localized, setFollows } from "./follow.js";
import { post, role, watch } from "./stream.js";
import { texts } from "./text.js";

const leading = "class-leads"; // in the teacher's browser: each page that opens is shown to the class
const here = () => location.pathname + location.hash;

/** Returns a new element for the strip. */
function make(name, text = "", className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  return e;
}

function link(text, href, className = "") {
  const a = make("a", text, `button ${className}`.trim());
  a.href = localized(href);
  return a;
}

function check(text, checked, change) {
  const label = make("label", "", "field");
  const box = make("input");
  box.type = "checkbox";
  box.checked = checked;
  box.addEventListener("change", () => change(box.checked));
  label.append(box, ` ${text}`);
  return label;
}

function begin(t) {
  const strip = make("aside", "", "class-strip");
  strip.setAttribute("aria-label", t("question"));
  const sheet = make("link");
  sheet.rel = "stylesheet";
  sheet.href = "/lab/class/files/strip.css";
  document.head.append(sheet);
  document.body.append(strip);
  return strip;
}

/** The teacher's strip. */
function teach(strip, t) {
  const show = () => post("teacher/show", { path: here() }).catch((error) => { say.textContent = error.message; });
  const say = make("span", "", "soft");
  const button = make("button", t("showThis"), "main");
  button.type = "button";
  button.addEventListener("click", show);
  const leads = sessionStorage.getItem(leading) !== null;
  strip.append(link(t("wall"), "/lab/class/wall/"), button, check(t("lead"), leads, (on) => {
    if (on) sessionStorage.setItem(leading, "1");
    else sessionStorage.removeItem(leading);
    if (on) show();
  }), say);
  if (leads) show();
  addEventListener("hashchange", () => { if (sessionStorage.getItem(leading) !== null) show(); });
}

/** Returns the text and the link to where the class is, unless this page is there. */
function where({ at, demo }, t) {
  if (!at || at.path === here() || at.demo && !demo) return [];
  const title = at.title[language()];
  if (!at.demo) return [`${t("atClass", title)} `, link(t("go"), at.path)];
  const open = link(t("openDemo"), demo);
  open.target = "_blank"; // this page stays, because it follows the class
  return [`${t("atClass", t("demo", title))} `, open];
}

/** A student's strip. */
function study(strip, t) {
  const place = make("span", "", "grow");
  const time = make("b");
  strip.append(link(t("joinFirst"), "/lab/class/"), place, time, check(t("following"), follows(), setFollows));
  const home = strip.querySelector("a");
  watch({
    as: "student",
    show(view) {
      const voting = Boolean(view.question?.round);
      home.textContent = voting ? t("voteNow") : view.me.name;
      home.classList.toggle("main", voting);
      place.replaceChildren(...where(view, t));
      const left = view.timer ? Math.max(0, Math.round((Date.parse(view.timer.until) - Date.now()) / 60000)) : 0;
      time.textContent = left ? t("minutes", left) : "";
      follow(view, written());
    },
    gone: () => location.assign("/lab/class/"),
  });
  reportExercise();
}

/** Returns whether the reader has written an answer that would be lost. The browser keeps the code of an exercise. */
function written() {
  const solved = document.getElementById("onward")?.hidden === false;
  return !solved && [...document.querySelectorAll("main textarea:not(#code)")].some((e) => e.value !== e.defaultValue);
}

/** Reports what the reader does in an exercise on this page, see /lab/shared/report.js. */
function reportExercise() {
  const [, exercise] = /^\/lab\/exercise\/([\w-]+)$/.exec(location.pathname) ?? [];
  if (!exercise) return;
  const send = (progress) => post("progress", { current: exercise, ...progress }).catch(() => {}); // a closed class
  send({});
  document.addEventListener("lab-exercise", ({ detail: { state, message, tries } }) => {
    send({ check: { exercise, passed: state === "solved", message, tries } });
  });
  document.addEventListener("toggle", () => {
    const opened = document.querySelectorAll("details.hint[open]").length;
    if (opened) send({ hints: { [exercise]: opened } });
  }, true);
}

if (!location.pathname.startsWith("/lab/class/")) {
  setLanguage(document.documentElement.lang === "zh-CN" ? "zh" : "en");
  const t = catalogue("class", texts);
  const who = await role();
  const strip = begin(t);
  if (who === "teacher") teach(strip, t);
  else if (who === "student") study(strip, t);
  else strip.append(link(t("joinFirst"), "/lab/class/", "main"));
}
