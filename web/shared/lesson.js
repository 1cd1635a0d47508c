// The page of a lesson comes whole from the server. This module remembers the language for the demo's page, marks the
// section in view in the table of contents, and lets the keyboard scroll what is too wide.

const chosen = new URLSearchParams(location.search).get("lang");
if (chosen === "en" || chosen === "zh") localStorage.setItem("lang", chosen);

const links = new Map([...document.querySelectorAll(".contents a")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
const headings = [...links.keys()].map((id) => document.getElementById(id));

/** The id of the section in view: the last whose heading has reached the upper third of the window. At the end of the page,
 * where a short section cannot get there, it is the section that the reader chose, or the last one. */
function sectionInView() {
  if (innerHeight + scrollY < document.documentElement.scrollHeight - 2) {
    return headings.findLast((h) => h.getBoundingClientRect().top < innerHeight / 3)?.id;
  }
  const target = headings.find((h) => h.matches(":target") && h.getBoundingClientRect().top >= 0);
  return (target ?? headings.at(-1)).id;
}

function markSection() {
  const current = sectionInView();
  for (const [id, a] of links) {
    if (id === current) a.setAttribute("aria-current", "true");
    else a.removeAttribute("aria-current");
  }
}

const scrollers = [...document.querySelectorAll("[tabindex]")];

/** Takes code and tables that fit out of the order of the tab key. */
function markScrollers() {
  for (const e of scrollers) {
    if (e.scrollWidth > e.clientWidth) e.tabIndex = 0;
    else e.removeAttribute("tabindex");
  }
}

addEventListener("scroll", () => requestAnimationFrame(markSection), { passive: true });
addEventListener("toggle", markScrollers, true); // what was folded has a width now
addEventListener("hashchange", markSection);
addEventListener("resize", () => { markScrollers(); markSection(); });
markScrollers();
markSection();
