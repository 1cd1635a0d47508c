// A sequence diagram of the messages, beside their list: time goes down, clients and the server are upright lines.

import { svgElement as svg } from "./svg.js";
import { placesOf, sequence } from "./xray-sequence.js";

const rowHeight = 26; // px
const slant = 8; // px that an arrow falls on its way
const top = 6;
const mostItems = 150;
const pace = 100; // ms between two drawings
const letter = 7.7; // px of a letter, about

/** As much of a text as fits into that many px. A Chinese character takes the room of two letters. */
export function fitting(text, room) {
  let left = Math.floor(room / letter), n = 0;
  for (const character of text) {
    left -= character > "\u2e7f" ? 2 : 1;
    if (left < 0) return `${text.slice(0, Math.max(n - 1, 1))}…`;
    n += character.length;
  }
  return text;
}

/**
 * A Diagram draws into `box`. source() returns the messages, and `say` says what is drawn: nameOf, rankOf and isOpen, see
 * sequence; titleOf(name), what a lifeline is called; colorOf(name), the number of its colour; labelOf(row), the text at an
 * arrow; wordsOf(row), its tooltip. choose(id) is called on a click.
 * It draws after changed(), at most ten times a second, and only while it is visible.
 */
export class Diagram {
  #box; #source; #say; #choose;
  #names = document.createElement("div");
  #svg = svg("svg", { "aria-hidden": "true" });
  #life = svg("g");
  #bars = svg("g");
  #drawn = new Map(); // id → {element, key}
  #visible = false;
  #dirty = false;
  #timer = 0;
  #active = null;
  #shape = "";

