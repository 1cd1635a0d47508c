/**
 * Binary data travels beside the JSON of its packet (Socket.IO protocol 5, "BINARY_EVENT"): each buffer is taken out
 * and a placeholder {_placeholder: true, num: n} stands where it was.
 */
import { isBinary } from "./engine/packet.js";

export { isBinary };

export function hasBinary(value) {
  if (!value || typeof value !== "object") return false;
  if (isBinary(value)) return true;
  if (Array.isArray(value)) return value.some(hasBinary);
  if (typeof value.toJSON === "function") return hasBinaryAsJSON(value.toJSON());
  return Object.values(value).some(hasBinary);
}

/** toJSON is called once on the way down, as JSON.stringify does: its result's own toJSON is not. */
function hasBinaryAsJSON(value) {
  if (!value || typeof value !== "object" || isBinary(value) || Array.isArray(value)) return hasBinary(value);
  return Object.values(value).some(hasBinary);
}

/** Takes the buffers out of a copy of data, whatever their depth. */
export function detach(data) {
  const attachments = [];
  return { data: detachInto(attachments, data, false), attachments };
}

function detachInto(attachments, value, isJSON) {
  if (!value || typeof value !== "object" || value instanceof Date) return value;
  if (isBinary(value)) return { _placeholder: true, num: attachments.push(value) - 1 };
  if (Array.isArray(value)) return value.map((element) => detachInto(attachments, element, false));
  if (typeof value.toJSON === "function" && !isJSON) return detachInto(attachments, value.toJSON(), true);
  const copy = {};
  for (const [key, property] of Object.entries(value)) copy[key] = detachInto(attachments, property, false);
  return copy;
}

/**
 * Puts the buffers back where their placeholders are, in place.
 * @throws {Error} where a placeholder names no attachment
 */
export function attach(value, attachments) {
  if (!value || typeof value !== "object") return value;
  if (value._placeholder === true) {
    if (!Number.isInteger(value.num) || !(value.num in attachments)) throw new Error("illegal attachments");
    return attachments[value.num];
  }
  for (const key of Object.keys(value)) value[key] = attach(value[key], attachments);
  return value;
}
