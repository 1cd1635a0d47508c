// The wire over the last seconds, drawn: each request or connection is a bar, each message a dot on it.

const seconds = 20;
const barHeight = 16;
const rowHeight = 26;

const colors = { open: "--accent", news: "--good", empty: "--soft", failed: "--bad", waiting: "--line" };

/** Draws into a canvas until the page goes. rows are the labels, one a row, from a function: they follow the language. */
export function lane(canvas, rows) {
  let spans = [];
  const context = canvas.getContext("2d");
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function bar(left, top, width, color, alpha) {
    context.globalAlpha = alpha;
    context.fillStyle = color;
    context.beginPath();
    context.roundRect(left, top, width, barHeight, 4);
    context.fill();
    context.globalAlpha = 1;
  }

  function draw() {
    const width = canvas.clientWidth;
    const labels = rows();
    const height = labels.length * (rowHeight + 18) + 4;
    const scale = devicePixelRatio;
    canvas.style.height = `${height}px`;
    canvas.width = width * scale;
    canvas.height = height * scale;
    context.scale(scale, scale);
    const style = getComputedStyle(document.documentElement);
    const color = (name) => style.getPropertyValue(name);
    const now = performance.now();
    const x = (time) => width - ((now - time) / 1000 / seconds) * width;

    context.font = "13px system-ui, sans-serif";
    labels.forEach((label, row) => {
      const top = row * (rowHeight + 18);
      context.fillStyle = color("--soft");
      context.fillText(label, 0, top + 12, width); // squeezed rather than cut
      context.fillStyle = color("--ground");
      context.fillRect(0, top + 18, width, rowHeight);
    });
    spans = spans.filter((s) => !s.ended || x(s.ended) > -20);
    for (const s of spans) {
      const left = Math.max(x(s.began), -4);
      const right = s.ended ? x(s.ended) : width;
      const top = s.row * (rowHeight + 18) + 18 + (rowHeight - barHeight) / 2;
      const was = s.kind === "failed" ? "open" : s.kind;
      bar(left, top, Math.max(right - left, 4), color(colors[was]), s.ended && was === s.kind ? 0.75 : 0.45);
      if (s.kind === "failed") bar(Math.max(left, right - 5), top, 5, color(colors.failed), 1); // where it was cut
      s.dots = s.dots.filter((d) => x(d.at) > -10);
      for (const d of s.dots) {
        context.fillStyle = color(d.up ? "--accent" : "--good");
        context.beginPath();
        context.arc(x(d.at), top + barHeight / 2 + (d.up ? -3 : 3), 4.5, 0, 7);
        context.fill();
      }
    }
    if (calm) setTimeout(draw, 1000);
    else requestAnimationFrame(draw);
  }
  draw();

  /** Opens a bar in a row. kind: open, waiting. Returns it: dot(up) marks a message, end(kind) ends it as news, empty or failed. */
  return (row, kind = "open") => {
    const span = { row, kind, began: performance.now(), ended: 0, dots: [] };
    spans.push(span);
    return {
      is: (next) => { span.kind = next; },
      dot: (up = false) => span.dots.push({ at: performance.now(), up }),
      end: (next) => {
        if (span.ended) return;
        span.kind = next ?? span.kind;
        span.ended = performance.now();
      },
    };
  };
}
