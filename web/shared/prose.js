// What a page says about itself: what you see, what to try, where the traps are.

import { $, element, onLang, t } from "./lab.js";

/** Fills an element with text in which code stands between backticks. */
export function prose(target, text) {
  target.replaceChildren(...text.split("`").map((part, i) => (i % 2 ? element("code", part) : part)));
  return target;
}

/** Fills #explain from the texts see1, see2 …, try1 … and trap1 …, under the headings see, try and trap. */
export function explain(texts) {
  onLang(() => $("explain").replaceChildren(...["see", "try", "trap"].flatMap((part) => {
    const keys = Object.keys(texts.en).filter((key) => new RegExp(`^${part}\\d`).test(key));
    if (keys.length === 0) return [];
    const list = element(part === "try" ? "ol" : "ul", "", part);
    list.append(...keys.map((key) => prose(element("li"), t(key))));
    return [element("h2", t(part)), list];
  })));
}
