// One message of the x-ray taken apart: its layers, the fields of one of them, what each means, and the bytes.

import { catalogue, language } from "./catalogue.js";
import { element } from "./lab.js";
import { comparison } from "./xray-compare.js";
import { bytes, decode, hexLine, hueOf, ownersOf } from "./xray-hex.js";
import { texts } from "./xray-text.js";

const t = catalogue("xray", texts);

const firstBytes = 1024; // shown before the reader asks for all
const mostLayers = 24; // buttons
const mostText = 16384; // bytes of a view

/** The text in the language that is shown. */
export const said = (text) => (text ? text[language()] : "");

/**
 * Shows the row in `box`. layers are the rows of its message, the topmost first; go(id) is called with the one that the
 * reader chooses. pinned is the row to compare with, or null, and pin() pins this row or takes the pin off. lessons says
 * whether the server has the lessons' pages.
 */
export function anatomy(box, { row, layers, go, pinned, pin, lessons }) {
  const data = decode(row.data);
  const fields = row.fields ?? [];
  const parts = element("div", "", "x-parts");
  if (fields.length > 0) parts.append(tableOf(box, fields, lessons));
  if (data.length > 0) parts.append(hexOf(box, data, fields, firstBytes));
  box.replaceChildren(
    layersOf(row, layers, go),
    headOf(row, pinned, pin),
    ...(row.problem ? [element("p", said(row.problem), "bad")] : []),
    parts,
    ...stepsOf(row.steps),
    ...(row.views ?? []).flatMap(viewOf),
    ...(pinned && pinned.id !== row.id ? comparison(decode(pinned.data), data) : []),
  );
}

/** The layers as buttons: event, Socket.IO, Engine.IO, frame, TCP. */
function layersOf(row, layers, go) {
  const group = element("p", "", "row x-related");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", t("x.layers"));
  for (const layer of layers.slice(0, mostLayers)) {
    const button = element("button");
    button.type = "button";
    button.append(element("span", t(layer.layer), `x-chip x-${layer.layer}`), element("small", ` ${bytes(layer.size)}`));
    button.title = said(layer.summary);
    button.setAttribute("aria-pressed", layer.id === row.id);
    button.addEventListener("click", () => go(layer.id));
    group.append(button);
  }
  if (layers.length > mostLayers) group.append(element("span", t("x.moreLayers", layers.length - mostLayers), "soft"));
  return group;
}

function headOf(row, pinned, pin) {
  const head = element("div", "", "row x-title");
  const button = element("button", t(pinned?.id === row.id ? "x.unpin" : "x.pin"));
  button.type = "button";
  button.id = "x-pin";
  button.setAttribute("aria-pressed", pinned?.id === row.id);
  button.addEventListener("click", pin);
  head.append(element("span", t("x.row", row.id), "soft"), element("p", said(row.summary), "x-what"), button);
  return head;
}

function stepsOf(steps) {
  if (!steps?.length) return [];
  const list = element("ol", "", "x-steps");
  for (const step of steps) {
    const item = element("li");
    item.append(element("span", said(step.what)), element("code", step.value));
    list.append(item);
  }
  return [element("h3", t("x.steps")), list];
}

function hexOf(box, data, fields, limit) {
  const shown = data.subarray(0, limit);
  const owners = ownersOf(fields, shown.length);
  const wide = box.clientWidth > 1000 ? 16 : 8;
  const dump = element("div", "", "x-hex");
  dump.setAttribute("role", "img");
  dump.tabIndex = 0; // it scrolls sideways on a phone
  dump.setAttribute("aria-label", t("x.hex"));
  for (let at = 0; at < shown.length; at += wide) {
    const cells = Array.from(shown.subarray(at, at + wide), (byte, i) => [byte, hueOf(owners[at + i]), owners[at + i]]);
    while (cells.length < wide) cells.push([null]);
    dump.append(hexLine(at.toString(16).padStart(4, "0"), cells));
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

function tableOf(box, fields, lessons) {
  const table = element("table", "", "x-fields");
  const head = element("tr");
  for (const key of ["x.field", "x.value", "x.meaning", "x.spec"]) {
    const cell = element("th", t(key));
    cell.scope = "col";
    head.append(cell);
  }
  const body = element("tbody");
  fields.forEach((field, i) => {
    body.append(lineOf(field, hueOf(i), i, lessons));
    for (const part of field.parts ?? []) body.append(lineOf(part, "x-part", i, lessons));
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

function lineOf(field, className, i, lessons) {
  const line = element("tr", "", className);
  line.dataset.field = i;
  line.tabIndex = 0;
  const where = field.end - field.start > 1 ? t("x.at2", field.start, field.end - 1) : t("x.at", field.start);
  const name = element("th", field.name);
  name.scope = "row";
  name.title = where;
  const links = element("td", "", "x-links");
  if (field.spec) links.append(field.link ? link(field.spec, field.link) : field.spec);
  if (field.lesson && lessons) {
    const [lesson, section] = field.lesson.split("#");
    links.append(" ", link(t("x.lesson"), `/lab/lesson/${lesson}?lang=${language()}#${section}`));
  }
  line.append(name, element("td", field.value ?? "", "x-value"), element("td", said(field.meaning)), links);
  return line;
}

function link(text, href) {
  const a = element("a", text);
  a.href = href;
  a.target = "_blank";
  a.rel = "noopener";
  return a;
}

function viewOf(view) {
  const data = decode(view.data);
  const text = new TextDecoder().decode(data.subarray(0, mostText));
  return [element("h3", `${said(view.name)} (${bytes(data.length)})`), element("pre", text, "x-view")];
}
