// Go source with a light touch of colour.

import { element } from "./lab.js";

const tokens = /(\/\/[^\n]*)|("(?:[^"\\\n]|\\.)*"|`[^`]*`)|\b(break|case|chan|const|continue|default|defer|else|for|func|go|if|import|interface|map|package|range|return|select|struct|switch|type|var)\b/g;

/** The code as a <pre>. */
export function codeBlock(code) {
  const pre = element("pre");
  pre.tabIndex = 0;
  let at = 0;
  for (const m of code.matchAll(tokens)) {
    pre.append(code.slice(at, m.index), element("span", m[0], m[1] ? "c" : m[2] ? "s" : "k"));
    at = m.index + m[0].length;
  }
  pre.append(code.slice(at));
  return pre;
}
