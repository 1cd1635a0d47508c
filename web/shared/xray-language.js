// The language of the x-ray's filter: words, -word, #3, from:client, layer:ws, size>100, row=54, event:"chat message", the arrows,
// /regular expressions/. Pure. The package internal/xray/filter describes it and reads the same; its table
// testdata/cases.json holds the two together.

import { catalogue } from "./catalogue.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

/** The layers, from the lowest up. */
export const layers = ["tcp", "tls", "h2", "http", "body", "chunk", "line", "sse", "ws", "message", "resp", "eio", "sio", "event", "bytes"];

const ends = ["client", "server"];
const kinds = ["heartbeat", "upgrade", "close", "cut", "end", "failure", "problem"];
const keys = { from: ends, to: ends, side: ends, layer: layers, kind: kinds, event: null }; // null takes any text

const mostNeedles = 16, mostCharacters = 300;
const numbers = { size: { of: (row) => row.size, wrong: "f-size" }, row: { of: (row) => row.id, wrong: "f-row" } }; // before a comparison
const comparisons = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "=": (a, b) => a === b };
const isKey = (word) => Object.hasOwn(keys, word);
const isSpace = (c) => c !== undefined && /\s/u.test(c);
const isPair = (word) => /^[0-9a-f]{2}$/i.test(word);

/** A filter that cannot be read: at which character, from 0, and why, in the language shown. */
export class FilterError extends Error {
  #key; #values;

