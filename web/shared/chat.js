// The message list: follows the newest message unless the reader has scrolled up.

import { element } from "./lab.js";

const most = 500;
const latest = 250; // ms until a line is shown where no frames are drawn, as in a hidden page

const waiting = new Map(); // list → the lines that its next frame shows

/**
 * Adds a line to a list, as text, with the next frame: many at once cost one layout. A line that is in the list already
 * moves to the end. The oldest go when there are too many.
 */
export function append(list, item) {
  const items = waiting.get(list) ?? open(list);
  items.delete(item);
  items.add(item);
  if (items.size > most) items.delete(items.values().next().value);
}

/** Takes a line out of a list, or out of those that wait for the next frame. */
export function remove(list, item) {
  waiting.get(list)?.delete(item);
  item.remove();
}

function open(list) {
  const items = new Set();
  waiting.set(list, items);
  const frame = requestAnimationFrame(show);
  const timer = setTimeout(show, latest);
  function show() {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    waiting.delete(list);
    const following = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...items);
    for (let over = list.children.length - most; over > 0; over--) list.firstElementChild.remove();
    if (following) list.scrollTop = list.scrollHeight;
  }
  return items;
}

/** A message as a list item. What came may be a text or {from, text}; rooms lists the rooms that it was sent to. */
export function messageItem(message, myName) {
  const item = element("li");
  const named = message !== null && typeof message === "object" && "text" in message;
  for (const room of named && message.rooms || []) item.append(element("code", room, `tag ${room}`), " ");
  if (named && message.from) {
    item.append(element("b", String(message.from)), " "); // the space is for screen readers
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
