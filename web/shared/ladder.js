// The wire as a ladder: two clients and the server as upright lines, packets as arrows between them. The same packets
// stand in a list for readers who do not see the picture.

import { split } from "./packets.js";
import { svgElement } from "./svg.js";
import { rowsOf, short } from "./trace.js";
import { element } from "./lab.js";

const rowHeight = 26; // px
const slant = 7; // px that an arrow falls on its way
const top = 8;
const mostRows = 60;
const mostSpoken = 20; // packets in the list
const letter = 7.3; // px of a letter, about
const pace = 100; // ms between two drawings
const barWidth = 5;
const longHeld = 500; // ms that an answer took, which are shown

/**
 * A Ladder draws into `box`, which scrolls, and writes `list`. say(arrow) returns an arrow in words;
 * other says whether there is a second client; chosen(arrow) is called when the reader clicks one. Nothing is drawn
 * unless show or redraw is called or the box changes its size, nor while the page is hidden, nor more often than 10 times a
 * second; a row that is drawn already is kept.
 */
export class Ladder {
  #box; #list; #say; #other;
  #svg = svgElement("svg", { "aria-hidden": "true" });
  #arrows = [];
  #bars = [];
  #rows = [];
  #drawn = new Map(); // key → {e, said}
  #width = 0;
  #height = 0;
  #spoken = "";
  #barred = "";
  #following = true;
  #scrollTop = 0; // that the ladder or the reader's last scroll has set
  #timer = 0;
  #last = -pace;

