// One row of the x-ray taken apart: its bytes in hex and text, coloured by field, and what each field means.

import { $, element, t } from "/lab/shared/lab.js";

const firstBytes = 1024; // shown before the reader asks for all
const hues = 8; // field colours in style sheet

/** A number of bytes that a person reads. */
export function bytes(n) {
  if (n < 1024) return `${n} B`;
  if (n < 1 << 20) return `${(n / 1024).toFixed(1)} KiB`;
  return `${(n / (1 << 20)).toFixed(1)} MiB`;
}

const decode = (base64) => Uint8Array.from(atob(base64 ?? ""), (c) => c.charCodeAt(0));
const hex = (byte) => byte.toString(16).padStart(2, "0");
const visible = (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·");

/** The text in the language that is shown. */
export const said = (text) => (text ? text[document.documentElement.lang.startsWith("zh") ? "zh" : "en"] : "");

/** Shows the row in `box`. `go(id)` is told of a click on a row that carries it or that it carries. */
export function anatomy(box, row, related, go) {
  const data = decode(row.data);
  const fields = row.fields ?? [];
  box.replaceChildren(
    element("p", said(row.summary), "x-what"),
    ...(row.problem ? [element("p", said(row.problem), "bad")] : []),
    ...layersOf(related, go),
    ...stepsOf(row.steps),
    hexOf(box, data, fields, firstBytes),
    tableOf(box, fields),
    ...(row.views ?? []).flatMap(viewOf),
  );
}

/** The rows under and above this one, as buttons. */
function layersOf(related, go) {
  const group = (key, rows) => {
    if (rows.length === 0) return [];
    const p = element("p", "", "row x-related");
    p.append(element("span", t(key), "soft"));
    for (const row of rows) {
      const button = element("button", `${t(row.layer)}: ${said(row.summary)}`);
      button.type = "button";
      button.title = button.textContent;
      button.addEventListener("click", () => go(row.id));
      p.append(button);
    }
    return [p];
  };
  return [...group("x.carriedBy", related.parents), ...group("x.carries", related.children)];
}

function stepsOf(steps) {
  if (!steps?.length) return [];
  const list = element("ol", "", "x-steps");
  for (const step of steps) {
    const item = element("li");
    item.append(element("span", said(step.what)), element("code", step.value));
    list.append(item);
  }
  return [element("h4", t("x.steps")), list];
}

/** Which field each byte belongs to. */
function ownersOf(fields, length) {
  const owners = new Int32Array(length).fill(-1);
  fields.forEach((field, i) => owners.fill(i, field.start, Math.min(field.end, length)));
  return owners;
}

function hexOf(box, data, fields, limit) {
  const shown = data.subarray(0, limit);
  const owners = ownersOf(fields, shown.length);
  const wide = box.clientWidth > 560 ? 16 : 8;
  const dump = element("div", "", "x-hex");
  dump.setAttribute("role", "img");
  dump.setAttribute("aria-label", t("x.hex"));
  for (let at = 0; at < shown.length; at += wide) {
    const line = element("div");
    line.append(element("span", at.toString(16).padStart(4, "0"), "x-offset"));
    const [left, right] = [element("span", "", "x-bytes"), element("span", "", "x-chars")];
    for (let i = at; i < Math.min(at + wide, shown.length); i++) {
      for (const [where, text] of [[left, hex(shown[i])], [right, visible(shown[i])]]) {
        const span = element("span", text, owners[i] < 0 ? "" : `x-f${owners[i] % hues}`);
        span.dataset.field = owners[i];
        where.append(span);
      }
    }
    line.append(left, right);
    dump.append(line);
  }
  if (shown.length < data.length) {
    const more = element("button", t("x.more", data.length));
    more.type = "button";
    more.addEventListener("click", () => dump.replaceWith(hexOf(box, data, fields, Infinity)));
    dump.append(more);
  }
  dump.addEventListener("pointerover", (event) => mark(box, event.target.dataset.field));
  dump.addEventListener("pointerleave", () => mark(box));
  return dump;
}

/** Shows which bytes and which line belong to a field. */
function mark(box, field) {
  for (const e of box.querySelectorAll("[data-field]")) e.classList.toggle("x-marked", field !== undefined && field !== "-1" && e.dataset.field === field);
}

function tableOf(box, fields) {
  const table = element("table", "", "x-fields");
  const head = element("tr");
  for (const key of ["x.field", "x.value", "x.meaning", "x.spec"]) head.append(element("th", t(key)));
  const body = element("tbody");
  fields.forEach((field, i) => {
    body.append(lineOf(field, `x-f${i % hues}`, i));
    for (const part of field.parts ?? []) body.append(lineOf(part, "x-part", i));
  });
  for (const name of ["pointerover", "focusin"]) body.addEventListener(name, (event) => mark(box, event.target.closest("tr")?.dataset.field));
  for (const name of ["pointerleave", "focusout"]) body.addEventListener(name, () => mark(box));
  body.addEventListener("keydown", step);
  const thead = element("thead");
  thead.append(head);
  table.append(thead, body);
  const scroller = element("div", "", "x-scroller");
  scroller.append(table);
  return scroller;
}

/** The arrow keys go from field to field. */
function step(event) {
  const next = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const row = next && event.target.closest("tr")?.[next];
  if (!row) return;
  row.focus();
  event.preventDefault();
}

function lineOf(field, className, i) {
  const line = element("tr", "", className);
  line.dataset.field = i;
  line.tabIndex = 0;
  const where = field.end - field.start > 1 ? t("x.at2", field.start, field.end - 1) : t("x.at", field.start);
  const name = element("th", field.name);
  name.scope = "row";
  name.title = where;
  line.append(name, element("td", field.value ?? "", "x-value"), element("td", said(field.meaning)), element("td", field.spec ?? "", "soft"));
  return line;
}

function viewOf(view) {
  const data = decode(view.data);
  const text = new TextDecoder().decode(data.subarray(0, 16384));
  return [element("h4", `${said(view.name)} (${bytes(data.length)})`), element("pre", text, "x-view")];
}