  constructor(at, key, ...values) {
    super(key);
    [this.at, this.#key, this.#values] = [at, key, values];
  }

  get why() { return t(this.#key, ...this.#values); }

  /** The place and the reason. */
  get says() { return t("x.wrong", this.at + 1, this.why); }
}

/**
 * Reads a filter. Returns {terms, source}; throws a FilterError. A term has `not`, and `passes(row)` or the number of a
 * `needle`, whose `found(text)` says whether a text has it.
 */
export function parse(source) {
  return new Parser(source).parse();
}

class Parser {
  #chars; #source;
  #at = 0;
  #terms = [];
  #needles = 0;

  constructor(source) { [this.#chars, this.#source] = [[...source], source]; }

  parse() {
    if (this.#chars.length > mostCharacters) throw new FilterError(mostCharacters, "f-long", mostCharacters);
    for (this.#space(); this.#at < this.#chars.length; this.#space()) this.#term();
    return { terms: this.#terms, source: this.#source };
  }

  #space() { while (isSpace(this.#chars[this.#at])) this.#at++; }

  #term() {
    const next = this.#chars[this.#at + 1];
    const not = this.#chars[this.#at] === "-" && next !== undefined && !isSpace(next) && next !== ">";
    if (not) this.#at++;
    const start = this.#at;
    if (this.#chars[start] === '"') return this.#search(start, not, this.#quoted());
    if (this.#chars[start] === "/") return this.#pattern(start, not);
    const word = this.#word();
    const colon = word.indexOf(":");
    if (colon >= 0 && isKey(word.slice(0, colon))) return this.#keyed(start, not, word.slice(0, colon), word.slice(colon + 1));
    if (/^(size|row)[<>=]/.test(word)) return this.#number(start, not, word);
    const passes = shown(word);
    if (passes) this.#terms.push({ not, passes });
    else if (word.startsWith("#")) throw new FilterError(start, "f-conn");
    else this.#search(start, not, this.#hex(word));
  }

  /** Reads up to the next space. A quote after a key begins a value, which may have spaces. */
  #word() {
    let word = "";
    while (this.#at < this.#chars.length && !isSpace(this.#chars[this.#at])) {
      word += this.#chars[this.#at++];
      if (word.endsWith(":") && this.#chars[this.#at] === '"' && isKey(word.slice(0, -1))) break;
    }
    return word;
  }

  /** Joins a word of two hexadecimal digits with those that follow it. */
  #hex(word) {
    let all = word;
    for (let last = word; isPair(last);) {
      const at = this.#at;
      this.#space();
      last = this.#word();
      if (isPair(last)) all += ` ${last}`;
      else this.#at = at;
    }
    return all;
  }

  /** Reads a text in quotes. A backslash takes the next character as it is. */
  #quoted() {
    const start = this.#at++;
    let text = "";
    for (; this.#at < this.#chars.length; this.#at++) {
      let c = this.#chars[this.#at];
      if (c === '"') {
        this.#at++;
        return text;
      }
      if (c === "\\" && this.#at + 1 < this.#chars.length) c = this.#chars[++this.#at];
      text += c;
    }
    throw new FilterError(start, "f-quote");
  }

  #needle(start, not, found) {
    if (this.#needles === mostNeedles) throw new FilterError(start, "f-many", mostNeedles);
    this.#terms.push({ not, needle: this.#needles++, found });
  }

  #search(start, not, text) {
    if (text === "") {
      if (this.#needles === mostNeedles) throw new FilterError(start, "f-many", mostNeedles);
      throw new FilterError(start, "f-empty");
    }
    const wanted = text.toLowerCase();
    this.#needle(start, not, (said) => said.toLowerCase().includes(wanted));
  }

  /** Reads a regular expression between slashes. A slash alone, or a path, is a word. */
  #pattern(start, not) {
    let end = start + 1;
    while (end < this.#chars.length && this.#chars[end] !== "/") end += this.#chars[end] === "\\" ? 2 : 1;
    const after = this.#chars[end + 1];
    if (end >= this.#chars.length || after !== undefined && !isSpace(after)) return this.#search(start, not, this.#word());
    const source = this.#chars.slice(start + 1, end);
    this.#at = end + 1;
    if (source.length === 0) throw new FilterError(start, "f-emptyPattern");
    const at = foreign(source);
    if (at >= 0) throw new FilterError(start + 1 + at, "f-foreign");
    let pattern;
    try {
      pattern = new RegExp(source.join("").replaceAll("\\-", "\\x2d"), "iu"); // \- is an error outside of brackets
    } catch {
      throw new FilterError(start, "f-pattern");
    }
    this.#needle(start, not, (said) => pattern.test(said));
  }

  #number(start, not, word) {
    const [, key, operator, digits] = /^([a-z]+)([<>=]+)(.*)$/.exec(word);
    const { of, wrong } = numbers[key];
    const holds = Object.hasOwn(comparisons, operator) && /^\d{1,18}$/.test(digits) ? comparisons[operator] : null;
    if (!holds) throw new FilterError(start, wrong);
    this.#terms.push({ not, key, passes: (row) => holds(of(row), Number(digits)) });
  }

  #keyed(start, not, key, typed) {
    let at = start + key.length + 1;
    const value = typed === "" && this.#chars[this.#at] === '"' ? this.#quoted() : typed;
    const values = keys[key] ? value.split(",") : [value];
    for (const v of values) {
      if (v === "" || keys[key] && !keys[key].includes(v)) {
        throw keys[key] ? new FilterError(at, "f-oneOf", key, keys[key].join(", ")) : new FilterError(at, "f-name", key);
      }
      at += [...v].length + 1;
    }
    this.#terms.push({ not, key, passes: (row) => values.some((v) => has(row, key, v)) });
  }
}

/** The character from which a regular expression has something that only one of Go and JavaScript knows, or -1. */
function foreign(source) {
  for (let i = 0; i < source.length; i++) {
    const rest = source.slice(i, i + 3).join("");
    if (source[i] === "\\") {
      if (i + 1 === source.length || !"dDwWsSbBnrtfv.*+?()[]{}|^$\\/-".includes(source[i + 1])) return i;
      i++;
    } else if (rest.startsWith("(?") && rest !== "(?:" || rest === "[[:") return i;
  }
  return -1;
}

/** What a word such as #3 or an arrow asks of a row, or null. */
function shown(word) {
  if (word === "→" || word === "->") return (row) => row.dir === "in";
  if (word === "←" || word === "<-") return (row) => row.dir === "out";
  const id = /^#(\d{1,18})$/.exec(word)?.[1];
  return id ? (row) => row.conn === Number(id) : null;
}

function has(row, key, value) {
  switch (key) {
    case "from": return (row.dir === "in") === (value === "client");
    case "to": return (row.dir === "out") === (value === "client");
    case "side": return row.side === value;
    case "layer": return row.layer === value;
    case "kind": return row.kind === value || value === "problem" && (Boolean(row.problem) || row.kind === "failure" || row.kind === "cut");
    default: return row.name === value;
  }
}

/**
 * Whether a row passes a filter. said(row) is what the row says. parts(row) are the rows that it consists of: one of them has
 * to have the layer, the kind or the number. bits(row) has a bit for each needle that the server found in its bytes.
 */
export function matches({ terms }, row, said, parts = (row) => [row], bits = ({ found }) => found ?? 0) {
  return terms.every(({ not, needle, found, key, passes }) => {
    if (needle !== undefined) return (found(said(row)) || Boolean(bits(row) >> needle & 1)) !== not;
    return (["layer", "kind", "row"].includes(key) ? parts(row).some(passes) : passes(row)) !== not;
  });
}

/** Whether a filter searches the bytes, which the server has. */
export const searches = ({ terms }) => terms.some(({ needle }) => needle !== undefined);

/** The character at which the last term begins, and the terms that begin as it does. seen has conns, layers and events. */
export function complete(source, seen) {
  const chars = [...source];
  let start = 0, quoted = false;
  chars.forEach((c, i) => {
    if (c === '"' && chars[i - 1] !== "\\") quoted = !quoted;
    else if (isSpace(c) && !quoted) start = i + 1;
  });
  const typed = chars.slice(start).join("");
  const minus = typed.startsWith("-") ? "-" : "";
  const bare = typed.slice(minus.length);
  const terms = bare === "" ? [] : candidates(seen).filter((c) => c.startsWith(bare) && c !== bare).map((c) => minus + c);
  return { start, terms };
}

function candidates({ conns = [], layers: seen = [], events = [] }) {
  const keyed = (key, values) => values.map((value) => `${key}:${value}`);
  return [
    ...keyed("from", ends), ...keyed("to", ends), ...keyed("layer", layers.filter((l) => seen.length === 0 || seen.includes(l))),
    ...keyed("event", events.map(quote)), ...keyed("kind", kinds), ...keyed("side", ends),
    "size>", "size<", "size>=", "size<=", "size=", "row=", ...conns.map((id) => `#${id}`),
  ];
}

/** A text as a term takes it: in quotes if it has spaces or signs. */
export function quote(text) {
  return /^[\p{L}\p{Nd}_.-]+$/u.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}
