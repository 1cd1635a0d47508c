// More streams than a browser opens: six connections to one origin over HTTP/1.1, all tabs together. This window and the
// second one have a stream each.

import { catalogue } from "./catalogue.js";
import { $, element } from "./lab.js";
import { texts } from "./seven-text.js";

const t = catalogue("seven", texts);
const more = 5;

/**
 * Runs the buttons seven and sevenClose and the list slots. openOne() opens one more stream and returns
 * {opened, close}: a promise that holds once the stream is open, and what ends it. fact is called with "seventh waits" when
 * all but one are open, and with "streams closed". Returns what the buttons do: {open, close}.
 */
export function sevenStreams(openOne, fact) {
  let streams = [];

  function show() {
    $("slots").replaceChildren(...streams.map((s, i) =>
      element("li", t(s.open ? "slotOpen" : "slotWaits", i + 3), s.open ? "good" : "waiting")));
    const waiting = streams.filter((s) => !s.open).length;
    $("sevenNote").textContent = streams.length === 0 || waiting > 1 ? "" : t(waiting ? "sevenWaits" : "sevenOpen");
    $("seven").hidden = $("seven").disabled = streams.length > 0;
    $("sevenClose").hidden = $("sevenClose").disabled = streams.length === 0;
    if (waiting === 1) fact("seventh waits");
  }

  function open() {
    if (streams.length > 0) return;
    const opening = streams = Array.from({ length: more }, () => ({ open: false, ...openOne() }));
    for (const s of opening) s.opened.then(() => { s.open = true; if (streams === opening) show(); }, () => {});
    show();
  }

  function close() {
    for (const s of streams) s.close();
    streams = [];
    show();
    fact("streams closed");
  }

  $("seven").addEventListener("click", open);
  $("sevenClose").addEventListener("click", close);
  show();
  return { open, close };
}
