// Follow mode: the browser opens what the teacher opens, unless the student has turned that off.

const last = "class-led"; // what was followed last, as JSON: {question, move, path}
const off = "class-free";

/** Returns whether this browser follows the teacher. */
export const follows = () => localStorage.getItem(off) === null;

/** Turns following on or off. */
export function setFollows(on) {
  if (on) localStorage.removeItem(off);
  else localStorage.setItem(off, "1");
}

/**
 * Returns the path that a view leads to and that is new since was, or "". A vote comes first, then the page or the exercise
 * that the teacher opened last. A demo leads nowhere: it has another port, where nothing of the class would reach the student.
 */
export function lead(was, now) {
  if (now.question && now.question !== was.question) return "/lab/class/";
  return now.move !== was.move ? now.path : "";
}

/** Returns what a view leads to. */
export function led(view) {
  return {
    question: view.question?.round ? `${view.question.id} ${view.question.round}` : "",
    move: view.moved ?? "",
    path: view.at?.path ?? "",
  };
}

/** Goes where the view leads, if that is new and the student follows. A page with unsaved work is kept when keep is true. */
export function follow(view, keep = false) {
  if (!follows() || view.closed || keep) return;
  const was = JSON.parse(localStorage.getItem(last) ?? "{}");
  const now = led(view);
  localStorage.setItem(last, JSON.stringify(now));
  const to = lead(was, now);
  if (to && localized(to) !== location.href) location.assign(localized(to));
}

/** Returns the address of a path on this server, in the language that this page's address chose. */
export function localized(path) {
  const url = new URL(path, location.href);
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang) url.searchParams.set("lang", lang);
  return url.href;
}
