// The home page comes whole from the server. This module keeps the state of the demos current while the page is visible.

import { carry } from "./bar.js";

const every = 3000; // ms
const gone = document.getElementById("gone");
const lang = document.documentElement.lang === "zh-CN" ? "zh" : "en";

async function look() {
  const response = await fetch("/lab/demos.json", { signal: AbortSignal.timeout(every) });
  show(await response.json());
}

/** Shows the demos that the lab serves: name → {href, clients}. */
function show(demos) {
  for (const item of document.querySelectorAll("[data-demo]")) {
    const demo = demos[item.dataset.demo];
    const link = item.querySelector("a");
    item.classList.toggle("runs", Boolean(demo));
    if (!demo) {
      link.removeAttribute("href");
      continue;
    }
    const to = new URL(`${demo.href}?lang=${lang}`, location.href);
    if (link.origin !== to.origin) link.href = to.href;
    const count = item.querySelector(".state b");
    if (count.textContent !== String(demo.clients)) count.textContent = demo.clients;
  }
  carry();
}

let timer;
async function follow() {
  clearTimeout(timer);
  if (document.hidden) return;
  try {
    await look();
    gone.hidden = true;
  } catch {
    gone.hidden = false;
  }
  clearTimeout(timer);
  timer = setTimeout(follow, every);
}

document.addEventListener("visibilitychange", follow);
timer = setTimeout(follow, every);