  constructor(box, source, say, choose) {
    [this.#box, this.#source, this.#say, this.#choose] = [box, source, say, choose];
    this.#names.className = "x-lifelines";
    this.#svg.append(this.#life, this.#bars);
    box.append(this.#names, this.#svg);
    new ResizeObserver(() => this.changed()).observe(box);
    new IntersectionObserver(([{ isIntersecting }]) => {
      this.#visible = isIntersecting;
      if (isIntersecting && this.#dirty) this.changed();
    }).observe(box);
    document.addEventListener("visibilitychange", () => { if (this.#dirty) this.changed(); });
    this.#svg.addEventListener("click", (event) => {
      const id = Number(event.target.closest("[data-id]")?.dataset.id);
      if (id) this.#choose(id);
    });
  }

  /** Says that there is something new to draw. */
  changed() {
    this.#dirty = true;
    if (this.#timer || !this.#visible || document.hidden) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      if (!this.#visible || document.hidden) return;
      this.#dirty = false;
      this.#draw();
    }, pace);
  }

  /** Draws everything again, for another language. */
  rewrite() {
    this.#shape = "";
    this.changed();
  }

  /** Marks the message that is taken apart, and shows it if it is there. */
  select(id) {
    this.#active = id;
    for (const [key, { element }] of this.#drawn) element.classList.toggle("chosen", key === id);
    const y = this.#drawn.get(id)?.y;
    if (y !== undefined && (y < this.#box.scrollTop || y > this.#box.scrollTop + this.#box.clientHeight - 2 * rowHeight)) this.#box.scrollTop = y - this.#box.clientHeight / 2;
  }

  #draw() {
    const { lifelines, items, bars } = sequence(this.#source().slice(-mostItems), this.#say);
    const width = this.#box.clientWidth;
    if (width === 0) return;
    const places = placesOf(lifelines, width);
    const following = this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < 2 * rowHeight;
    const shape = `${width} ${lifelines.join(" ")}`;
    if (shape !== this.#shape) {
      this.#shape = shape;
      for (const { element } of this.#drawn.values()) element.remove();
      this.#drawn.clear();
      this.#nameLifelines(lifelines, places);
    }
    const height = Math.max(top + items.length * rowHeight + 12, this.#box.clientHeight - this.#names.offsetHeight - 2);
    this.#svg.setAttribute("width", width);
    this.#svg.setAttribute("height", height);
    for (const line of this.#life.children) line.setAttribute("y2", height);
    this.#drawBars(bars, places, height);
    const kept = new Set(items.map(({ id }) => id));
    for (const [id, { element }] of this.#drawn) {
      if (kept.has(id)) continue;
      element.remove();
      this.#drawn.delete(id);
    }
    items.forEach((item, i) => {
      const y = top + i * rowHeight;
      const drawn = this.#drawn.get(item.id) ?? this.#drawn.set(item.id, { element: this.#svg.appendChild(this.#item(item, places, width)) }).get(item.id);
      if (drawn.y === y) return;
      drawn.y = y;
      drawn.element.setAttribute("transform", `translate(0 ${y})`);
    });
    if (following) this.#box.scrollTop = this.#box.scrollHeight;
  }

  #nameLifelines(lifelines, places) {
    const all = [...lifelines, null];
    const name = (who) => {
      const e = document.createElement("span");
      e.textContent = e.title = this.#say.titleOf(who);
      e.className = who === null ? "" : `x-c${this.#say.colorOf(who)}`;
      e.style.left = `${who === null ? places.server : places.of(who)}px`;
      e.style.maxWidth = `${places.room}px`;
      return e;
    };
    this.#names.replaceChildren(...all.map(name));
    this.#life.replaceChildren(...all.map((who) => {
      const x = who === null ? places.server : places.of(who);
      return svg("line", { class: "life", x1: x, x2: x, y1: 0 });
    }));
  }

  #drawBars(bars, places, height) {
    const elements = bars.map(({ client, from, to }, i) => {
      const side = Math.sign(places.of(client) - places.server);
      const y = top + from * rowHeight + 14 + slant;
      const end = to === null ? height : top + to * rowHeight + 14;
      return svg("rect", {
        class: `bar x-c${this.#say.colorOf(client)}${to === null ? " open" : ""}`,
        x: places.server - 4 + side * (5 + 5 * (i % 3)), width: 8, y, height: Math.max(end - y, 4), rx: 2,
      });
    });
    this.#bars.replaceChildren(...elements);
  }

  #item(item, places, width) {
    const group = svg("g", { class: `item ${item.kind} x-c${this.#say.colorOf(item.client)}${item.id === this.#active ? " chosen" : ""}` });
    if (item.kind === "restart") {
      group.append(svg("path", { class: "shaft", d: `M4 14 H${width - 4}` }), svg("text", { x: width / 2, y: 10, "text-anchor": "middle" }, this.#say.labelOf(item.row)));
      return group;
    }
    group.dataset.id = item.id;
    const ends = [places.of(item.client), places.server];
    const [from, to] = item.up ? ends : ends.toReversed();
    const side = Math.sign(to - from);
    const y = 14, tip = y + slant, room = Math.abs(to - from);
    group.append(svg("title", {}, this.#say.wordsOf(item.row)), svg("rect", { class: "back", x: Math.min(from, to), y: 0, width: room, height: rowHeight }));
    if (item.kind === "cut") {
      const x = (from + to) / 2;
      group.append(
        svg("path", { class: "shaft", d: `M${from} ${y} L${x - side * 8} ${y + slant / 2}` }),
        svg("path", { class: "cross", d: `M${x - 5} ${y - 1} l10 10 m0 -10 l-10 10` }),
      );
    } else {
      group.append(
        svg("path", { class: "shaft", d: `M${from} ${y} L${to - side * 3} ${tip}` }),
        svg("path", { class: "tip", d: `M${to - side * 10} ${tip - 5.5} L${to - side * 2} ${tip} L${to - side * 10} ${tip + 3.5}` }),
      );
    }
    const x = Math.min(from, to) + 12;
    group.append(svg("text", { x, y: 11 }, fitting(this.#say.labelOf(item.row), width - x - 6))); // the row is the arrow's alone
    return group;
  }
}
