// Elements of SVG.

/** A new element of SVG with attributes and text. */
export function svgElement(name, attributes = {}, text = "") {
  const e = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.textContent = text;
  return e;
}
