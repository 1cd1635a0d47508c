// Helpers of all pages of the class: elements, texts, the time.

import { catalogue, language, setLanguage } from "/lab/shared/catalogue.js";
import { serverNow } from "./stream.js";
import { texts } from "./text.js";

setLanguage(document.documentElement.lang === "zh-CN" ? "zh" : "en");
const t = catalogue("class", texts);

/** The element with that id. */
export const $ = (id) => document.getElementById(id);

/** The data of this page that does not change. */
export const info = JSON.parse($("info")?.textContent ?? "{}");

/** Returns the text of a pair {en, zh} in the page's language. */
export const say = (pair) => pair?.[language()] ?? "";

/** A new element with text, never with markup. */
export function element(name, text = "", className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  return e;
}

/** A new element with one of the lab's own texts as HTML, such as a question. Nothing that a person types goes in here. */
export function rich(name, pair, className = "") {
  const e = element(name, "", className);
  e.innerHTML = say(pair);
  return e;
}

/** The text of each state of an exercise. */
export const states = { fresh: "fresh", started: "started", done: "done" };

/** Returns the exercise with that name, or undefined. */
export const exercise = (name) => info.columns.find((c) => c.name === name);

/** Returns the seconds until a time of the server's, at least 0. */
export const secondsLeft = (until) => Math.max(0, Math.ceil((Date.parse(until) - serverNow()) / 1000));

/** Returns the minutes since a time of the server's. */
export const minutesSince = (time) => Math.max(0, Math.floor((serverNow() - Date.parse(time)) / 60000));

/** Shows the countdown in e. It goes on by itself. */
export function countDown(e) {
  let timer = null;
  const draw = () => {
    e.hidden = !timer;
    if (!timer) return;
    const left = secondsLeft(timer.until);
    const text = left > 0 ? `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}` : t("over");
    if (e.textContent !== text) e.textContent = text;
    e.classList.toggle("late", left === 0);
  };
  setInterval(draw, 500);
  return (next) => { timer = next ?? null; draw(); };
}

/** Shows that the teacher has closed the class. */
export function showClosed(e) {
  e.textContent = t("closed");
  e.className = "badge bad";
}

/** Shows whether the connection stands. */
export function showLive(e, live) {
  e.textContent = t(live ? "live" : "away");
  e.className = `badge ${live ? "good" : "bad"}`;
}
