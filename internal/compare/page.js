// Draws the charts and the tables of the report from the data in the page.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const report = read("report"), view = read("view");
const figures = new Map(view.figures.map((f) => [f.key, f]));

// rows returns the results of a part, which the page holds as columns. A row without a field is null.
function rows(columns, count) {
  if (Array.isArray(columns)) return columns;
  const list = Array(count).fill(null);
  for (const [name, column] of Object.entries(columns)) rows(column, count).forEach((v, i) => { if (v !== null) (list[i] ??= {})[name] = v; });
  return list;
}

for (const part of report.parts) {
  part.results = rows(part.results, part.results.transport?.length);
  for (const lane of part.results) lane.spread ??= {};
}

function element(name, attributes = {}, ...children) {
  const svg = name === "svg" || name === "polyline";
  const e = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== "") e.setAttribute(key, value);
  e.append(...children);
  return e;
}

// value returns a figure of a lane, or null if it was not measured.
function value(f, lane) {
  const v = f.path.split(".").reduce((at, name) => at?.[name], lane);
  if (v === undefined || lane.unmeasured?.includes(f.key) || f.when === "messages" && !lane.messages || f.when === "sent" && !(lane.messages + lane.lost) || f.when === "value" && !v) return null;
  return v;
}

function format(f, v) {
  if (v === 0) return "0";
  const decimals = Math.max(0, Math.min(2 - Math.floor(Math.log10(Math.abs(v))), f.decimals)), p = 10 ** decimals;
  return (Math.floor(v * p + 0.5) / p).toFixed(decimals);
}

// below reports whether the figure is below the resolution of the clock.
const below = (f, lane) => f.resolution !== undefined && value(f, lane) < lane[f.resolution];

function text(f, lane) {
  const v = value(f, lane);
  if (v === null) return "–";
  return below(f, lane) ? "< " + format(f, Math.ceil(lane[f.resolution])) : format(f, v);
}

// scale returns a function that places values between 0 and 100.
function scale(low, high, log) {
  const f = log ? (v) => Math.log(Math.max(v, low)) : (v) => v;
  return (v) => high > low ? Math.max(0, Math.min(100 * (f(v) - f(low)) / (f(high) - f(low)), 100)) : 50;
}

function figure(title, note, rows) {
  return element("figure", {}, element("figcaption", {}, element("h3", {}, title), element("p", {}, ...note)), element("ol", {}, ...rows));
}

function row(lane, best, drawing, label) {
  return element("li", { class: best ? "best" : "" }, element("span", { title: view.titles[lane.transport] ?? "" }, lane.transport), drawing, element("b", {}, label));
}

// dots draws a figure as a dot in its range over the runs. The latency has a line to p99.
function dots(part, f, best) {
  const tail = f.key === "latency_p50_ms" ? figures.get("latency_p99_ms") : null;
  const all = part.results.flatMap((r) => [value(f, r), ...r.spread[f.key] ?? [], tail && value(tail, r)]).filter((v) => v !== null);
  const place = scale(f.log ? Math.min(...all.filter((v) => v > 0)) : 0, Math.max(...all), f.log);
  return figure(f.name, [f.note], part.results.map((r, i) => {
    const v = value(f, r), drawing = element("i"), label = text(f, r) + (tail && v !== null ? " … " + text(tail, r) : "");
    if (v !== null && !below(f, r)) {
      const [from, to] = r.spread[f.key] ?? [v, v];
      drawing.style.cssText = `--v:${place(v)};--a:${place(from)};--b:${place(to)};--t:${tail ? place(value(tail, r)) : 0}`;
      if (tail) drawing.append(element("s"));
      drawing.append(element("u"), element("em"));
    }
    return row(r, best.includes(i), drawing, label);
  }));
}

// stacked draws the bytes of a message by kind.
function stacked(part, f, best) {
  const place = scale(0, Math.max(...part.results.map((r) => r.bytes_per_message)));
  const key = element("span", { class: "key" }, ...["payload", "framing", "headers"].flatMap((kind) => [element("span", { class: kind[0] }), view.texts[kind]]));
  return figure(f.name, [f.note, " ", key], part.results.map((r, i) => {
    const { payload, framing, headers } = r.bytes; // framing is negative if compression saved more
    const drawing = element("i", { class: "sum" });
    for (const bytes of [payload + Math.min(framing, 0), Math.max(framing, 0), headers]) drawing.append(element("u", { style: `width:${place(bytes)}%` }));
    return row(r, best.includes(i), drawing, text(f, r));
  }));
}

