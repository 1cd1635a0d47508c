// A lesson as slides. The server sends all of them; this module shows one at a time, and makes the type of a slide smaller
// until the slide fits the window.

/**
 * Returns the slide that a key leads to, or null if the deck does not use the key. @param {{key:
 * string, shiftKey?: boolean, altKey?: boolean, ctrlKey?: boolean, metaKey?: boolean}} event @param
 * {number} at the slide in view, from 1 @param {number} last the number of slides
 */
export function target({ key, shiftKey, altKey, ctrlKey, metaKey }, at, last) {
  if (altKey || ctrlKey || metaKey) return null;
  switch (key) {
    case "ArrowRight": case "ArrowDown": case "PageDown":
      return Math.min(at + 1, last);
    case "ArrowLeft": case "ArrowUp": case "PageUp":
      return Math.max(at - 1, 1);
    case " ":
      return shiftKey ? Math.max(at - 1, 1) : Math.min(at + 1, last);
    case "Home":
      return 1;
    case "End":
      return last;
  }
  return null;
}

/** Returns the slide that a URL's hash names, or the first. */
export function slideOf(hash, last) {
  const number = /^#\d+$/.test(hash) ? Number(hash.slice(1)) : 1;
  return Math.min(Math.max(number, 1), last);
}

/** Returns how many slides a swipe turns: 1 to the left, -1 to the right, 0 if it is none. */
export function turns(dx, dy) {
  if (Math.abs(dx) < 50 || Math.abs(dx) < 1.5 * Math.abs(dy)) return 0;
  return dx < 0 ? 1 : -1;
}

/**
 * Returns the largest scale from 1 down to least at which the slide fits.
 * @param {(scale: number) => boolean} fits
 */
export function largest(fits, least = 0.5) {
  for (let scale = 1; scale > least; scale = Math.round((scale - 0.05) * 100) / 100) {
    if (fits(scale)) return scale;
  }
  return least;
}

/** Returns whether nothing in a slide is larger than its place. */
export function fitsIn(slide) {
  const boxes = [slide.querySelector(".content"), ...slide.querySelectorAll("pre, .table")];
  return boxes.every((box) => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1);
}

async function start() {
  const { switchTheme } = await import("./theme.js");
  const slides = [...document.querySelectorAll(".slide")];
  const number = document.getElementById("number");
  const leave = document.getElementById("leave");
  let at = 1;

  function fit() {
    const phone = matchMedia("(max-width: 40rem)").matches; // its slides scroll
    for (const slide of slides) {
      const set = (scale) => slide.style.setProperty("--scale", scale);
      set(phone ? 1 : largest((scale) => { set(scale); return fitsIn(slide); }));
    }
  }

  function show(to) {
    slides[at - 1].classList.remove("here");
    at = to;
    slides[at - 1].classList.add("here");
    number.value = `${at} / ${slides.length}`;
  }

  function go(to) {
    if (to === at) return;
    history.replaceState(null, "", `#${to}`);
    show(to);
  }

  function full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch(() => {}); // a browser may refuse
  }

  addEventListener("keydown", (event) => {
    const { key, target: on } = event;
    if (key === " " && on.closest("a, button, summary")) return; // it presses that
    const to = target(event, at, slides.length);
    if (to !== null) {
      event.preventDefault();
      go(to);
    } else if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    } else if (key === "f") {
      full();
    } else if (key === "Escape" && !document.fullscreenElement) {
      location.assign(leave.href);
    }
  });

  let touch = null;
  addEventListener("touchstart", ({ touches, target: on }) => {
    const box = on.closest("pre, .table");
    const scrolls = box && box.scrollWidth > box.clientWidth; // the finger moves the code
    touch = touches.length === 1 && !scrolls ? touches[0] : null;
  }, { passive: true });
  addEventListener("touchend", ({ changedTouches: [end] }) => {
    if (!touch) return;
    const to = at + turns(end.clientX - touch.clientX, end.clientY - touch.clientY);
    touch = null;
    go(Math.min(Math.max(to, 1), slides.length));
  });

  document.getElementById("back").addEventListener("click", () => go(Math.max(at - 1, 1)));
  document.getElementById("on").addEventListener("click", () => go(Math.min(at + 1, slides.length)));
  document.getElementById("full").addEventListener("click", full);
  document.getElementById("theme").addEventListener("click", switchTheme);
  addEventListener("hashchange", () => show(slideOf(location.hash, slides.length)));
  addEventListener("resize", fit);

  document.documentElement.classList.add("shown");
  show(slideOf(location.hash, slides.length));
  await document.fonts.ready;
  fit();
  document.documentElement.dataset.fitted = "true";
}

if (globalThis.document?.getElementById("slides")) await start();
