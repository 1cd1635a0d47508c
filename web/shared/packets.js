// The parts of a packet as it is spoken: `42/chat,7["hi!",1111]`.

import { element } from "./lab.js";

const most = 300; // characters that are shown of one part

/** What a text packet consists of, as [kind, text]. Together the texts are the packet. */
export function split(text) {
  const [, engine, type = "", count = "", nsp = "", ack = "", rest = ""] =
    /^(\d)(?:(?<=4)(\d)(\d+-)?(\/[^,]*,?)?(\d+)?)?(.*)$/s.exec(text) ?? [text, "", "", "", "", "", text];
  return [["engine", engine], ["type", type], ["count", count], ["nsp", nsp], ["ack", ack], ["data", rest]].filter(([, part]) => part);
}

/** The parts of a text packet as elements with a class each; the data in part if it is long. */
export function parts(text) {
  return split(text).map(([kind, part]) =>
    element("code", kind === "data" && part.length > most ? `${part.slice(0, most)}…` : part, kind));
}
