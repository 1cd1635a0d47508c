// The messages of an x-ray as a sequence diagram: lifelines, arrows, bars, cuts. Pure: rows go in, a picture's content
// comes out.

const heldAfter = 300; // ms after which a request is shown as held
const mostLifelines = 6;

/**
 * Returns {lifelines, items, bars} of messages, oldest first.
 *
 * An item is {id, kind, client, up, row}. kind is that of the row, "restart" for a divider, else "data"; client is a
 * lifeline. A bar is {client, from, to}: a request that the server holds, or an answer that is still coming, from the
 * item with that index to the other; to is null while it lasts. names.nameOf(row) returns a message's lifeline, and
 * names.rankOf(name) a number, lower for a lifeline further left; names.isOpen(request) returns whether the answer still comes.
 */
export function sequence(messages, names) {
  const lifelines = [];
  for (const row of messages.toReversed()) { // the newest are kept
    const name = names.nameOf(row);
    if (row.layer !== "restart" && !lifelines.includes(name) && lifelines.length < mostLifelines) lifelines.push(name);
  }
  lifelines.sort((a, b) => names.rankOf(a) - names.rankOf(b));
  const shown = messages.filter((row) => row.layer === "restart" || lifelines.includes(names.nameOf(row)));
  const items = shown.map((row) => ({
    id: row.id, kind: row.layer === "restart" ? "restart" : row.kind || "data", client: names.nameOf(row), up: row.dir === "in", row,
  }));
  return { lifelines, items, bars: barsOf(shown, names) };
}

function barsOf(rows, names) {
  const bars = [];
  rows.forEach((row, from) => {
    if (row.layer !== "http" || row.dir !== "in" || row.kind === "upgrade") return;
    let to = null, answered = false, ended = false;
    const streams = names.isOpen(row.id);
    for (let i = from + 1; i < rows.length; i++) {
      const later = rows[i];
      if (later.layer === "restart" || later.kind === "cut" && later.conn === row.conn && (!later.stream || later.stream === row.stream)) {
        [to, ended] = [i, true];
        break;
      }
      if (later.request !== row.id || later.dir !== "out") continue;
      [to, answered] = [i, true];
    }
    const held = streams || !answered || Date.parse(rows[to].time) - Date.parse(row.time) >= heldAfter;
    if (held) bars.push({ client: names.nameOf(row), from, to: streams && !ended ? null : to });
  });
  return bars;
}

/**
 * Places of the lifelines in a picture of that width: the first client left of the server, all others right of it.
 * room is the width of a lifeline's name that touches no other name.
 */
export function placesOf(lifelines, width) {
  const order = [lifelines[0], null, ...lifelines.slice(1)];
  const edge = Math.min(60, width / (2 * order.length));
  const step = (width - 2 * edge) / Math.max(order.length - 1, 1);
  const places = new Map(order.map((name, i) => [name, Math.round(edge + i * step)]));
  return { server: places.get(null), of: (name) => places.get(name), room: Math.floor(Math.min(step, 2 * edge)) - 6 };
}
