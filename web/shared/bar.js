// The bar on every page: its menus, the theme, and what travels with the links to the lab's other demos.

import { takeKey } from "./key.js";
import { switchTheme } from "./theme.js";

const fold = document.getElementById("fold");
const menus = [...document.querySelectorAll(".bar .menu")];

/** Returns whether a link leads to another port of the lab. */
function leaves(a) {
  return a.origin !== location.origin && [...document.querySelectorAll("a.to-demo[href]")].some((to) => to.origin === a.origin);
}

/**
 * Adds the theme and the reader's name to the links to other ports of the lab, because a browser's storage belongs to one
 * port. Call it again after such a link has changed.
 */
export function carry() {
  for (const a of document.links) {
    if (!leaves(a)) continue;
    const url = new URL(a.href);
    for (const name of ["theme", "name"]) {
      const value = localStorage.getItem(name);
      if (value) url.searchParams.set(name, value);
    }
    if (a.href !== url.href) a.href = url.href;
  }
}

/** Gives a link the teacher's key while it is followed. At all other times its address, which a browser shows, has no key. */
function addKey({ target }) {
  const a = target.closest("a[href]");
  const key = sessionStorage.getItem("key");
  if (!a || !key || !leaves(a)) return;
  const { href } = a;
  a.hash = `key=${key}`;
  setTimeout(() => { a.href = href; });
}
addEventListener("click", addKey);
addEventListener("auxclick", addKey);

function unfold(open) {
  fold.setAttribute("aria-expanded", open);
}

fold.addEventListener("click", () => unfold(fold.getAttribute("aria-expanded") === "false"));
document.getElementById("theme").addEventListener("click", () => { switchTheme(); carry(); });

addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  const open = menus.find((menu) => menu.open);
  if (open) {
    open.open = false;
    open.querySelector("summary").focus();
  } else if (fold.getAttribute("aria-expanded") === "true") {
    unfold(false);
    fold.focus();
  }
});

addEventListener("click", ({ target }) => {
  for (const menu of menus) if (!menu.contains(target)) menu.open = false;
  if (!target.closest(".bar")) unfold(false);
});
addEventListener("blur", () => { for (const menu of menus) menu.open = false; }); // a click in an iframe takes the focus
addEventListener("hashchange", async () => { if (await takeKey()) location.reload(); }); // the key's address, opened in this tab

await takeKey();
carry();
