// The page of an exercise comes whole from the server. This module checks the reader's answer.

import { catalogue, setLanguage } from "./catalogue.js";
import { texts } from "./exercise-text.js";
import { openFixPage } from "./fix-page.js";
import { openPredict } from "./predict.js";
import { report } from "./report.js";
import { stateOf } from "./progress.js";

const t = catalogue("exercise", texts);
setLanguage(document.documentElement.lang === "zh-CN" ? "zh" : "en");

const $ = (id) => document.getElementById(id);
const { exercise, kind } = JSON.parse($("info").textContent);

/** What the two kinds need of the page. */
const page = {
  exercise,

  /** Says something about the answer: good or bad, or neither. */
  say(text, className = "") {
    $("found").textContent = text;
    $("found").className = className;
    if (className) $("found").scrollIntoView({ block: "nearest" });
  },

  /** The reader has tried: what the page says in both languages, as {en, zh}, and how often this was. */
  tried(message, tries) { report({ exercise, state: "begun", message, tries }); },

  /** The reader has solved it. */
  solved(tries) {
    page.say(t("passed"), "good");
    report({ exercise, state: "solved", message: {}, tries });
    showSolved();
  },
};

/** Shows that the exercise is solved, and what comes next. */
function showSolved() {
  $("solved").hidden = false;
  $("onward").hidden = false;
}

/** Shows one hint at a time: the next after the one before was opened. */
function openHints() {
  const hints = [...document.querySelectorAll(".hint")];
  hints.forEach((hint, i) => {
    hint.hidden = i > 0;
    hint.addEventListener("toggle", () => { if (hint.open && hints[i + 1]) hints[i + 1].hidden = false; });
  });
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const text = $(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = t("copied");
      setTimeout(() => { button.textContent = t("copy"); }, 2000);
    } catch { // a page without https has no clipboard: the reader copies the selection
      getSelection().selectAllChildren(text);
    }
  });
}

openHints();
if (kind === "predict") openPredict(page);
if (kind === "fix-page") openFixPage(page);
if (stateOf(exercise) === "solved") showSolved();
