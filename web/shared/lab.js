// What every page does: the demo's description, the two languages, the theme.

const strings = {
  en: { theme: "Light / dark", lang: "中文" },
  zh: { theme: "浅色／深色", lang: "English" },
};

/** The element with that id. */
export const $ = (id) => document.getElementById(id);

/** A new element with text, never with markup. */
export function element(name, text = "", className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  return e;
}

let lang = "en";
let dictionary = strings;

/** Adds texts, {en: {key: text}, zh: {…}}, to those there are. */
export function addTexts(more) {
  dictionary = { en: { ...dictionary.en, ...more.en }, zh: { ...dictionary.zh, ...more.zh } };
}
const listeners = [];

/** The text of that key in the language that is shown; {0} is replaced. */
export const t = (key, ...args) =>
  (dictionary[lang][key] ?? key).replace(/\{(\d)\}/g, (_, i) => String(args[i]));

/** Calls f now and whenever the language changes. */
export function onLang(f) {
  listeners.push(f);
  f();
}

/** The language of the page: the lab's --lang, the reader's choice, the browser's. */
function chooseLang(fixed) {
  const wanted = localStorage.getItem("lang") ?? (fixed || navigator.language);
  return wanted.startsWith("zh") ? "zh" : "en";
}

function translate(info) {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = info.title[lang];
  $("title").textContent = info.title[lang];
  $("summary").textContent = info.summary[lang];
  for (const e of document.querySelectorAll("[data-text]")) e.textContent = t(e.dataset.text);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
  for (const f of listeners) f();
}

function switchTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  setTheme(now === "dark" ? "light" : "dark");
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

/** Fills the page in; texts is {en: {key: text}, zh: {…}}. Returns what /lab/info.json says of the demo. */
export async function start(texts) {
  addTexts(texts);
  const info = await (await fetch("/lab/info.json")).json();
  lang = chooseLang(info.lang);
  if (localStorage.getItem("theme")) setTheme(localStorage.getItem("theme"));
  $("theme").addEventListener("click", switchTheme);
  $("lang").addEventListener("click", () => {
    lang = lang === "zh" ? "en" : "zh";
    localStorage.setItem("lang", lang);
    translate(info);
  });
  translate(info);
  if (info.xray && $("xray")) import("/lab/shared/xray.js").then((xray) => xray.mount($("xray")));
  return info;
}
