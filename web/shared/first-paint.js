// The reader's theme, and which window of a stage this is, before anything is drawn. Not a module: modules run after the
// page was parsed.

{
  const url = new URL(location.href);
  const given = (name) => {
    const value = url.searchParams.get(name);
    url.searchParams.delete(name);
    return value;
  };
  // A link from another port of the lab brings the theme and the name, because storage belongs to one port.
  const theme = given("theme");
  if (theme === "light" || theme === "dark") localStorage.setItem("theme", theme);
  const name = given("name");
  if (name && !localStorage.getItem("name")) localStorage.setItem("name", name.slice(0, 40));
  if (theme || name) history.replaceState(null, "", url);

  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
  document.documentElement.dataset.view = url.searchParams.get("view") === "peer" ? "peer" : "page";
}
