// The bytes of a WebSocket frame (RFC 6455, section 5.2), as far as a page can know them.

const hex = (n) => n.toString(16).padStart(2, "0");
const shown = 8;

/** The length as it stands in the header: the seven bits, and what extends them. */
function lengthField(size) {
  if (size <= 125) return { short: size, extended: [] };
  if (size <= 65535) return { short: 126, extended: [size >> 8, size & 255] };
  return { short: 127, extended: [0, 0, 0, 0, size >>> 24, (size >>> 16) & 255, (size >>> 8) & 255, size & 255] };
}

/** The cells of a whole frame {hex, label}, and the size of its header. */
export function cells(opcode, payload, masked) {
  const { short, extended } = lengthField(payload.length);
  const list = [
    { hex: hex(0x80 | opcode), label: `FIN=1 opcode=${opcode}` },
    { hex: hex((masked ? 0x80 : 0) | short), label: `MASK=${masked ? 1 : 0} len=${short}` },
  ];
  if (extended.length > 0) list.push({ hex: extended.map(hex).join(" "), label: `len=${payload.length.toLocaleString("en")}` });
  if (masked) list.push({ hex: "?? ?? ?? ??", label: "masking key" });
  const header = 2 + extended.length + (masked ? 4 : 0);
  if (payload.length > 0) {
    const first = Array.from(payload.slice(0, shown), masked ? () => "??" : hex).join(" ");
    list.push({ hex: payload.length > shown ? `${first} …` : first, label: masked ? "payload XOR key" : "payload" });
  }
  return { cells: list, header };
}
