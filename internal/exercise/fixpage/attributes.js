// Views of an element's attributes, and the HTML text of elements.

class ClassList {
  #element;

  constructor(element) { this.#element = element; }

  get #names() { return new Set(this.value.split(/\s+/).filter(Boolean)); }
  #change(f) {
    const names = this.#names;
    f(names);
    this.value = [...names].join(" ");
  }

  get length() { return this.#names.size; }
  get value() { return this.#element.className; }
  set value(names) { this.#element.className = names; }
  toString() { return this.value; }
  [Symbol.iterator]() { return this.#names.values(); }

  contains(name) { return this.#names.has(name); }
  add(...added) { this.#change((names) => { for (const name of added) names.add(name); }); }
  remove(...removed) { this.#change((names) => { for (const name of removed) names.delete(name); }); }
  toggle(name, on = !this.contains(name)) {
    if (on) this.add(name);
    else this.remove(name);
    return Boolean(on);
  }
  replace(from, to) {
    if (!this.contains(from)) return false;
    this.value = [...new Set([...this.#names].map((name) => (name === from ? to : name)))].join(" ");
    return true;
  }
}

/** Returns an element's dataset: its attributes data-…, by their names in camel case. */
function datasetOf(element) {
  const attribute = (key) => `data-${String(key).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  const key = (name) => name.slice(5).replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  return new Proxy({}, {
    get: (_, name) => (typeof name === "string" ? element.getAttribute(attribute(name)) ?? undefined : undefined),
    set: (_, name, value) => {
      element.setAttribute(attribute(name), value);
      return true;
    },
    has: (_, name) => element.hasAttribute(attribute(name)),
    deleteProperty: (_, name) => {
      element.removeAttribute(attribute(name));
      return true;
    },
    ownKeys: () => element.getAttributeNames().filter((name) => name.startsWith("data-")).map(key),
    getOwnPropertyDescriptor: (_, name) => (element.hasAttribute(attribute(name)) ? { value: element.getAttribute(attribute(name)), enumerable: true, configurable: true, writable: true } : undefined),
  });
}

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const voids = new Set(["br", "hr", "img", "input", "link", "meta", "wbr"]);
const escaped = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const unescaped = (text) => text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hex, name) => {
  if (name) return entities[name] ?? all;
  return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16));
});

/** Returns the nodes of an HTML text. */
function parsed(html) {
  const open = [new PageFragment()];
  for (const [, comment, end, name, attributes, text] of String(html).matchAll(/(<!--.*?-->)|<(\/?)([a-z][\w-]*)((?:[^<>"']|"[^"]*"|'[^']*')*)>|([^<]+|<)/gis)) {
    if (comment) continue;
    if (text) {
      open.at(-1).append(unescaped(text));
    } else if (end) {
      const at = open.findLastIndex((node) => node.localName === name.toLowerCase());
      if (at > 0) open.length = at;
    } else {
      const element = new PageElement(name);
      for (const [, key, double, single, bare] of attributes.matchAll(/([^\s=/"']+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g)) {
        element.setAttribute(key, unescaped(double ?? single ?? bare ?? ""));
      }
      open.at(-1).append(element);
      if (!voids.has(element.localName)) open.push(element);
    }
  }
  return [...open[0].nodes];
}
