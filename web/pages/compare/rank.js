// The order of the lanes on the screen, and their ranks in a round.

import { figure } from "./sentence.js";

/**
 * Returns the lanes in their new order. Neighbours change places only where the one below is clearly better: lanes that the
 * measurement cannot tell apart keep their places. value(lane) may be undefined: such a lane goes below all others.
 */
export function reorder(lanes, value, { share = 0.1, least = 0 } = {}) {
  const order = [...lanes];
  const better = (a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === undefined || y === undefined) return y === undefined && x !== undefined;
    return x < y - Math.max(y * share, least);
  };
  for (let end = order.length - 1; end > 0; end--) {
    for (let i = 0; i < end; i++) {
      if (better(order[i + 1], order[i])) [order[i], order[i + 1]] = [order[i + 1], order[i]];
    }
  }
  return order;
}

// Two lanes share a rank if they lost as many messages and their figures differ by less than a share of the leader's, or by less than a
// time in ms. They share it too if the page shows the same figure for both.
const share = 0.03;
const least = { bytes: 0, delay: 5, silence: 5 };

/**
 * Returns the places of a round with their ranks, the first rank first: fewer lost messages are better, then the smaller figure. It is the
 * only rule of a round, while it runs and after it. Places of one rank keep the order in which they came. A place has lost, bytes, delay and
 * silence; a figure that is not known is undefined, and counts as the largest.
 */
export function rank(wins, places) {
  const value = (place) => place[wins] ?? Infinity;
  const compare = (x, y) => (x < y ? -1 : x > y ? 1 : 0);
  const sorted = [...places].sort((a, b) => compare(a.lost, b.lost) || compare(value(a), value(b)));
  const ranks = new Map();
  let lead = 0; // of the lanes that share a rank
  sorted.forEach((place, i) => {
    const first = sorted[lead];
    const near = value(place) <= value(first) + Math.max(value(first) * share, least[wins]);
    const shown = value(place) < Infinity && figure(wins, place) === figure(wins, first);
    if (place.lost !== first.lost || !(near || shown)) lead = i;
    ranks.set(place, lead + 1);
  });
  return places.map((place) => ({ ...place, rank: ranks.get(place) })).sort((a, b) => a.rank - b.rank);
}
