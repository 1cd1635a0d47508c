// The message list: follows the newest message unless the reader has scrolled up.

import { element } from "./lab.js";

const most = 500;

/** Adds a line to a list, as text; the oldest go when there are too many. */
export function append(list, item) {
  const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(item);
  while (list.children.length > most) list.firstElementChild.remove();
  if (following) list.scrollTop = list.scrollHeight;
}

/** A message as a list item. What came may be a text or {from, text}. */
export function messageItem(message, myName) {
  const item = element("li");
  const named = message !== null && typeof message === "object" && "text" in message;
  if (named && message.from) {
    item.append(element("b", String(message.from)));
    item.classList.toggle("mine", message.from === myName);
  }
  const text = named ? message.text : message;
  item.append(element("span", typeof text === "string" ? text : JSON.stringify(text)));
  return item;
}

/** A moment and what happened then, as a list item. */
export function momentItem(text, className = "") {
  const item = element("li", "", className);
  item.append(element("time", new Date().toLocaleTimeString([], { hour12: false })), element("span", text));
  return item;
}
