// The reader's progress with the exercises, in a cookie: the demos of the lab are on different ports, and the storage of a
// browser belongs to one port. The server draws the lists from it, see internal/site/exercise.go.

const cookie = "lab-progress";
const year = 365 * 24 * 3600; // s
const most = 3500; // bytes of one cookie that browsers keep

/** Reads a progress: names joined by dots, a ~ before those that were begun and are not solved. Returns name → "begun" or "solved". */
export function parse(text) {
  const all = new Map();
  for (const name of text.split(".")) {
    if (/^~?[a-z0-9-]+$/.test(name)) all.set(name.replace("~", ""), name.startsWith("~") ? "begun" : "solved");
  }
  return all;
}

/** Writes a progress. If it is too long for a cookie, the exercises that were only begun go first, the oldest at the beginning. */
export function format(all) {
  const names = [...all].map(([name, state]) => (state === "begun" ? `~${name}` : name));
  while (names.join(".").length > most) names.splice(Math.max(0, names.findIndex((name) => name.startsWith("~"))), 1);
  return names.join(".");
}

function read() {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${cookie}=`));
  return parse(found?.slice(cookie.length + 1) ?? "");
}

function write(text, age) {
  document.cookie = `${cookie}=${text}; path=/; max-age=${age}; samesite=strict`;
}

/** Returns "begun", "solved" or undefined. */
export const stateOf = (name) => read().get(name);

/** Records that the reader has begun or solved an exercise. What is solved stays solved. */
export function record(name, state) {
  const all = read();
  if (all.get(name) === "solved") return;
  all.delete(name); // the newest stands last
  all.set(name, state);
  write(format(all), year);
}

/** Forgets everything. */
export function forget() { write("", 0); }
