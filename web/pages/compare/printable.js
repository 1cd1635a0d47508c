// Bytes as a reader sees them.

const shown = 400; // characters of a row

/** Returns the bytes of a row as text: what is no text is hexadecimal. */
export function readable(base64) {
  const bytes = Uint8Array.from(atob(base64 ?? ""), (c) => c.charCodeAt(0));
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    text = "\0";
  }
  if (/[\0-\x08\x0e-\x1f]/.test(text)) text = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  return text.length > shown ? `${text.slice(0, shown)}…` : text;
}
