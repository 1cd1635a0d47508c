// As much of a document as the modules under test use: elements with children, texts, classes and events, without a layout.
// A test sets the sizes that a layout would give.

class Element extends EventTarget {
  id = "";
  className = "";
  style = {};
  title = "";
  clientHeight = 0;
  children = [];
  parent = null;
  #text = "";
  #scrollTop = 0;
  #attributes = new Map();

  constructor(name) {
    super();
    this.tagName = name.toUpperCase();
    const element = this;
    this.classList = { add: (name) => { element.className = `${element.className} ${name}`.trim(); } };
  }

  get textContent() { return this.#text + this.children.map((child) => child.textContent).join(""); }
  set textContent(text) {
    this.replaceChildren();
    this.#text = String(text);
  }

  get scrollTop() { return this.#scrollTop; }
  set scrollTop(top) { this.#scrollTop = Math.max(0, Math.min(top, this.scrollHeight - this.clientHeight)); }
  get scrollHeight() { return Math.max(this.clientHeight, ...this.children.map((child) => parseFloat(child.style.height) || 0)); }
  get firstElementChild() { return this.children[0] ?? null; }

  append(...children) {
    for (const child of children) {
      child.remove();
      child.parent = this;
      this.children.push(child);
    }
  }

  replaceChildren(...children) {
    for (const child of [...this.children]) child.remove();
    this.append(...children);
  }

  remove() {
    if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this);
    this.parent = null;
  }

  setAttribute(name, value) { this.#attributes.set(name, String(value)); }
  getAttribute(name) { return this.#attributes.get(name) ?? null; }
  removeAttribute(name) { this.#attributes.delete(name); }

  /** Finds the nearest element with an attribute: a selector such as "[role=option]". */
  closest(selector) {
    const [, name, value] = /^\[(\w+)=(\w+)\]$/.exec(selector);
    for (let e = this; e; e = e.parent) if (e.getAttribute(name) === value) return e;
    return null;
  }

  /** Fires an event at this element, as if it came from `target`. Returns it. */
  fire(type, properties = {}) {
    const event = new Event(type, { cancelable: true });
    for (const [name, value] of Object.entries(properties)) Object.defineProperty(event, name, { value });
    this.dispatchEvent(event);
    return event;
  }
}

let frames = [];
let lineHeight = "20px";

/** Runs what waits for the next frame. */
export function frame() {
  for (const f of frames.splice(0)) f();
}

/** Installs the document, and what a module finds beside it. */
export function install() {
  frames = [];
  Object.assign(globalThis, {
    document: { createElement: (name) => new Element(name) },
    getComputedStyle: () => ({ lineHeight }),
    requestAnimationFrame: (f) => frames.push(f),
    ResizeObserver: class {
      observe() {}
    },
  });
}
