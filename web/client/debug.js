/**
 * The debug log, off unless `localStorage.debug` (in Node the environment variable DEBUG) names it when the page loads:
 * "socket.io-client:*", "engine.io-client:*,-engine.io-client:polling", "*".
 *
 * Each call carries the label DEBUG: the minified bundles are built without labelled statements.
 */
let chosen; // the patterns of this page, read once

function setting() {
  try {
    return globalThis.process?.env ? process.env.DEBUG : globalThis.localStorage?.debug;
  } catch {
    return undefined; // a page without access to storage
  }
}

/** The patterns to leave out, which begin with "-", and those to show. */
export function patterns(text) {
  const lists = [[], []];
  for (const part of (text ?? "").split(/[\s,]+/).filter(Boolean)) {
    const [list, pattern] = part.startsWith("-") ? [lists[0], part.slice(1)] : [lists[1], part];
    list.push(new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*?")}$`));
  }
  return lists;
}

/**
 * Returns the function that logs under a namespace, with the format of console.debug, and `%j` for JSON. It adds the
 * milliseconds since its last line.
 */
export function logger(namespace) {
  const [skips, names] = (chosen ??= patterns(setting()));
  const matches = (pattern) => pattern.test(namespace);
  if (skips.some(matches) || !names.some(matches)) return () => {};
  const color = `color: hsl(${hue(namespace)} 70% 45%)`;
  let before = Date.now();
  return (format, ...args) => {
    const now = Date.now();
    const values = (format.match(/%[sdoj]/g) ?? []).map((verb, i) => (verb === "%j" ? JSON.stringify(args[i]) : args[i]));
    console.debug(`%c${namespace} %c${format.replaceAll("%j", "%s")} %c+${now - before}ms`, color, "color: inherit", ...values, color);
    before = now;
  };
}

function hue(text) {
  let sum = 0;
  for (const c of text) sum = (sum * 31 + c.charCodeAt(0)) % 360;
  return sum;
}
