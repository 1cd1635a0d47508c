// Guided steps: the reader predicts, acts, and learns what happened. Pure: a state and an event make the next state.
//
// A step is data, from the page's steps.json: {name, answer, acts, until}. answer is the index of the right answer. acts
// names what the step's button does, one act each press. until says when the step is done: a list of groups of facts such
// as "me ← chat message". The facts of a group may come in any order, the groups come one after the other, and facts before
// the prediction do not count. The texts of a step are on the page already.

/** Returns the state before the step of that name, or before the first one. */
export const begin = (steps = [], name = "") => enter(Math.max(0, steps.findIndex((step) => step.name === name)), []);

const enter = (at, solved) => ({ at, solved, guess: null, acted: 0, left: null });

/**
 * Returns what the reader is to do: "guess", "act", "why" (the step is done, read on) or "end" (all steps are done).
 */
export function phase(steps, state) {
  if (state.at >= steps.length) return "end";
  if (state.guess === null) return "guess";
  return state.left.length > 0 ? "act" : "why";
}

/**
 * Returns the state after an event:
 *   {guess}        a prediction: the index of an answer
 *   {acted: true}  a press of the step's button, which begins again after its last act, for a reader who was too quick
 *   {fact}         an observation
 *   {next: true}   the reader goes on
 *   {again: true}  from the first step
 * An event that does not fit the phase changes nothing: the result is the same object.
 */
export function advance(steps, state, event) {
  const now = phase(steps, state);
  const step = steps[state.at];
  if ("again" in event) return begin();
  if ("guess" in event && now === "guess") return { ...state, guess: event.guess, left: step.until };
  if ("acted" in event && now === "act") return { ...state, acted: (state.acted + 1) % step.acts.length };
  if ("next" in event && now === "why") return enter(state.at + 1, [...state.solved, state.guess === step.answer]);
  if (!("fact" in event) || now !== "act" || !state.left[0].includes(event.fact)) return state;
  const group = state.left[0].filter((fact) => fact !== event.fact);
  return { ...state, left: group.length > 0 ? [group, ...state.left.slice(1)] : state.left.slice(1) };
}
