// The board of a class. It shows what /api/events sends, and nothing of it is kept here.

const strings = {
  en: {
    title: "Class", lang: "中文", theme: "Light / dark", order: "Order", byName: "by name", bySince: "longest at one exercise", bySolved: "most solved",
    csv: "Table (CSV)", promise: "This board is in this room only. Names are chosen by those who join, and forgotten when it closes, unless the teacher keeps a file.",
    empty: "Nobody has joined yet.", done: "solved", started: "begun", here: "at it now", join: "Join", how: "In a terminal, with a name of your choice:", ask: "The join code (CODE) is on the teacher's screen.",
    remove: "Remove {0}", sure: "Remove {0} from the board? Their work stays on their machine.", failed: "Not removed: {0}",
    phone: "The QR code opens this board on a phone.", live: "live", away: "not connected", student: "Name", solved: "Solved", current: "At", since: "For", exercises: "Exercises",
    students: "{0} here", minutes: "{0} min", gone: "not heard of for {0} min", all: "all solved",
  },
  zh: {
    title: "课堂", lang: "English", theme: "浅色／深色", order: "排序", byName: "按名字", bySince: "在同一题停留最久", bySolved: "完成最多",
    csv: "表格（CSV）", promise: "这块板只在本教室里。名字由加入的人自己起，关闭后全部忘掉，除非老师保存成文件。",
    empty: "还没有人加入。", done: "已通过", started: "已动手", here: "正在做", join: "加入", how: "在终端里运行，名字自己起：", ask: "加入码（CODE）在老师的屏幕上。",
    remove: "移除 {0}", sure: "把 {0} 从板上移除吗？对方机器上的练习不受影响。", failed: "没有移除：{0}",
    phone: "扫码可以在手机上看这块板。", live: "实时", away: "未连接", student: "名字", solved: "通过", current: "正在做", since: "已有", exercises: "练习",
    students: "{0} 人", minutes: "{0} 分钟", gone: "已 {0} 分钟没有消息", all: "全部通过",
  },
};

const $ = (id) => document.getElementById(id);
let lang = (localStorage.getItem("lang") ?? navigator.language).startsWith("zh") ? "zh" : "en";
let board = null;
let heard = 0; // when the last snapshot came, by this page's clock

// The teacher's key comes with the address that the terminal prints. It leaves the address bar, which the class sees.
const given = new URLSearchParams(location.hash.slice(1)).get("key");
if (given) {
  sessionStorage.setItem("key", given);
  history.replaceState(null, "", location.pathname);
}
let key = sessionStorage.getItem("key") ?? "";

const t = (key, ...args) => strings[lang][key].replace(/\{(\d)\}/g, (_, i) => String(args[i]));

function element(name, text = "", className = "") {
  const e = document.createElement(name);
  e.textContent = text;
  if (className) e.className = className;
  return e;
}

/** Minutes from a time of the server's until now, by the server's clock. */
function minutes(from) {
  const now = Date.parse(board.now) + (performance.now() - heard);
  return Math.max(0, Math.floor((now - Date.parse(from)) / 60000));
}

const solved = (student) => Object.values(student.states).filter((s) => s === "done").length;

const orders = {
  name: (a, b) => a.name.localeCompare(b.name, lang),
  since: (a, b) => Date.parse(a.since) - Date.parse(b.since),
  solved: (a, b) => solved(b) - solved(a) || orders.name(a, b),
};

function lessons() {
  const groups = new Map();
  for (const c of board.columns) groups.set(c.lesson, [...(groups.get(c.lesson) ?? []), c]);
  return groups;
}

function cell(student, column) {
  const state = student.states[column.name] ?? "";
  const here = student.current === column.name;
  const e = element("span", "", ["cell", state, here ? "here" : ""].join(" ").trim());
  const says = [state === "done" && t("done"), state === "started" && t("started"), here && t("here")].filter(Boolean).join(", ");
  e.title = `${column.name}: ${column.title[lang]}${says ? ` (${says})` : ""}`;
  return e;
}

