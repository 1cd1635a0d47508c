// The part of the DOM that a small page uses: nodes, elements, and the document.

/** Returns a live list of the nodes that nodes() returns. */
function liveList(nodes) {
  const methods = {
    item: (i) => nodes()[i] ?? null, forEach: (f) => nodes().forEach(f), toJSON: () => nodes(),
    entries: () => nodes().entries(), keys: () => nodes().keys(), values: () => nodes().values(), [Symbol.iterator]: () => nodes().values(),
  };
  return new Proxy(methods, {
    get: (_, name) => (name === "length" || (typeof name === "string" && /^\d+$/.test(name)) ? nodes()[name] : methods[name]),
    has: (_, name) => name in methods || name in nodes(),
  });
}

class PageNode extends Target {
  parentNode = null;

  get parentElement() { return this.parentNode instanceof PageElement ? this.parentNode : null; }
  get above() { return this.parentNode; }
  get isConnected() { return this.parentNode?.isConnected ?? false; }
  get nextSibling() { return this.#beside(1, PageNode); }
  get previousSibling() { return this.#beside(-1, PageNode); }
  get nextElementSibling() { return this.#beside(1, PageElement); }
  get previousElementSibling() { return this.#beside(-1, PageElement); }

  #beside(step, kind) {
    const all = this.parentNode?.nodes.filter((node) => node === this || node instanceof kind) ?? [];
    return all[all.indexOf(this) + step] ?? null;
  }

  before(...nodes) { this.parentNode?.insertAt(this, nodes); }
  after(...nodes) { this.parentNode?.insertAt(this.nextSibling, nodes); }
  replaceWith(...nodes) {
    this.before(...nodes);
    if (!nodes.includes(this)) this.remove();
  }
  remove() {
    if (!this.parentNode) return;
    this.parentNode.nodes = this.parentNode.nodes.filter((node) => node !== this);
    this.parentNode = null;
  }
}

class PageText extends PageNode {
  nodeType = 3;
  nodeName = "#text";

  constructor(data) {
    super();
    this.data = String(data);
  }

  get textContent() { return this.data; }
  set textContent(text) { this.data = String(text ?? ""); }
  get nodeValue() { return this.data; }
  set nodeValue(text) { this.data = String(text ?? ""); }
  toJSON() { return this.data; }
}

/** A node with children: an element, the document, or a fragment. */
class ParentNode extends PageNode {
  nodes = [];
  childNodes = liveList(() => this.nodes);
  children = liveList(() => this.nodes.filter((node) => node instanceof PageElement));

  get childElementCount() { return this.children.length; }
  get firstChild() { return this.nodes[0] ?? null; }
  get lastChild() { return this.nodes.at(-1) ?? null; }
  get firstElementChild() { return this.children[0] ?? null; }
  get lastElementChild() { return [...this.children].at(-1) ?? null; }
  get textContent() { return this.nodes.map((node) => node.textContent).join(""); }
  set textContent(text) { this.replaceChildren(...(text === null || text === undefined || text === "" ? [] : [text])); }

  hasChildNodes() { return this.nodes.length > 0; }
  contains(node) {
    for (; node; node = node.parentNode) if (node === this) return true;
    return false;
  }

  /** Inserts nodes before another one, or at the end. Strings become text. */
  insertAt(before, nodes) {
    const all = nodes.flatMap((node) => (node instanceof PageFragment ? [...node.nodes] : [node instanceof PageNode ? node : new PageText(node)]));
    if (all.some((node) => node instanceof ParentNode && node.contains(this))) throw new DOMException("The new child contains the parent.", "HierarchyRequestError");
    while (all.includes(before)) before = before.nextSibling;
    for (const node of all) node.remove();
    this.nodes.splice(before ? this.nodes.indexOf(before) : this.nodes.length, 0, ...all);
    for (const node of all) node.parentNode = this;
  }

  append(...nodes) { this.insertAt(null, nodes); }
  prepend(...nodes) { this.insertAt(this.firstChild, nodes); }
  appendChild(node) { return this.insertBefore(node, null); }
  insertBefore(node, before) {
    if (!(node instanceof PageNode)) throw new TypeError("The new child is not a node.");
    if (before && before.parentNode !== this) throw new DOMException("The node before which to insert is not a child of this one.", "NotFoundError");
    this.insertAt(before ?? null, [node]);
    return node;
  }
  replaceChild(node, old) {
    this.insertBefore(node, old);
    return this.removeChild(old);
  }
  removeChild(node) {
    if (node?.parentNode !== this) throw new DOMException("The node to remove is not a child of this one.", "NotFoundError");
    node.remove();
    return node;
  }
  replaceChildren(...nodes) {
    for (const node of this.nodes) node.parentNode = null;
    this.nodes = [];
    this.append(...nodes);
  }

  /** Returns the elements below this one, in the order of the document. */
  get below() { return [...this.children].flatMap((child) => [child, ...child.below]); }
  querySelector(text) { return this.below.find(selector(text)) ?? null; }
  querySelectorAll(text) {
    const found = this.below.filter(selector(text));
    return liveList(() => found);
  }
  getElementsByClassName(name) { return liveList(() => this.below.filter((element) => element.classList.contains(name))); }
  getElementsByTagName(name) { return liveList(() => this.below.filter(selector(name))); }
}

class PageFragment extends ParentNode {
  nodeType = 11;
}

class PageElement extends ParentNode {
  nodeType = 1;
  style = { setProperty(name, value) { this[name] = value; }, removeProperty(name) { delete this[name]; } };
  classList = new ClassList(this);
  dataset = datasetOf(this);
  checked = false;
  #attributes = new Map();
  #value = "";

  constructor(name, id) {
    super();
    this.localName = name.toLowerCase();
    this.tagName = this.nodeName = name.toUpperCase();
    if (id) this.id = id;
  }

  get className() { return this.getAttribute("class") ?? ""; }
  set className(names) { this.setAttribute("class", names); }
  get innerText() { return this.textContent; }
  set innerText(text) { this.textContent = text; }
  get value() { return this.#value; }
  set value(value) { this.#value = ["progress", "meter", "li"].includes(this.localName) ? Number(value) : String(value ?? ""); }

  getAttribute(name) { return this.#attributes.get(name.toLowerCase()) ?? null; }
  setAttribute(name, value) {
    this.#attributes.set(name.toLowerCase(), String(value));
    if (name === "value") this.value = value;
  }
  hasAttribute(name) { return this.#attributes.has(name.toLowerCase()); }
  removeAttribute(name) { this.#attributes.delete(name.toLowerCase()); }
  toggleAttribute(name, on = !this.hasAttribute(name)) {
    if (on) this.setAttribute(name, "");
    else this.removeAttribute(name);
    return on;
  }
  getAttributeNames() { return [...this.#attributes.keys()]; }

  matches(text) { return selector(text)(this); }
  closest(text) {
    const matches = selector(text);
    for (let element = this; element; element = element.parentElement) if (matches(element)) return element;
    return null;
  }

  focus() {}
  blur() {}
  select() {}
  scrollIntoView() {}

  /** Clicks the element, like the reader; a disabled one ignores it. */
  click() { if (!this.disabled) this.dispatchEvent({ type: "click", detail: 1, button: 0 }); }

  get innerHTML() { return this.nodes.map((node) => (node instanceof PageText ? escaped(node.data) : node.outerHTML)).join(""); }
  set innerHTML(html) { this.replaceChildren(...parsed(html)); }
  get outerHTML() {
    const attributes = this.getAttributeNames().map((name) => ` ${name}="${escaped(this.getAttribute(name))}"`).join("");
    return `<${this.localName}${attributes}>${voids.has(this.localName) ? "" : `${this.innerHTML}</${this.localName}>`}`;
  }
  toJSON() { return this.outerHTML; }
  insertAdjacentHTML(place, html) { this.#adjacent(place, parsed(html)); }
  insertAdjacentText(place, text) { this.#adjacent(place, [text]); }
  insertAdjacentElement(place, element) {
    this.#adjacent(place, [element]);
    return element;
  }
  #adjacent(place, nodes) {
    const method = { beforebegin: "before", afterbegin: "prepend", beforeend: "append", afterend: "after" }[place.toLowerCase()];
    if (!method) throw new DOMException(`'${place}' is not a place beside an element.`, "SyntaxError");
    this[method](...nodes);
  }

  cloneNode(deep = false) {
    const copy = new PageElement(this.localName);
    for (const name of this.getAttributeNames()) copy.setAttribute(name, this.getAttribute(name));
    if (deep) copy.append(...this.nodes.map((node) => (node instanceof PageText ? new PageText(node.data) : node.cloneNode(true))));
    return copy;
  }
}

// Properties that are attributes, too.
for (const name of ["id", "title", "name", "type", "href", "src", "placeholder", "role"]) {
  Object.defineProperty(PageElement.prototype, name, {
    get() { return this.getAttribute(name) ?? ""; },
    set(value) { this.setAttribute(name, value); },
  });
}
for (const name of ["hidden", "disabled"]) {
  Object.defineProperty(PageElement.prototype, name, {
    get() { return this.hasAttribute(name); },
    set(on) { this.toggleAttribute(name, Boolean(on)); },
  });
}

class PageDocument extends ParentNode {
  nodeType = 9;
  hidden = false;
  visibilityState = "visible";
  readyState = "complete";
  title = "";
  #window;

  /** Adds the elements of the exercise's page: id → the element's name. */
  constructor(elements, window) {
    super();
    this.#window = window;
    this.documentElement = new PageElement("html");
    this.head = new PageElement("head");
    this.body = new PageElement("body");
    this.append(this.documentElement);
    this.documentElement.append(this.head, this.body);
    this.body.append(...Object.entries(elements).map(([id, name]) => new PageElement(name, id)));
  }

  get above() { return this.#window; }
  get isConnected() { return true; }
  get activeElement() { return this.body; }
  createElement(name) { return new PageElement(name); }
  createTextNode(data) { return new PageText(data); }
  createDocumentFragment() { return new PageFragment(); }
  getElementById(id) { return this.below.find((element) => element.id === String(id)) ?? null; }
}
