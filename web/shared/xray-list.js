// A list of very many rows of equal height, of which only those in sight are in the document. Usable by keyboard: it is
// one listbox, and the chosen row is its active descendant.

/**
 * Makes `box` such a list. `fill(element, row)` writes a row; `choose(row)` is called on a click or
 * Enter. `missed(n)` is called with the number of new rows since the list stopped following its
 * end; null means that it follows. The rows are objects with an `id` that rises.
 */
export class RowList {
  #box; #space; #fill; #choose; #missed;
  #rows = [];
  #elements = new Map();
  #active = null;
  #following = true;
  #last = 0; // the id of the newest row when the list stopped following
  #top = 0; // the scroll position that the list or the reader's last scroll has set
  #scheduled = false;

  constructor(box, fill, choose, missed = () => {}) {
    [this.#box, this.#fill, this.#choose, this.#missed] = [box, fill, choose, missed];
    this.#space = document.createElement("div");
    this.#space.className = "x-space";
    box.replaceChildren(this.#space);
    box.setAttribute("role", "listbox");
    box.tabIndex = 0;
    box.addEventListener("scroll", () => this.#scrolled());
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.refresh()).observe(box);
  }

  /** Shows these rows in place of all others. The array stays the caller's; call grown after a push. */
  show(rows) {
    this.#rows = rows;
    if (this.#active !== null && this.#index(this.#active) < 0) this.#active = null;
    this.refresh();
  }

  /** Says that rows were added at the end. */
  grown() { this.refresh(); }

  /** Writes the rows in sight again, before the next frame. */
  refresh() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => { this.#scheduled = false; this.#draw(); });
  }

  /** Chooses the row with that id and brings it into sight, if it is there. */
  select(id) {
    const i = this.#index(id);
    this.#active = id;
    if (i >= 0) this.#reveal(i);
    this.refresh();
  }

  get active() { return this.#active; }

  #scrollTo(top) {
    this.#box.scrollTop = top;
    this.#top = this.#box.scrollTop; // the browser bounds and rounds it
  }

  /** Goes to the end and follows it. */
  follow() {
    this.#following = true;
    this.#scrollTo(this.#box.scrollHeight);
    this.refresh();
  }

  /** Stays where it is while rows are added. */
  #stay() {
    if (this.#following) this.#last = this.#rows.at(-1)?.id ?? 0;
    this.#following = false;
  }

  /** How many rows came since the list stopped following. */
  #behind() {
    let n = 0;
    while (n < this.#rows.length && this.#rows[this.#rows.length - 1 - n].id > this.#last) n++;
    return n;
  }

  #height() { return parseFloat(getComputedStyle(this.#space).lineHeight) || 28; }

  /** The index of the row with that id, by bisection; -1 if there is none. */
  #index(id) {
    let low = 0, high = this.#rows.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (this.#rows[middle].id === id) return middle;
      if (this.#rows[middle].id < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #draw() {
    const height = this.#height();
    this.#space.style.height = `${this.#rows.length * height}px`;
    if (this.#following) this.#scrollTo(this.#box.scrollHeight);
    this.#missed(this.#following ? null : this.#behind());
    const first = Math.max(0, Math.floor(this.#box.scrollTop / height) - 2);
    const last = Math.min(this.#rows.length, first + Math.ceil(this.#box.clientHeight / height) + 5);
    const old = this.#elements;
    this.#elements = new Map();
    for (let i = first; i < last; i++) {
      const row = this.#rows[i];
      const element = old.get(row.id) ?? this.#element(row);
      old.delete(row.id);
      element.style.top = `${i * height}px`;
      element.setAttribute("aria-selected", row.id === this.#active);
      element.setAttribute("aria-posinset", i + 1);
      element.setAttribute("aria-setsize", this.#rows.length);
      this.#elements.set(row.id, element);
    }
    for (const element of old.values()) element.remove();
    if (this.#elements.has(this.#active)) this.#box.setAttribute("aria-activedescendant", `x-${this.#active}`);
    else this.#box.removeAttribute("aria-activedescendant");
  }

  #element(row) {
    const element = document.createElement("div");
    element.id = `x-${row.id}`;
    element.setAttribute("role", "option");
    this.#fill(element, row);
    this.#space.append(element);
    return element;
  }

  /** Writes these rows again when they are drawn next. */
  changed(rows) {
    for (const { id } of rows) {
      this.#elements.get(id)?.remove();
      this.#elements.delete(id);
    }
    if (rows.length > 0) this.refresh();
  }

  /** Forgets how rows are written, for another language. */
  rewrite() {
    for (const element of this.#elements.values()) element.remove();
    this.#elements.clear();
    this.refresh();
  }

  /**
   * Follows where the reader scrolls to the end, and stays elsewhere. A scroll event comes a frame late: after the list's
   * own scroll it says nothing about the reader, who may have clicked since, and the box may have another height.
   */
  #scrolled() {
    const box = this.#box;
    if (Math.abs(box.scrollTop - this.#top) < 1) return this.refresh();
    this.#top = box.scrollTop;
    if (box.scrollTop + box.clientHeight < box.scrollHeight - this.#height()) this.#stay();
    else this.#following = true;
    this.refresh();
  }

  #reveal(i) {
    const height = this.#height(), box = this.#box;
    this.#stay();
    if (i * height < box.scrollTop) this.#scrollTo(i * height);
    else if ((i + 1) * height > box.scrollTop + box.clientHeight) this.#scrollTo((i + 1) * height - box.clientHeight);
  }

  #click(event) {
    const element = event.target.closest("[role=option]");
    if (!element) return;
    this.#active = Number(element.id.slice(2));
    this.#stay();
    this.#choose(this.#rows[this.#index(this.#active)]);
    this.refresh();
  }

  #key(event) {
    const page = Math.max(1, Math.floor(this.#box.clientHeight / this.#height()) - 1);
    const last = this.#rows.length - 1;
    const at = this.#active === null ? -1 : this.#index(this.#active);
    const steps = { ArrowDown: at + 1, ArrowUp: at < 0 ? last : at - 1, PageDown: at + page, PageUp: at - page, Home: 0, End: last };
    if (event.key === "Enter" && at >= 0) this.#choose(this.#rows[at]);
    else if (event.key in steps && last >= 0) {
      const to = Math.min(last, Math.max(0, steps[event.key]));
      this.select(this.#rows[to].id);
      if (to === last) this.follow();
    } else return;
    event.preventDefault();
  }
}
