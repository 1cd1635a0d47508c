// The menu of what stands between the clients and the demo: the proxy of --proxy and the simulated network of --net. All
// readers see it; the person with the key changes it.

import { catalogue, language, setLanguage } from "./catalogue.js";
import { takeKey } from "./key.js";
import { element } from "./lab.js";
import { texts } from "./line-text.js";

const t = catalogue("line", texts);
setLanguage(document.documentElement.lang === "zh-CN" ? "zh" : "en");

const every = 4000; // ms between two looks at what another reader may have changed
const menu = document.getElementById("line");
const form = menu.querySelector("form");
let shown = ""; // what the server said last

/** Shows what the server says: see internal/host/line.go. */
function show(line) {
  const now = JSON.stringify(line);
  if (now === shown) return;
  shown = now;
  const parts = [line.proxy && t("proxy", line.proxy), line.net && t("net", line.net)].filter(Boolean);
  menu.querySelector("summary").textContent = menu.title = parts.join(" · ");
  menu.hidden = false;
  form.replaceChildren(...[proxyPart(line), netPart(line)].filter(Boolean), ending(line));
  for (const control of form.querySelectorAll("input, select, button")) control.disabled = !line.keyed;
}

/** The kinds of the proxy as checkboxes, with the duration of those that have one. */
function proxyPart({ proxy, kinds, says }) {
  if (!proxy) return null;
  const set = element("fieldset");
  set.append(element("legend", t("kinds")), element("div", says[language()], "soft"));
  const chosen = new Map(proxy.split(",").map((kind) => kind.split("=")));
  for (const kind of kinds) {
    const label = element("label");
    const box = element("input");
    box.type = "checkbox";
    box.name = "kind";
    box.value = kind.name;
    box.checked = chosen.has(kind.name);
    label.append(box, element("b", kind.name), kind.default ? duration(kind, chosen.get(kind.name)) : element("span"), element("span", kind.says[language()], "soft"));
    set.append(label);
  }
  return set;
}

function duration(kind, value) {
  const field = element("input");
  field.type = "text";
  field.name = `${kind.name}-time`;
  field.value = value ?? kind.default;
  field.maxLength = 12;
  field.setAttribute("aria-label", t("duration", kind.name));
  return field;
}

function netPart({ net, nets }) {
  if (!net) return null;
  const label = element("label");
  const select = element("select");
  select.name = "net";
  for (const name of nets.includes(net) ? nets : [net, ...nets]) {
    const option = element("option", name);
    option.value = name;
    select.append(option);
  }
  select.value = net;
  label.append(element("b", t("network")), select);
  return label;
}

function ending({ keyed }) {
  const end = element("div", "", "row");
  const problem = element("div", keyed ? "" : t("locked"), keyed ? "bad" : "soft");
  problem.setAttribute("role", "alert");
  if (keyed) end.append(element("button", t("apply"), "main"));
  end.append(problem);
  return end;
}

/** What the form says, as the server takes it. */
function wanted() {
  const data = new FormData(form);
  const change = {};
  if (form.querySelector("[name=kind]")) {
    change.proxy = data.getAll("kind").map((kind) => (data.has(`${kind}-time`) ? `${kind}=${data.get(`${kind}-time`)}` : kind)).join(",") || "none";
  }
  if (data.has("net")) change.net = data.get("net");
  return JSON.stringify(change);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await fetch("/lab/line", { method: "POST", body: wanted() });
  if (response.ok) {
    show(await response.json());
    menu.open = false;
  } else {
    form.querySelector("[role=alert]").textContent = await response.text();
  }
});

async function look() {
  if (document.hidden || menu.open) return;
  const response = await fetch("/lab/line", { signal: AbortSignal.timeout(every) });
  if (response.ok) show(await response.json());
}

/** Looks again and again. A server that is down now may be back later. */
async function follow() {
  await look().catch(() => {});
  setTimeout(follow, every);
}

await takeKey();
follow();
