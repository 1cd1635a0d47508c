// The parts of every page: the demo's description, the two languages, the theme.

import { catalogue, language, setLanguage, text } from "./catalogue.js";
import { clock } from "./clock.js";
import { takeKey } from "./key.js";
import { texts } from "./lab-text.js";
import { showTheme, switchTheme } from "./theme.js";

catalogue("lab", texts);

/** The element with that id. */
export const $ = (id) => document.getElementById(id);

/** A new element with text, never with markup. */
export function element(name, text = "", className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  return e;
}

const listeners = [];

/** Calls f now and whenever the language changes. */
export function onLang(f) {
  listeners.push(f);
  f();
}

/** The language of the page: the reader's choice, by ?lang= or by the button, else the lab's --lang, else the browser's. */
function chooseLang(fixed) {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked === "en" || asked === "zh") localStorage.setItem("lang", asked);
  const wanted = localStorage.getItem("lang") ?? (fixed || navigator.language);
  return wanted.startsWith("zh") ? "zh" : "en";
}

/** Writes the texts into the elements below root whose data-text or data-label refers to one, such as "room.send". */
export function fillTexts(root) {
  for (const e of root.querySelectorAll("[data-text]")) e.textContent = text(e.dataset.text);
  for (const e of root.querySelectorAll("[data-label]")) e.setAttribute("aria-label", text(e.dataset.label));
}

function translate(info) {
  const lang = language();
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = info.title[lang];
  $("title").textContent = info.title[lang];
  $("summary").textContent = info.summary[lang];
  fillTexts(document);
  for (const f of listeners) f();
}

/** Another window of this page chose a language or a theme: a page and the second window in it look the same. */
function follow(info) {
  addEventListener("storage", ({ key, newValue }) => {
    if (key === "theme") showTheme();
    if (key !== "lang" || !newValue) return;
    setLanguage(newValue === "zh" ? "zh" : "en");
    translate(info);
  });
}

/** Starts a page that came whole from the server, in the language of its html element. show is a promise of the x-ray's show(id), if there is one. */
function startWhole(info, onXray) {
  setLanguage(document.documentElement.lang === "zh-CN" ? "zh" : "en");
  showTheme();
  addEventListener("storage", ({ key }) => { if (key === "theme") showTheme(); });
  if (info.xray && $("xray")) info.show = import("/lab/shared/xray.js").then((xray) => xray.mount($("xray"), onXray));
  return info;
}

/**
 * Fills the page in; the catalogues that its markup refers to are registered by then. Returns the demo's /lab/info.json.
 * onXray is called with each message of the x-ray, if there is one, even while its panel is hidden.
 */
export async function start(onXray) {
  await takeKey();
  if ($("info")) return startWhole(JSON.parse($("info").textContent), onXray);
  addEventListener("hashchange", async () => { if (await takeKey()) location.reload(); }); // the key's address, opened in this tab
  const asked = clock.local();
  const response = await fetch("/lab/info.json", { cache: "no-store" });
  const date = Date.parse(response.headers.get("Date")); // in whole seconds
  if (date) clock.exchange(asked, clock.local(), date, date + 1000);
  const info = await response.json();
  setLanguage(chooseLang(info.lang));
  showTheme();
  $("theme").addEventListener("click", switchTheme);
  $("lang").addEventListener("click", () => {
    setLanguage(language() === "zh" ? "en" : "zh");
    localStorage.setItem("lang", language());
    translate(info);
  });
  follow(info);
  translate(info);
  if (info.xray && $("xray")) import("/lab/shared/xray.js").then((xray) => xray.mount($("xray"), onXray));
  return info;
}
