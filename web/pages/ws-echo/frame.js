// The bytes of a WebSocket frame (RFC 6455, section 5.2), as far as a page can know them.

import { $, element } from "/lab/shared/lab.js";

const hex = (n) => n.toString(16).padStart(2, "0");
const shown = 5; // bytes of the payload

/** The length as it stands in the header: the seven bits, and what extends them. */
function lengthField(size) {
  if (size <= 125) return { short: size, extended: [] };
  if (size <= 65535) return { short: 126, extended: [size >> 8, size & 255] };
  return { short: 127, extended: [0, 0, 0, 0, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255] };
}

/** The cells of a whole frame: {hex, label}. */
function cells(opcode, payload, masked) {
  const { short, extended } = lengthField(payload.length);
  const list = [
    { hex: hex(0x80 | opcode), label: `FIN opcode ${opcode}` },
    { hex: hex((masked ? 0x80 : 0) | short), label: `${masked ? "MASK " : ""}${extended.length > 0 ? "marker" : "len"} ${short}` },
  ];
  if (extended.length > 0) list.push({ hex: extended.map(hex).join(" "), label: `len ${payload.length.toLocaleString("en")}` });
  if (masked) list.push({ hex: "?? ?? ?? ??", label: "masking key" });
  if (payload.length > 0) {
    const most = extended.length > 2 ? 3 : shown; // for one line on a laptop
    const first = Array.from(payload.slice(0, most), masked ? () => "??" : hex).join(" ");
    list.push({ hex: payload.length > most ? `${first} …` : first, label: masked ? "payload⊕key" : "payload" });
  }
  return list;
}

/** Shows the frames of a message, "text" or "binary": from the browser, masked, and back if the server echoes it. */
export function showFrames(kind, payload, echoed = true) {
  for (const [id, masked] of [["out", true], ["in", false]]) {
    $(id).replaceChildren(...cells(kind === "text" ? 1 : 2, payload, masked).map(({ hex, label }) => {
      const cell = element("div");
      cell.append(element("code", hex), element("small", label));
      return cell;
    }));
  }
  if (!echoed) $("in").replaceChildren();
}
