// The sentence under the podium: which lane won, and what the measurement says about the reason.

/** Returns a time as the audience reads it. */
export function time(ms) {
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`;
  return ms < 1 ? "< 1 ms" : `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}

// The texts of each measure.
const texts = {
  bytes: { value: "value-bytes", won: "won-bytes", asks: "asks-bytes", last: "last-bytes" },
  delay: { value: "value-delay", won: "won-delay", asks: "asks-delay", last: "last-delay" },
  silence: { value: "value-silence", won: "won-silence", asks: "asks-silence", last: "last-silence" },
};

const figures = { bytes: (p) => Math.round(p.bytes), delay: (p) => time(p.delay), silence: (p) => time(p.silence) };

/** Returns the figure of a place that decides a round as the audience reads it. */
export const figure = (wins, place) => figures[wins](place);

/** Returns the figure of a place that decides a round with its unit, and its lost messages if there are any. */
export function decides(t, wins, place) {
  const text = t(texts[wins].value, figure(wins, place));
  return place.lost ? `${text} · ${t("lost", place.lost)}` : text;
}

/** Returns names as a list: "a, b and c". */
export function list(t, names) {
  if (names.length < 2) return names.join("");
  return t("and", names.slice(0, -1).join(t("comma")), names.at(-1));
}

/** Returns one sentence about the places, which are in order. t looks up a text, name(lane) says a lane's name. */
export function why(t, wins, places, name) {
  if (!places?.length) return t("noReport");
  const winners = places.filter((p) => p.rank === 1);
  const loser = places.at(-1);
  const first = t(texts[wins].won, list(t, winners.map((p) => name(p.lane))), figure(wins, winners[0]));
  if (loser.rank === 1) return t("allSame", first);
  return t("but", first, reason(t, wins, loser, name(loser.lane)));
}

/** Says what held the last lane up. */
function reason(t, wins, loser, name) {
  if (loser.lost) return t("lostSome", name, loser.lost);
  const asks = loser.requests > 0.015;
  return t(texts[wins][asks ? "asks" : "last"], name, figure(wins, loser), loser.requests.toFixed(loser.requests < 1 ? 2 : 1));
}
