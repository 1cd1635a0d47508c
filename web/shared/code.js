// Source code, of which lines light up when they have run.

const lit = 1500; // ms

/**
 * Returns the numbers of the lines that handle an event, from 0. way is "emits", the lines that send it, or "hears", its
 * listener from the line that registers it to the line that closes it.
 */
export function linesOf(code, event, way) {
  const all = code.split("\n");
  const call = way === "emits" ? /\bemit\(/i : /\bon\(/i;
  const found = all.flatMap((line, i) => (call.test(line) && line.includes(`("${event}"`) ? [i] : []));
  if (way === "emits") return found;
  return found.flatMap((start) => {
    const indent = /^\s*/.exec(all[start])[0];
    if (!/[{(]\s*$/.test(all[start])) return [start];
    const end = all.findIndex((line, i) => i > start && line.startsWith(`${indent}}`));
    return Array.from({ length: Math.max(end, start) - start + 1 }, (_, i) => start + i);
  });
}

/** Returns the numbers of the lines that contain a text, from 0. */
function linesWith(code, text) {
  return code.split("\n").flatMap((line, i) => (line.includes(text) ? [i] : []));
}

/** Lights the lines that handle an event in a <pre> with an element for each line, for a moment. The first comes into sight, unless the reader points at the code. */
export function flash(pre, event, way) { light(pre, linesOf(codeIn(pre), event, way)); }

/** Lights the lines that contain a text. */
export function flashText(pre, text) { light(pre, linesWith(codeIn(pre), text)); }

const codeIn = (pre) => pre.textContent.replace(/\n$/, "");

function light(pre, numbers) {
  const already = numbers.every((i) => pre.children[i].classList.contains("lit"));
  for (const i of numbers) {
    const line = pre.children[i];
    line.classList.add("lit");
    clearTimeout(line.timer);
    line.timer = setTimeout(() => line.classList.remove("lit"), lit);
  }
  if (already || pre.clientHeight === 0 || pre.matches(":hover, :focus")) return;
  const [first, last] = [pre.children[numbers[0]], pre.children[numbers.at(-1)]];
  const [above, below] = [first.offsetTop - pre.offsetTop, last.offsetTop + last.offsetHeight - pre.offsetTop];
  if (above < pre.scrollTop || below > pre.scrollTop + pre.clientHeight) pre.scrollTop = Math.max(0, above - 20);
}