// curve draws lines in a box of 100 by 20. Values that are null are left out.
function curve(place, ...lines) {
  const points = (values) => values.flatMap((v, i) => v === null ? [] : [`${100 * (i + 0.5) / values.length},${18 - place(v) * 0.16}`]).join(" ");
  return element("svg", { viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" }, ...lines.map((values) => element("polyline", { points: points(values) })));
}

// overTime draws the latency in the slices of a run.
function overTime(part) {
  const known = (values) => values.filter((v) => v !== null && v > 0);
  const low = Math.min(...part.results.flatMap((r) => known(r.latency_over_time_ms?.p50 ?? [])));
  const high = Math.max(...part.results.flatMap((r) => known(r.latency_over_time_ms?.max ?? [])));
  if (!(high > 0)) return [];
  const place = scale(low, high, true);
  return [figure(view.texts.overTime, [view.texts.overTimeNote], part.results.map((r) => {
    const over = r.latency_over_time_ms ?? { p50: [], max: [] };
    return row(r, false, curve(place, over.p50, over.max), text(figures.get("latency_max_ms"), r));
  }))];
}

// series draws a figure over several parts, one line for each lane.
function series(parts, f) {
  const lanes = parts[0].results.map((r) => r.transport);
  const values = lanes.map((name) => parts.map((part) => part.results.find((r) => r.transport === name) ?? {}).map((r) => r.transport ? value(f, r) : null));
  const all = values.flat().filter((v) => v !== null);
  if (all.length === 0 || Math.max(...all) === 0) return [];
  const place = scale(f.log ? Math.min(...all.filter((v) => v > 0)) : 0, Math.max(...all), f.log);
  return [figure(f.name, [view.texts.sweepNote], lanes.map((transport, i) => {
    const known = values[i].filter((v) => v !== null).map((v) => format(f, v));
    return row({ transport }, false, curve(place, values[i]), known.length ? known[0] + " → " + known.at(-1) : "–");
  }))];
}

const measured = (part) => view.figures.filter((f) => part.results.some((r) => value(f, r) !== null));

function charts(part, best) {
  return measured(part).filter((f) => f.note !== undefined && (part.config.workload === "idle" || !f.idle)).flatMap((f) => {
    const lanes = best[f.key] ?? [];
    if (f.key === "bytes_per_message") return [stacked(part, f, lanes)];
    return [dots(part, f, lanes), ...f.key === "latency_p50_ms" ? overTime(part) : []];
  });
}

// fill writes the table: a line for each figure, a column for each lane.
function fill(table, part) {
  if (part.results.length > 9) table.className = "many";
  table.createTHead().append(element("tr", {}, element("th", { scope: "col" }, view.texts.figure), ...part.results.map((r) => {
    const head = element("th", { scope: "col" }, r.transport), title = view.titles[r.transport];
    if (title && title !== r.transport) head.append(element("small", {}, title));
    return head;
  })));
  table.append(element("tbody", {}, ...measured(part).map((f) => element("tr", {}, element("th", { scope: "row" }, f.title), ...part.results.map((r) => {
    const cell = element("td", {}, text(f, r)), range = (r.spread[f.key] ?? []).map((v) => format(f, v));
    if (r.runs > 1 && range[0] !== range[1] && !below(f, r)) cell.append(element("small", {}, range.join("–")));
    return cell;
  })))));
}

for (const section of document.querySelectorAll("section[data-sweep]")) {
  const parts = view.sweeps[section.dataset.sweep].parts.map((i) => report.parts[i]);
  section.querySelector(".grid").append(...["latency_p50_ms", "latency_p99_ms", "latency_p999_ms", "lost"].flatMap((key) => series(parts, figures.get(key))));
}
for (const section of document.querySelectorAll("section[data-part]")) {
  const part = report.parts[section.dataset.part];
  section.querySelector(".grid").append(...charts(part, view.best[section.dataset.part]));
  fill(section.querySelector("table"), part);
}
