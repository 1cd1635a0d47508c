// The open question, on the wall and on a student's page.

import { catalogue, language } from "/lab/shared/catalogue.js";
import { element, rich, say } from "./page.js";
import { texts } from "./text.js";

const t = catalogue("class", texts);
const says = { voting: "alone", counted: "counted", revoting: "again", shifted: "shifted", revealed: "revealed" };

/** Returns the bar of one round's votes for an option. It says the number, too. */
function bar(votes, of, label, className) {
  const e = element("div", "", `bar-row ${className}`);
  const fill = element("span", "", "fill");
  fill.style.setProperty("--part", of ? votes / of : 0);
  e.append(element("small", label), fill, element("b", String(votes)));
  return e;
}

function option(question, i, vote) {
  const li = element("li", "", "option");
  const right = question.answer === i;
  if (right) li.classList.add("right");
  const mine = question.mine ?? [];
  const chosen = question.round ? mine[question.round - 1] : mine[1] >= 0 ? mine[1] : mine[0];
  const face = element(vote ? "button" : "div", "", "face");
  face.append(element("span", String.fromCharCode(65 + i), "letter"), rich("span", question.options[i], "choice"));
  if (vote) {
    face.type = "button";
    face.setAttribute("aria-pressed", String(chosen === i));
    face.addEventListener("click", () => vote(i));
  } else if (chosen === i) {
    face.append(element("small", t("mine"), "mine"));
  }
  if (right) face.append(element("strong", t("right"), "good"));
  li.append(face);
  question.counts?.forEach((counts, round) => {
    li.append(bar(counts[i], question.voted[round], t(round ? "second" : "first"), round ? "again" : "alone"));
  });
  const note = say(question.notes?.[i]);
  if (note && !right) li.append(element("p", t("missed", note), "soft"));
  return li;
}

function verdict(question) {
  const { mine, answer } = question;
  if (!mine || answer === undefined) return null;
  const chosen = mine[1] >= 0 ? mine[1] : mine[0];
  if (chosen < 0) return element("p", t("noVote"), "soft");
  return element("p", t(chosen === answer ? "isRight" : "isWrong"), chosen === answer ? "good" : "bad");
}

/**
 * Draws the question into e. vote takes the chosen option, on a page that may vote. of is the number of students, on the
 * wall.
 */
export function drawQuestion(e, question, { vote, of }) {
  e.hidden = !question;
  if (!question) {
    e.replaceChildren();
    return;
  }
  const focused = [...e.querySelectorAll(".face")].indexOf(document.activeElement);
  const open = e.querySelector("details")?.open ?? false;
  const head = element("p", `${say(question.title)} · ${t(says[question.phase])}`, "phase");
  const ask = rich("h2", question.ask, "ask");
  const options = element("ol", "", "options");
  options.append(...question.options.map((_, i) => option(question, i, question.round ? vote : undefined)));
  e.replaceChildren(head, ask);
  if (say(question.text)) {
    const details = element("details", "", "context");
    details.open = open;
    details.append(element("summary", t("context")), rich("div", question.text));
    e.append(details);
  }
  e.append(options);
  if (of !== undefined && question.round) e.append(element("p", t("voted", question.voted[question.round - 1], of), "turnout"));
  const said = verdict(question);
  if (said) e.append(said);
  if (question.shift) e.append(element("p", t("shift", question.shift.gained, question.shift.lost), "shift"));
  if (say(question.why)) e.append(rich("div", question.why, "because"));
  e.lang = language() === "zh" ? "zh-CN" : "en";
  if (focused >= 0) e.querySelectorAll(".face")[focused]?.focus();
}
