// Reports of an exercise's page about the reader's progress. A page around it, such as a class, may
// listen, too.

import { record } from "./progress.js";

/** Reports an attempt: {exercise, state, message, tries}. message is {en, zh}. state is "begun" or "solved". */
export function report(attempt) {
  record(attempt.exercise, attempt.state);
  document.dispatchEvent(new CustomEvent("lab-exercise", { detail: attempt }));
}
