// The order of the lanes on the screen.

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
