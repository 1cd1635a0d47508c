// The picture of all lanes: one canvas over the list. Each arrival is painted once, into a ring
// buffer of pixels per lane; each frame copies these.

export const seconds = 8;

const margin = 12; // of a strip, beyond what is seen

/** A lane's strip. Its columns are times, modulo its width. */
class Strip {
  canvas = document.createElement("canvas");

  constructor(width, height, scale, perMs) {
    this.perMs = perMs;
    this.scale = scale;
    this.width = Math.ceil(width) + 2 * margin * scale;
    this.height = Math.ceil(height);
    this.canvas.width = this.width;
    this.canvas.height = this.height;
    this.context = this.canvas.getContext("2d");
    this.cleared = 0; // column up to which the strip is clear
  }

  column(at) { return (at - Strip.epoch) * this.perMs; }

  /** Clears the columns that come into view until a time. */
  advance(time) {
    const end = Math.round(this.column(time)) + margin * this.scale;
    const begin = Math.max(this.cleared, end - this.width);
    if (end <= begin) return;
    const x = ((begin % this.width) + this.width) % this.width;
    const first = Math.min(end - begin, this.width - x);
    this.context.clearRect(x, 0, first, this.height);
    this.context.clearRect(0, 0, end - begin - first, this.height);
    this.cleared = end;
  }

  /** Paints arrivals and losses: {at, arrived}, or {at, lost: true}. */
  paint(marks, time, colors) {
    const { context, scale, height } = this;
    const lines = new Path2D();
    const dots = new Path2D();
    const rings = new Path2D();
    const [top, bottom] = [3 * scale, height - 5 * scale];
    const oldest = time - seconds * 1000;
    for (const { at, arrived, lost } of marks) {
      const end = lost ? at : arrived;
      if (end < oldest) continue;
      const from = Math.max(at, oldest);
      const y = lost ? top : top + ((from - at) / Math.max(end - at, 1e-6)) * (bottom - top);
      const base = Math.floor(this.column(end) / this.width) * this.width;
      for (const shift of [base, base + this.width, base - this.width]) {
        const [x0, x1] = [this.column(from) - shift, this.column(end) - shift];
        if (x1 < -8 * scale || x0 > this.width + 8 * scale) continue;
        if (lost) {
          rings.moveTo(x1 + 4.5 * scale, top + 5 * scale);
          rings.arc(x1, top + 5 * scale, 4.5 * scale, 0, 7);
          continue;
        }
        lines.moveTo(x0, y);
        lines.lineTo(x1, bottom);
        dots.moveTo(x1 + 3.5 * scale, bottom);
        dots.arc(x1, bottom, 3.5 * scale, 0, 7);
      }
    }
    context.lineWidth = 1.4 * scale;
    context.strokeStyle = colors.line;
    context.stroke(lines);
    context.fillStyle = colors.good;
    context.fill(dots);
    context.lineWidth = 2 * scale;
    context.strokeStyle = colors.bad;
    context.stroke(rings);
  }

  /** Copies the columns before a time to a place of a context. */
  copy(context, time, x, y, width) {
    const end = Math.round(this.column(time));
    const begin = (((end - width) % this.width) + this.width) % this.width;
    const first = Math.min(width, this.width - begin);
    context.drawImage(this.canvas, begin, 0, first, this.height, x, y, first, this.height);
    if (first < width) context.drawImage(this.canvas, 0, 0, width - first, this.height, x + first, y, width - first, this.height);
  }
}
Strip.epoch = performance.timeOrigin;

/** Draws the lanes of a list on one canvas. A lane has y, marks, fresh, frozen and pending(time). */
export class Picture {
  constructor(canvas, list) {
    this.canvas = canvas;
    this.list = list;
    this.context = canvas.getContext("2d");
  }

  /** Measures the list: call it after the layout or the colours have changed. */
  measure(lanes) {
    const plot = lanes[0]?.plot;
    if (!plot) return;
    const scale = Math.min(devicePixelRatio, 2);
    const [width, height] = [this.list.clientWidth, this.list.clientHeight];
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    this.scale = scale;
    this.box = { x: Math.round(plot.offsetLeft * scale), y: plot.offsetTop, width: Math.floor(plot.clientWidth * scale), height: Math.floor(plot.clientHeight * scale) };
    const style = getComputedStyle(document.documentElement);
    this.colors = { line: style.getPropertyValue("--soft"), good: style.getPropertyValue("--good"), bad: style.getPropertyValue("--bad") };
    for (const lane of lanes) {
      lane.strip = new Strip(this.box.width, this.box.height, scale, this.box.width / (seconds * 1000));
      lane.fresh = [...lane.marks];
    }
  }

  draw(time, lanes) {
    if (!this.box) return;
    const { context, box, scale } = this;
    const now = time - 60; // right edge: the strip's newest dots lie whole inside the picture
    context.clearRect(box.x - scale, 0, box.width + 2 * scale, this.canvas.height);
    const red = new Path2D();
    for (const lane of lanes) {
      if (!lane.strip) continue;
      const y = Math.round((lane.y + box.y) * scale);
      if (lane.frozen === undefined) {
        lane.strip.advance(time);
        if (lane.fresh.length) lane.strip.paint(lane.fresh, time, this.colors);
        lane.fresh = [];
        this.addPending(red, lane, now, y);
      }
      lane.strip.copy(context, lane.frozen ?? now, box.x, y, box.width);
    }
    context.lineWidth = 1.4 * scale;
    context.strokeStyle = this.colors.bad;
    context.stroke(red);
  }

  /** Adds the lines of messages that other lanes have and this one does not. */
  addPending(path, lane, now, y) {
    const { box, scale } = this;
    const [top, bottom] = [y + 3 * scale, y + box.height - 5 * scale];
    const right = box.x + box.width;
    const perMs = box.width / (seconds * 1000);
    for (const at of lane.pending(now)) {
      const begin = Math.max(at, now - seconds * 1000);
      path.moveTo(right - (now - begin) * perMs, top);
      path.lineTo(right, top + Math.min((now - at) / 2000, 1) * (bottom - top));
    }
  }
}