  constructor(box, list, say, other, chosen) {
    [this.#box, this.#list, this.#say, this.#other] = [box, list, say, other];
    box.append(this.#svg);
    box.addEventListener("click", ({ target }) => {
      const id = Number(target.closest(".arrow")?.dataset.id);
      const arrow = this.#rows.flat().find((arrow) => arrow.id === id);
      if (arrow) chosen(arrow);
    });
    new ResizeObserver(() => {
      if (box.clientWidth === this.#width) return this.#follow();
      this.#width = box.clientWidth;
      this.redraw();
    }).observe(box);
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /** Shows these arrows and bars, see Trace, in place of all others. */
  show(arrows, bars = []) {
    [this.#arrows, this.#bars] = [arrows, bars];
    this.#schedule();
  }

  #schedule() {
    if (this.#timer || document.hidden) return;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#last = performance.now();
      this.#rows = rowsOf(this.#arrows).slice(-mostRows);
      this.#draw(" fresh");
    }, Math.max(0, this.#last + pace - performance.now()));
  }

  /** Draws everything again, for another width or another language. */
  redraw() {
    for (const { e } of this.#drawn.values()) e.remove();
    this.#drawn.clear();
    this.#draw();
  }

  #draw(className = "") {
    if (this.#width === 0) return;
    const height = this.#height = Math.max(top + this.#rows.length * rowHeight + 6, this.#box.clientHeight - 2);
    this.#svg.setAttribute("width", this.#width);
    this.#svg.setAttribute("height", height);
    this.#lifelines(height);
    const first = this.#rows[0]?.[0].time;
    const kept = new Set();
    this.#rows.forEach((row, i) => {
      const key = row.map((arrow) => arrow.id).join(" ");
      const said = row.map(({ packet, kind, times }) => `${kind} ${packet} ${times}`).join("\n");
      kept.add(key);
      const drawn = this.#drawn.get(key);
      if (drawn?.said !== said) {
        drawn?.e.remove();
        this.#drawn.set(key, { said, e: this.#svg.appendChild(this.#row(row, drawn || row[0].times ? "" : className)) });
      }
      const { e } = this.#drawn.get(key);
      e.setAttribute("transform", `translate(0 ${top + i * rowHeight})`);
      const time = `+${((row[0].time - first) / 1000).toFixed(1)}`;
      if (e.lastElementChild.textContent !== time) e.lastElementChild.textContent = time;
    });
    for (const [key, { e }] of this.#drawn) {
      if (kept.has(key)) continue;
      e.remove();
      this.#drawn.delete(key);
    }
    this.#drawBars();
    this.#speak();
    this.#follow();
  }

  /** Shows the newest row, unless the reader has scrolled up. */
  #follow() {
    if (!this.#following) return;
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#scrollTop = this.#box.scrollTop; // the browser bounds and rounds it
  }

  /** Takes note whether the reader is at the end. The event of the ladder's own scroll comes late: the box may be lower by then. */
  #scrolled() {
    const box = this.#box;
    if (Math.abs(box.scrollTop - this.#scrollTop) < 1) return;
    this.#scrollTop = box.scrollTop;
    this.#following = box.scrollHeight - box.scrollTop - box.clientHeight < 2 * rowHeight;
  }

  #x(who) {
    const edge = 46;
    if (!this.#other) return who === "me" ? edge : this.#width - 14;
    return { me: edge, server: Math.round((edge + this.#width - 14) / 2), other: this.#width - 14 }[who];
  }

  get #lives() { return this.#other ? ["me", "server", "other"] : ["me", "server"]; }

  #lifelines(height) {
    const key = "life";
    let group = this.#svg.querySelector(`.${key}`);
    if (!group) {
      group = this.#svg.insertBefore(svgElement("g", { class: key }), this.#svg.firstChild);
      for (const who of this.#lives) group.append(svgElement("line", { class: `life-${who}`, y1: 0 }));
    }
    for (const [i, who] of this.#lives.entries()) {
      const line = group.children[i];
      for (const name of ["x1", "x2"]) line.setAttribute(name, this.#x(who));
      line.setAttribute("y2", height);
    }
  }

  /** Requests that wait or stream, as bars on the client's lifeline; an open one goes to the bottom. */
  #drawBars() {
    const shapes = [];
    const lanes = []; // the ends of the bars so far, by client and lane
    for (const { client, from, to, cut } of this.#bars) {
      const [y, end] = [this.#y(from, 15), to === null ? this.#height : this.#y(to, 15 + (cut ? 0 : slant))];
      if (end - y <= slant) continue;
      let lane = 0;
      while (lanes.some((other) => other.client === client && other.lane === lane && other.end > y)) lane++;
      lanes.push({ client, lane, end });
      const x = this.#x(client) + (client === "me" ? lane * (barWidth + 1) : -lane * (barWidth + 1)) - barWidth / 2;
      shapes.push(["rect", { class: `bar ${client}`, x, y, width: barWidth, height: end - y }]);
      if (cut) shapes.push(["path", { class: "cross", d: `M${x - 3} ${end - 5} l11 11 m0 -11 l-11 11` }]);
    }
    const key = JSON.stringify(shapes);
    if (key === this.#barred) return;
    this.#barred = key;
    this.#svg.querySelector(".bars")?.remove();
    const group = this.#svg.insertBefore(svgElement("g", { class: "bars" }), this.#svg.querySelector(".life").nextSibling);
    group.append(...shapes.map(([name, attributes]) => svgElement(name, attributes)));
  }

  /** The place of the row of the x-ray with that id: that of its arrow, or of the next one. */
  #y(id, within) {
    const i = this.#rows.findIndex((row) => row.at(-1).id >= id);
    if (i === 0 && this.#rows[0][0].id > id) return 0;
    return top + (i < 0 ? this.#rows.length * rowHeight : i * rowHeight + within);
  }

  /** One row: its arrows, and its time as the last child. */
  #row(row, className) {
    const group = svgElement("g", { class: row[0].kind + className });
    for (const arrow of row) {
      const ends = [this.#x(arrow.client), this.#x("server")];
      const [from, to] = arrow.up ? ends : ends.reverse();
      const side = Math.sign(to - from);
      const [y, tip] = [15, 15 + slant];
      const g = svgElement("g", { class: `arrow ${arrow.client} ${arrow.up ? "up" : "down"}`, "data-id": arrow.id });
      if (arrow.nsp) g.dataset.nsp = arrow.nsp;
      g.append(
        svgElement("title", {}, arrow.packet),
        svgElement("path", { d: `M${from} ${y} L${to - side * 3} ${tip}`, class: "shaft" }),
        svgElement("path", { d: `M${to - side * 10} ${tip - 5.5} L${to - side * 2} ${tip} L${to - side * 10} ${tip + 3.5}`, class: "tip" }),
      );
      if (arrow === row[0] || arrow.client !== row[0].client) g.append(this.#label(arrow, Math.min(from, to) + 8, Math.abs(to - from) - 14));
      group.append(g);
    }
    group.append(svgElement("text", { class: "time", x: 2, y: 21 }));
    return group;
  }

  #label(arrow, x, room) {
    const text = svgElement("text", { x, y: 12, class: "packet" });
    const times = arrow.kind === "empty" && arrow.times ? ` ×${arrow.times}` : arrow.held >= longHeld ? ` ${(arrow.held / 1000).toFixed(1)} s` : "";
    const shown = short(arrow.packet, Math.max(4, Math.floor(room / letter) - times.length));
    const parts = arrow.layer === "eio" ? split(shown) : [["data", shown]];
    text.append(...parts.map(([kind, part]) => svgElement("tspan", { class: kind }, part)));
    if (times) text.append(svgElement("tspan", { class: "times" }, times));
    return text;
  }

  #speak() {
    const spoken = this.#rows.flat().slice(-mostSpoken).map(this.#say);
    if (spoken.join("\n") === this.#spoken) return;
    this.#spoken = spoken.join("\n");
    this.#list.replaceChildren(...spoken.map((text) => element("li", text)));
  }
}
