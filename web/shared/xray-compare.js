// Two byte strings side by side, with what they have in common on the same lines.

import { catalogue } from "./catalogue.js";
import { element } from "./lab.js";
import { hexLine } from "./xray-hex.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

const most = 1024; // bytes that are compared
const columns = 8;

/**
 * Aligns two byte strings by their longest common subsequence. Returns pairs of offsets, [i, j], in order; a byte that
 * only one of them has stands opposite null.
 */
export function align(a, b) {
  let head = 0, tail = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const [m, n] = [a.length - head - tail, b.length - head - tail];
  const wide = n + 1;
  const longest = new Uint16Array((m + 1) * wide); // of the rest after i and j
  for (let i = m - 1; i >= 0; i--) {
    for (let j = n - 1; j >= 0; j--) {
      longest[i * wide + j] = a[head + i] === b[head + j] ? longest[(i + 1) * wide + j + 1] + 1
        : Math.max(longest[(i + 1) * wide + j], longest[i * wide + j + 1]);
    }
  }
  const pairs = Array.from({ length: head }, (_, i) => [i, i]);
  let i = 0, j = 0;
  while (i < m || j < n) {
    if (i < m && j < n && a[head + i] === b[head + j]) pairs.push([head + i++, head + j++]);
    else if (j === n || i < m && longest[(i + 1) * wide + j] >= longest[i * wide + j + 1]) pairs.push([head + i++, null]);
    else pairs.push([null, head + j++]);
  }
  for (let k = tail; k > 0; k--) pairs.push([a.length - k, b.length - k]);
  return pairs;
}

/** Shows two byte strings, the pinned one first. */
export function comparison(pinned, here) {
  const [a, b] = [pinned.subarray(0, most), here.subarray(0, most)];
  const pairs = align(a, b);
  const equal = pairs.filter(([i, j]) => i !== null && j !== null).length;
  const box = element("div", "", "x-compare");
  const side = (which, data, title) => {
    const dump = element("div", "", "x-hex");
    dump.append(element("p", title, "soft"));
    for (let at = 0; at < pairs.length; at += columns) {
      const line = pairs.slice(at, at + columns);
      const first = line.find((pair) => pair[which] !== null)?.[which];
      const cells = line.map((pair) => [pair[which] === null ? null : data[pair[which]], pair[0] === null || pair[1] === null ? "x-only" : ""]);
      dump.append(hexLine(first === undefined ? "    " : first.toString(16).padStart(4, "0"), cells));
    }
    return dump;
  };
  const summary = t("x.compared", equal, a.length - equal, b.length - equal);
  box.append(side(0, a, t("x.pinned")), side(1, b, t("x.this")));
  return [element("h3", t("x.compare")), element("p", pinned.length > most || here.length > most ? `${summary} ${t("x.comparedFirst", most)}` : summary), box];
}
