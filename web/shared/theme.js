// The light and the dark theme: the reader's choice, else the browser's.

/** Shows the theme that the reader chose, if any. */
export function showTheme() {
  const theme = localStorage.getItem("theme");
  if (theme) document.documentElement.dataset.theme = theme;
}

/** Switches between light and dark, and remembers it. */
export function switchTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
  localStorage.setItem("theme", now === "dark" ? "light" : "dark");
  showTheme();
}