function row(student) {
  const tr = document.createElement("tr");
  const quiet = minutes(student.seen);
  if (quiet >= 2) {
    tr.className = "gone";
    tr.title = t("gone", quiet);
  }
  const name = element("th", student.name);
  name.scope = "row";
  if (key) name.append(removal(student.name));
  const cells = element("td", "", "");
  const line = element("div", "", "cells");
  line.setAttribute("role", "img");
  line.setAttribute("aria-label", `${solved(student)} / ${board.columns.length}`);
  for (const columns of lessons().values()) {
    const group = element("span", "", "cells group");
    group.append(...columns.map((c) => cell(student, c)));
    line.append(group);
  }
  cells.append(line);
  const current = student.current || (solved(student) === board.columns.length ? t("all") : "");
  tr.append(name, element("td", `${solved(student)}/${board.columns.length}`), element("td", current), element("td", current ? t("minutes", minutes(student.since)) : ""), cells);
  return tr;
}

/** The button that removes a student. Only the teacher's page has it. */
function removal(name) {
  const button = element("button", "×", "remove");
  button.type = "button";
  button.title = t("remove", name);
  button.setAttribute("aria-label", t("remove", name));
  button.addEventListener("click", async () => {
    if (!confirm(t("sure", name))) return;
    const answer = await fetch("/api/remove", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Lab-Key": key },
      body: JSON.stringify({ name }),
    }).catch((error) => ({ ok: false, statusText: error.message }));
    if (!answer.ok) alert(t("failed", answer.statusText));
  });
  return button;
}

function draw() {
  if (!board) return;
  const head = document.createElement("tr");
  for (const key of ["student", "solved", "current", "since", "exercises"]) {
    const th = element("th", t(key));
    th.scope = "col";
    head.append(th);
  }
  $("table").tHead.replaceChildren(head);
  const students = [...board.students].sort(orders[$("order").value]);
  $("table").tBodies[0].replaceChildren(...students.map(row));
  $("table").hidden = students.length === 0;
  $("empty").hidden = students.length > 0;
  $("count").textContent = t("students", students.length);
}

let live = false;

function translate() {
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
  document.title = t("title");
  for (const e of document.querySelectorAll("[data-text]")) e.textContent = t(e.dataset.text);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", t(e.dataset.label));
  $("status").textContent = t(live ? "live" : "away");
  $("status").className = `badge ${live ? "good" : "bad"}`;
  command();
  draw();
}

let info = null; // how to join

function command() {
  if (!info) return;
  $("command").textContent = `lab exercise watch --class ${info.url} --code ${info.code ?? "CODE"} --name NAME`;
  $("ask").hidden = Boolean(info.code);
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("theme", theme);
}

$("lang").addEventListener("click", () => {
  lang = lang === "zh" ? "en" : "zh";
  localStorage.setItem("lang", lang);
  translate();
});
$("theme").addEventListener("click", () => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  setTheme((document.documentElement.dataset.theme ?? (dark ? "dark" : "light")) === "dark" ? "light" : "dark");
});
$("order").addEventListener("change", draw);
if (localStorage.getItem("theme")) setTheme(localStorage.getItem("theme"));
setInterval(draw, 30000); // the minutes go on while nobody changes anything

translate();
info = await (await fetch("/api/info", { headers: key ? { "X-Lab-Key": key } : {} })).json();
if (!info.code) key = ""; // of a board that has ended
command();

const events = new EventSource(key ? `/api/events?key=${encodeURIComponent(key)}` : "/api/events");
events.addEventListener("open", () => { live = true; translate(); });
events.addEventListener("error", () => { live = false; translate(); });
events.addEventListener("message", (event) => {
  board = JSON.parse(event.data);
  heard = performance.now();
  draw();
});
