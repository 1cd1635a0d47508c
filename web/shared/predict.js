// Predictions: the answers go to the server, which says which slot is not right yet.

import { catalogue } from "./catalogue.js";
import { texts } from "./exercise-text.js";

const t = catalogue("exercise", texts);
const $ = (id) => document.getElementById(id);

/** Makes the form of slots work; see exercise.js for what page is. */
export function openPredict(page) {
  const slots = [...document.querySelectorAll(".slot")];
  const inputs = new Map(slots.map((slot) => [slot.dataset.slot, field(slot)]));
  const wrong = new Map(); // slot → the wrong answers so far
  let checks = 0;

  const answers = () => Object.fromEntries([...inputs].map(([slot, input]) => [slot, input.value]));
  const words = `${page.exercise}-answers`; // of this tab, for a reader who follows a link and comes back
  for (const [slot, text] of Object.entries(JSON.parse(sessionStorage.getItem(words) ?? "{}"))) if (inputs.has(slot)) inputs.get(slot).value = text;

  $("predict").addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = answers();
    sessionStorage.setItem(words, JSON.stringify(given));
    const tries = Object.fromEntries([...wrong].map(([slot, before]) => [slot, [...before].filter((text) => text !== given[slot]).length]));
    page.say(t("checking"));
    let verdict;
    try {
      const response = await fetch(`/lab/exercise/${page.exercise}/check?lang=${document.documentElement.lang.slice(0, 2)}`, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ answers: given, tries }),
      });
      verdict = await response.json();
      if (!response.ok) throw new Error(verdict.error);
    } catch (error) {
      page.say(error instanceof TypeError || error instanceof SyntaxError ? t("unreachable") : error.message, "bad");
      return;
    }
    checks++;
    show(verdict, given);
  });

  function show(verdict, given) {
    slots.forEach((slot, i) => {
      const right = verdict.passed || i < verdict.passing;
      const bad = slot.dataset.slot === verdict.slot;
      slot.querySelector(".mark").textContent = right ? `✓ ${t("right")}` : bad ? `✗ ${t("wrong")}` : t("later");
      slot.querySelector(".mark").className = right ? "mark good" : bad ? "mark bad" : "mark soft";
      slot.querySelector("[aria-describedby]").setAttribute("aria-invalid", bad);
    });
    $("fields").hidden = true;
    if (verdict.passed) {
      page.solved(checks);
      return;
    }
    if (verdict.counts) {
      if (!wrong.has(verdict.slot)) wrong.set(verdict.slot, new Set());
      wrong.get(verdict.slot).add(given[verdict.slot]);
    }
    page.say(verdict.message, "bad");
    const more = verdict.fields?.length ? table(verdict) : verdict.answer ? [revealed(verdict.answer)] : [];
    $("fields").replaceChildren(...more);
    $("fields").hidden = !more.length;
    page.tried(verdict.text, checks);
  }

  /** The fields of the answer, and of the right one as soon as it is revealed. */
  function table({ fields, answer, slot }) {
    const made = element("table");
    const head = element("tr");
    const columns = ["field", "yours", ...(answer ? ["expected"] : [])];
    for (const column of columns) {
      const cell = element("th", t(column));
      cell.scope = "col";
      head.append(cell);
    }
    made.append(element("thead"), element("tbody"));
    made.firstChild.append(head);
    for (const field of fields) {
      const row = element("tr");
      const name = element("th", field.name);
      name.scope = "row";
      row.append(name, element("td", `${field.ok ? "✓" : "✗"} ${field.yours}`, field.ok ? "good" : "bad"));
      if (answer) row.append(element("td", field.want));
      made.lastChild.append(row);
    }
    if (!answer) return [made, element("p", t("tries", wrong.get(slot).size), "soft")];
    return [made, revealed(answer)];
  }
}

function element(name, text = "", className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function revealed(answer) {
  const made = element("p", `${t("answer")} `);
  made.append(element("code", answer));
  return made;
}

/** The field of a slot, with a value: a text field, or the radio buttons of a choice. */
function field(slot) {
  const radios = [...slot.querySelectorAll("input[type=radio]")];
  if (!radios.length) return slot.querySelector("textarea");
  return {
    get value() { return radios.find((radio) => radio.checked)?.value ?? ""; },
    set value(letter) { for (const radio of radios) radio.checked = radio.value === letter; },
  };
}
