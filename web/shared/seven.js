// More streams than a browser opens: six connections to one origin over HTTP/1.1, all tabs together.

import { $, element, onLang, t } from "./lab.js";

/**
 * Runs the buttons seven and sevenClose and the list slots. openOne() opens one more stream and returns
 * {opened, close}: a promise that holds once the stream is open, and what ends it.
 */
export function sevenStreams(openOne) {
  let streams = [];

  function show() {
    $("slots").replaceChildren(...streams.map((s, i) =>
      element("li", t(s.open ? "slotOpen" : "slotWaits", i + 2), s.open ? "good" : "waiting")));
    const waiting = streams.filter((s) => !s.open).length;
    $("sevenNote").textContent = streams.length === 0 ? "" : waiting ? t("sevenWaits", waiting) : t("sevenOpen");
    $("seven").disabled = streams.length > 0;
    $("sevenClose").disabled = streams.length === 0;
  }

  $("seven").addEventListener("click", () => {
    streams = Array.from({ length: 6 }, () => ({ open: false, ...openOne() }));
    for (const s of streams) s.opened.then(() => { s.open = true; show(); }, () => {});
    show();
  });
  $("sevenClose").addEventListener("click", () => {
    for (const s of streams) s.close();
    streams = [];
    show();
  });
  onLang(show);
}

export const sevenTexts = {
  en: {
    seven: "Open six more streams", sevenClose: "Close them", slotOpen: "stream {0}: open", slotWaits: "stream {0}: waits in the browser",
    sevenOpen: "All are open: this browser does not share six connections here.",
    sevenWaits: "{0} waits: a browser opens six HTTP/1.1 connections to one origin, and streams never give theirs back. Now send a message: it waits too. So would the seventh tab of your colleague.",
  },
  zh: {
    seven: "再打开六个流", sevenClose: "关掉它们", slotOpen: "第 {0} 个流：已打开", slotWaits: "第 {0} 个流：在浏览器里排队",
    sevenOpen: "全部打开了：这里没有六个连接的限制。",
    sevenWaits: "有 {0} 个在排队：浏览器对同一个源最多开六个 HTTP/1.1 连接，而流永远不归还连接。现在发一条消息试试：它也得等。同事打开的第七个标签页也一样。",
  },
};
