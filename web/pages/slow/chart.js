// A small line chart of the last minute: SVG lines, and HTML for what is read.

import { element } from "/lab/shared/lab.js";
import { svgElement } from "/lab/shared/svg.js";

const [width, height] = [600, 120]; // of the drawing, which is stretched to its place
export const span = 60_000; // ms that a chart shows

/** Returns the least of 1, 2 and 5 times a power of ten that is not below a value. */
export function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((n) => n * power).find((n) => n >= value * 0.999999);
}

/** Returns the points attribute of a line: [time, value] pairs, of which those without a value are left out. */
export function line(points, now, most) {
  return points.filter(([, value]) => value !== null)
    .map(([at, value]) => `${(width * (1 - (now - at) / span)).toFixed(1)},${(height * (1 - Math.min(value / most, 1))).toFixed(1)}`).join(" ");
}

/** A Chart draws series into a figure. format turns a value into text; least is the smallest top of the axis. */
export class Chart {
  #series; #format; #least; #lines; #top; #values;

  /** series lists {name, kind}: name() is the text of the legend, kind a class of its colour. */
  constructor(figure, { series, format, least, label }) {
    [this.#series, this.#format, this.#least] = [series.map((one) => ({ ...one, points: [] })), format, least];
    const plot = element("div", "", "plot");
    const svg = svgElement("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
    this.#lines = this.#series.map(({ kind }) => svgElement("polyline", { class: kind }));
    svg.append(...this.#lines);
    this.#top = element("span", "", "most");
    plot.append(svg, this.#top);
    const legend = element("ul", "", "key");
    this.#values = this.#series.map(({ name, kind }) => {
      const [item, value] = [element("li", `${name} `, kind), element("b", "–")];
      item.append(value);
      legend.append(item);
      return value;
    });
    figure.append(plot, legend);
  }

  /** Adds a value to each series; null where there is none. */
  add(at, ...values) {
    this.#series.forEach((one, i) => {
      one.points.push([at, values[i]]);
      while (one.points[0][0] < at - span) one.points.shift();
      this.#values[i].textContent = values[i] === null ? "–" : this.#format(values[i]);
    });
    const most = ceiling(Math.max(this.#least, ...this.#series.flatMap(({ points }) => points.map(([, value]) => value ?? 0))));
    this.#top.textContent = this.#format(most);
    this.#series.forEach(({ points }, i) => this.#lines[i].setAttribute("points", line(points, at, most)));
  }
}
