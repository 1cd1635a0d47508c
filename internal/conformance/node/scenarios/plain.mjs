// Observed values as JSON that can be compared between two clients: random values are replaced with
// names.

/** A Blob becomes a promise; settle waits for those. */
export function plain(value) {
  if (value === undefined) return "<undefined>";
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return plainString(value);
  if (typeof value === "function") return "<function>";
  if (value instanceof ArrayBuffer) return { ArrayBuffer: [...new Uint8Array(value)] };
  if (ArrayBuffer.isView(value)) return { bytes: [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)] };
  if (typeof Blob !== "undefined" && value instanceof Blob) return value.arrayBuffer().then(plain);
  if (value instanceof Error) return plainError(value);
  if (value instanceof Date) return { Date: value.getTime() };
  if (Array.isArray(value)) return value.map(plain);
  const name = value.constructor?.name;
  if (typeof Event !== "undefined" && value instanceof Event) return `<${name}>`;
  if (name === "XMLHttpRequest") return { xhr: value.status, text: value.responseText };
  return Object.fromEntries(Object.entries(value).map(([key, property]) => [key, plain(property)]));
}

// Socket.IO's ids have 20 characters of base64url.
function plainString(text) {
  return /^[\w-]{20}$/.test(text) && !/^[a-z_ -]+$/.test(text) ? "<id>" : text;
}

function plainError(err) {
  const details = { error: err.message };
  for (const key of ["type", "code", "data", "description", "context", "transport"]) {
    if (err[key] !== undefined) details[key] = plain(err[key]);
  }
  return details;
}

export async function settle(value) {
  const settled = await value;
  if (Array.isArray(settled)) return Promise.all(settled.map(settle));
  if (settled && typeof settled === "object") {
    const pairs = Object.entries(settled).map(async ([key, property]) => [key, await settle(property)]);
    return Object.fromEntries(await Promise.all(pairs));
  }
  return settled;
}
