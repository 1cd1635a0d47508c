// Follow mode: the browser opens what the teacher opens, unless the student has turned that off.

const last = "class-led"; // what was followed last, as JSON: {question, push, place}
const off = "class-free";

/** Returns whether this browser follows the teacher. */
export const follows = () => localStorage.getItem(off) === null;

/** Turns following on or off. */
export function setFollows(on) {
  if (on) localStorage.removeItem(off);
  else localStorage.setItem(off, "1");
}

/**
 * Returns the path that a view leads to and that is new since was, or "". A vote comes first, then an exercise for everyone,
 * then the page that the class is shown.
 */
export function lead(was, now) {
  if (now.question && now.question !== was.question) return "/lab/class/";
  if (now.push && now.push !== was.push) return `/lab/exercise/${now.push.slice(now.push.indexOf(" ") + 1)}`;
  if (now.place && now.place !== was.place) return now.place;
  return "";
}

/** Returns what a view leads to. */
export function led(view) {
  return {
    question: view.question?.round ? `${view.question.id} ${view.question.round}` : "",
    push: view.push ? `${view.push.n} ${view.push.exercise}` : "",
    place: view.place?.path ?? "",
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
