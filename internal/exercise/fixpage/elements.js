// The part of the DOM that the exercises' pages use.

class ClassList {
  #names = new Set();

  add(...names) { for (const name of names) this.#names.add(name); }
  remove(...names) { for (const name of names) this.#names.delete(name); }
  contains(name) { return this.#names.has(name); }

  toggle(name, on = !this.#names.has(name)) {
    if (on) this.#names.add(name);
    else this.#names.delete(name);
    return on;
  }

  replace(from, to) {
    if (!this.#names.delete(from)) return false;
    this.#names.add(to);
    return true;
  }

  get value() { return [...this.#names].join(" "); }
  set value(names) { this.#names = new Set(String(names).split(/\s+/).filter(Boolean)); }
}

/** An EventTarget whose listeners' exceptions are the page's, and which has on… properties. */
class Target {
  #listeners = new Map(); // type → [{listener, once}]

  addEventListener(type, listener, options) {
    const all = this.#listeners.get(type) ?? [];
    if (!all.some((entry) => entry.listener === listener)) all.push({ listener, once: Boolean(options?.once) });
    this.#listeners.set(type, all);
    options?.signal?.addEventListener("abort", () => this.removeEventListener(type, listener));
  }

  removeEventListener(type, listener) {
    this.#listeners.set(type, (this.#listeners.get(type) ?? []).filter((entry) => entry.listener !== listener));
  }

  /** Calls the listeners of the event's type. */
  dispatchEvent(event) {
    event.target ??= this;
    event.currentTarget ??= this;
    event.preventDefault ??= () => {};
    event.stopPropagation ??= () => {};
    const named = this[`on${event.type}`];
    const call = (listener) => {
      try {
        if (typeof listener === "function") listener.call(this, event);
        else listener.handleEvent(event);
      } catch (error) {
        current.thrown(error);
      }
    };
    if (typeof named === "function") call(named);
    for (const entry of [...(this.#listeners.get(event.type) ?? [])]) {
      if (entry.once) this.removeEventListener(event.type, entry.listener);
      call(entry.listener);
    }
    return true;
  }
}

class PageElement extends Target {
  children = [];
  dataset = {};
  style = {};
  disabled = false;
  hidden = false;
  value = "";
  parentElement = null;
  classList = new ClassList();
  #text = "";
  #attributes = new Map();

  constructor(name, id = "") {
    super();
    this.tagName = name.toUpperCase();
    this.id = id;
  }

  get className() { return this.classList.value; }
  set className(names) { this.classList.value = names; }
  get textContent() { return this.#text + this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join(""); }
  set textContent(text) {
    this.replaceChildren();
    this.#text = text === null || text === undefined ? "" : String(text);
  }
  get innerText() { return this.textContent; }
  set innerText(text) { this.textContent = text; }
  get firstElementChild() { return this.children[0] ?? null; }
  get lastElementChild() { return this.children.at(-1) ?? null; }
  get isConnected() { return this.parentElement !== null; }

  getAttribute(name) { return this.#attributes.get(name) ?? null; }
  setAttribute(name, value) { this.#attributes.set(name, String(value)); }
  hasAttribute(name) { return this.#attributes.has(name); }
  removeAttribute(name) { this.#attributes.delete(name); }
  focus() {}

  /** Clicks the element, as the reader does; a disabled one ignores it. */
  click() { if (!this.disabled) this.dispatchEvent({ type: "click" }); }

  append(...nodes) { this.#insert(this.children.length, nodes); }
  prepend(...nodes) { this.#insert(0, nodes); }
  appendChild(node) {
    this.append(node);
    return node;
  }
  replaceChildren(...nodes) {
    for (const child of this.children) child.parentElement = null;
    this.children = [];
    this.#text = "";
    this.append(...nodes);
  }
  replaceWith(node) {
    const parent = this.parentElement;
    if (!parent) return;
    const at = parent.children.indexOf(this);
    this.remove();
    parent.#insert(at, [node]);
  }
  remove() {
    if (!this.parentElement) return;
    this.parentElement.children = this.parentElement.children.filter((child) => child !== this);
    this.parentElement = null;
  }
  removeChild(node) {
    node.remove();
    return node;
  }

  #insert(at, nodes) {
    const made = nodes.map((node) => {
      if (node instanceof PageElement) return node;
      const text = new PageElement("span");
      text.textContent = node;
      return text;
    });
    for (const node of made) node.remove();
    this.children.splice(Math.min(at, this.children.length), 0, ...made);
    for (const node of made) node.parentElement = this;
  }
}

class PageDocument extends Target {
  hidden = false;
  visibilityState = "visible";
  title = "";
  #elements = new Map();

  /** Adds the elements of the exercise's page: id → the element's name. */
  constructor(elements) {
    super();
    for (const [id, name] of Object.entries(elements)) this.#elements.set(id, new PageElement(name, id));
  }

  createElement(name) { return new PageElement(name); }
  getElementById(id) { return this.#elements.get(id) ?? null; }
  querySelector(selector) { return selector.startsWith("#") ? this.getElementById(selector.slice(1)) : null; }
}
