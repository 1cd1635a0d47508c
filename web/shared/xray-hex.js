// Bytes in hexadecimal and as text, coloured by field.

import { element } from "./lab.js";

const hues = 8; // field colours in the style sheet

/** The bytes of base64. */
export const decode = (base64) => Uint8Array.from(atob(base64 ?? ""), (c) => c.charCodeAt(0));

export const hex = (byte) => byte.toString(16).padStart(2, "0");

export const visible = (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");

/** The class of a field's colour. */
export const hueOf = (field) => (field < 0 ? "" : `x-f${field % hues}`);

/** Which field each byte belongs to, -1 for none. */
export function ownersOf(fields, length) {
  const owners = new Int32Array(length).fill(-1);
  fields.forEach((field, i) => owners.fill(i, field.start, Math.min(field.end, length)));
  return owners;
}

/** One line of a dump: an offset, and cells of [byte, class, field]; a cell without a byte is a gap. */
export function hexLine(offset, cells) {
  const line = element("div");
  const [left, right] = [element("span", "", "x-bytes"), element("span", "", "x-chars")];
  for (const [byte, className = "", field] of cells) {
    for (const [where, text] of [[left, byte === null ? "  " : hex(byte)], [right, byte === null ? " " : visible(byte)]]) {
      const span = element("span", text, className);
      if (field !== undefined) span.dataset.field = field;
      where.append(span);
      if (where === left) left.append(" ");
    }
  }
  line.append(element("span", offset, "x-offset"), " ", left, " ", right, "\n");
  return line;
}

/** A number of bytes that a person reads. */
export function bytes(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1 << 20) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / (1 << 20)).toFixed(1)} MiB`;
}
