// The class as the server sends it: a view for this browser's role, after each change.

const files = "/lab/class/";
let ahead = 0; // of the server's clock, before this page's, in ms

/** Returns the server's time in ms. */
export const serverNow = () => Date.now() + ahead;

/** Returns the role of this browser: "teacher", "student" or "none". */
export async function role() {
  const response = await fetch(`${files}me`);
  return (await response.json()).role;
}

/**
 * Calls show with each view, and live with whether the connection stands. as is "student" or "watcher" where the role is not
 * to be the strongest that the browser has. gone is called when the seat was removed.
 */
export function watch({ as = "", show, live = () => {}, gone = () => {} }) {
  const events = new EventSource(`${files}events${as && `?as=${as}`}`);
  events.addEventListener("open", () => live(true));
  events.addEventListener("clock", ({ data }) => { ahead = Number(data) - Date.now(); });
  events.addEventListener("message", ({ data }) => show(JSON.parse(data)));
  events.addEventListener("gone", () => { events.close(); gone(); });
  events.addEventListener("error", () => {
    live(false);
    if (events.readyState === EventSource.CLOSED) setTimeout(() => watch({ as, show, live, gone }), 3000); // refused: too many
  });
}

/** Posts JSON to a path below /lab/class/. Returns the answer, or throws an error with the server's reason. */
export async function post(path, body = {}) {
  const response = await fetch(files + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  if (!response.ok) throw Object.assign(new Error(answer.error ?? response.statusText), { status: response.status });
  return answer;
}
