// The packets of a connection as they are spoken, part by part: `42/chat,7["hi!",1111]`.

import { element } from "./lab.js";
import { append } from "./chat.js";

const engineTypes = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
const most = 300; // characters that are shown of one packet

/**
 * Shows in a list what a Manager's connections carry. Returns a function to be called whenever the page has asked the
 * Manager to connect; reconnections are noticed without it.
 */
export function packetLog(list, manager) {
  const watched = new WeakSet();
  const watch = () => queueMicrotask(() => { // the Manager makes its engine after it has told of the attempt
    const { engine } = manager;
    if (!engine || watched.has(engine)) return;
    watched.add(engine);
    engine.on("packetCreate", (packet) => append(list, packetItem(packet, "up")));
    engine.on("packet", (packet) => append(list, packetItem(packet, "down")));
  });
  manager.on("reconnect_attempt", watch);
  return watch;
}

/** A packet of Engine.IO as a list item; way is "up" or "down". */
export function packetItem({ type, data }, way) {
  const item = element("li", "", way);
  item.append(element("span", way === "up" ? "↑" : "↓", "way"));
  if (data !== undefined && typeof data !== "string") item.append(bytes(data));
  else item.append(...parts(engineTypes.indexOf(type) + (data ?? "")));
  if (["ping", "pong", "noop"].includes(type)) item.classList.add("quiet");
  return item;
}

/** What a text packet consists of, as elements with a class each. */
export function parts(text) {
  const [, engine, type = "", count = "", nsp = "", ack = "", rest = ""] =
    /^(\d)(?:(?<=4)(\d)(\d+-)?(\/[^,]*,?)?(\d+)?)?(.*)$/s.exec(text) ?? [text, "", "", "", "", "", text];
  const short = rest.length > most ? `${rest.slice(0, most)}…` : rest;
  return [["engine", engine], ["type", type], ["count", count], ["nsp", nsp], ["ack", ack], ["data", short]]
    .filter(([, part]) => part).map(([kind, part]) => element("code", part, kind));
}

function bytes(data) {
  const view = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  const hex = [...view.slice(0, 16)].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  return element("code", `‹${view.length.toLocaleString("en")} B› ${hex}${view.length > 16 ? " …" : ""}`, "bytes");
}
