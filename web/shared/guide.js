// The card of the guided steps. The texts are on the page; this module shows the current step and moves on.

import { catalogue } from "./catalogue.js";
import { $ } from "./lab.js";
import { texts } from "./stage-text.js";
import { advance, begin, phase } from "./steps.js";

const t = catalogue("stage", texts);

/**
 * A Guide leads through steps, see steps.js, from the one that ?step= names or from the first. acts are the functions of the
 * steps' buttons, by name.
 */
export class Guide {
  #steps; #acts; #state;
  #shown = "";

  constructor(steps, acts) {
    [this.#steps, this.#acts] = [steps, acts];
    this.#state = begin(steps, new URLSearchParams(location.search).get("step"));
    for (const card of $("step").querySelectorAll(".guided")) this.#listen(card);
    this.#show();
  }

  /** Takes a fact, such as "me ← chat message". */
  observe(fact) { this.#advance({ fact }); }

  #listen(card) {
    card.querySelectorAll(".guess").forEach((button, i) => button.addEventListener("click", () => this.#advance({ guess: i })));
    card.querySelectorAll(".act").forEach((button) => button.addEventListener("click", () => {
      const act = this.#steps[this.#state.at].acts[this.#state.acted];
      this.#advance({ acted: true });
      this.#acts[act]();
    }));
    card.querySelector(".next")?.addEventListener("click", () => this.#advance({ next: true }));
    card.querySelector(".again")?.addEventListener("click", () => this.#advance({ again: true }));
  }

  #advance(event) {
    this.#state = advance(this.#steps, this.#state, event);
    this.#show();
  }

  /** Shows the step if what it says has changed. The keyboard stays in the step if it is there. */
  #show() {
    const [steps, { at, guess, acted, solved }] = [this.#steps, this.#state];
    const now = phase(steps, this.#state);
    const key = JSON.stringify([at, now, guess, acted]);
    if (key === this.#shown) return;
    this.#shown = key;
    const held = $("step").contains(document.activeElement);
    $("step").dataset.phase = now;
    [...$("marks").children].forEach((mark, i) => { mark.className = i < at || i === at && now === "why" ? "done" : i === at ? "now" : ""; });
    const name = steps[at]?.name ?? "end";
    for (const card of $("step").querySelectorAll(".guided")) card.hidden = card.dataset.step !== name;
    $("which").textContent = now === "end" ? t("all") : t("which", at + 1, steps.length);
    if (now === "end") $("score").textContent = t("end", solved.filter(Boolean).length, solved.length);
    else this.#showStep(now);
    if (held) ($("step").querySelector(".guided:not([hidden]) :is(.act, .next):enabled:not([hidden])") ?? $("step").querySelector(".guided:not([hidden]) button:enabled:not([hidden])") ?? $("step")).focus();
    $("say").textContent = { guess: t("guessFirst"), act: t("guessed"), why: t(guess === steps[at]?.answer ? "right" : "wrong"), end: t("endWhy") }[now];
  }

  #showStep(now) {
    const { at, guess, acted } = this.#state;
    const card = $("step").querySelector(`[data-step="${this.#steps[at].name}"]`);
    card.querySelectorAll(".guess").forEach((button, i) => {
      button.disabled = now !== "guess";
      button.setAttribute("aria-pressed", i === guess);
      button.classList.toggle("answer", now === "why" && i === this.#steps[at].answer);
    });
    card.querySelectorAll(".act").forEach((button, i) => {
      button.hidden = i !== acted || now === "why";
      button.disabled = now !== "act";
    });
    card.querySelector(".next").hidden = now !== "why";
    card.querySelector(".explanation").hidden = now !== "why";
    card.querySelector(".verdict").textContent = now === "why" ? t(guess === this.#steps[at].answer ? "right" : "wrong") : "";
  }
}
