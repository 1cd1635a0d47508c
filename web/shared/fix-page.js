// Pages to fix: the reader edits page.js, and a sandboxed frame runs the check on it.

import { catalogue } from "./catalogue.js";
import { texts } from "./exercise-text.js";
import { check } from "./fix-run.js";

const t = catalogue("exercise", texts);
const $ = (id) => document.getElementById(id);
const mostLines = 200;

/** Makes the editor and its buttons work; see exercise.js for what page is. */
export function openFixPage(page) {
  const code = $("code");
  const starter = code.value;
  const steps = [...$("steps").children];
  const kept = `${page.exercise}-code`;
  code.value = localStorage.getItem(kept) ?? starter;
  let runs = 0;

  const keep = () => localStorage.setItem(kept, code.value);
  code.addEventListener("keydown", indent);

  function mark(passing, failed) {
    steps.forEach((step, i) => {
      const [className, text] = i < passing ? ["good", "✓"] : i === failed ? ["bad", "✗"] : ["", ""];
      step.className = className;
      step.querySelector(".mark").textContent = text;
    });
  }

  const before = `${page.exercise}-code-before`; // what Reset replaced, until the next edit
  function offer() {
    const undo = localStorage.getItem(before) !== null;
    $("reset").textContent = t(undo ? "undo" : "reset");
    $("reset").disabled = !undo && code.value === starter;
    if (!CSS.supports("field-sizing", "content")) code.rows = Math.max(14, code.value.split("\n").length);
  }
  function edited() {
    localStorage.removeItem(before);
    keep();
    offer();
  }
  code.addEventListener("input", edited);
  offer();

  $("reset").addEventListener("click", () => {
    const replaced = localStorage.getItem(before);
    if (replaced === null) localStorage.setItem(before, code.value);
    else localStorage.removeItem(before);
    code.value = replaced ?? starter;
    keep();
    offer();
    mark(0);
    page.say("");
    $("output").hidden = true;
  });

  $("run").addEventListener("click", async () => {
    keep();
    $("run").disabled = true;
    page.say(t("checking"));
    mark(0);
    try {
      const result = await check(page.exercise, code.value, (step) => mark(step));
      runs++;
      show(result);
    } catch (error) {
      page.say(error instanceof TypeError ? t("unreachable") : t("noFrame", error.message), "bad");
    }
    $("run").disabled = false;
  });

  function show({ passing, printed, problem }) {
    mark(passing, problem ? passing : undefined);
    $("output").hidden = printed.length === 0;
    $("printed").replaceChildren(...printed.slice(-mostLines).map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
    if (!problem) {
      page.solved(runs);
      return;
    }
    const message = problem[document.documentElement.lang === "zh-CN" ? "zh" : "en"];
    page.say(message, "bad");
    if (problem.line) showLine(problem.line);
    page.tried({ en: problem.en, zh: problem.zh }, runs);
  }

  /** Selects a line of the code. */
  function showLine(number) {
    const lines = code.value.split("\n");
    const start = lines.slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
    code.setSelectionRange(start, start + (lines[number - 1]?.length ?? 0));
  }

  /** Two spaces after Enter as in the line before, and for Tab at the keyboard's usual places unless Escape came before it. */
  let free = false;
  function indent(event) {
    if (event.key === "Escape") {
      free = true;
      return;
    }
    if (event.key === "Tab" && !event.shiftKey && !free) {
      event.preventDefault();
      code.setRangeText("  ", code.selectionStart, code.selectionEnd, "end");
      edited();
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      const line = code.value.slice(0, code.selectionStart).split("\n").at(-1);
      const more = /[{([]\s*$/.test(line) ? "  " : "";
      code.setRangeText(`\n${/^\s*/.exec(line)[0]}${more}`, code.selectionStart, code.selectionEnd, "end");
      edited();
    }
    free = false;
  }
}
