// The view of an eavesdropper: the page asks the server to open a WebSocket on the chosen path, and
// lists the data that is readable at three places on that path.

import { catalogue } from "/lab/shared/catalogue.js";
import { $, element, start } from "/lab/shared/lab.js";
import { texts } from "/lab/page/text.js";

const t = catalogue("page", texts);
const language = () => document.documentElement.lang === "zh-CN" ? "zh" : "en";
const chosen = (name) => document.querySelector(`[name=${name}]:checked`).value;

// #region try
async function attempt() {
  const way = {
    tls: chosen("scheme") === "wss",
    proxy: chosen("proxy"),
    trust: $("trust").checked,
    text: $("text").value,
  };
  const response = await fetch("/try", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(way),
  });
  const result = await response.json();
  if (!response.ok) throw new Error(result.error);
  return result; // {secret, echo, status, error, network, proxy, server, readable}
}
// #endregion

/** The bytes of base64. */
const bytesOf = (base64) => Uint8Array.from(atob(base64 ?? ""), (c) => c.charCodeAt(0));

const isText = (bytes) => bytes.every((b) => b >= 0x20 && b < 0x7f || b === 0x0d || b === 0x0a || b === 0x09);

const shown = 96; // bytes of a row in hex

const hex = (bytes) => [...bytes.subarray(0, shown)].map((b) => b.toString(16).padStart(2, "0")).join(" ") + (bytes.length > shown ? " …" : "");

/** The content of a row: text with the secret marked, or bytes in hex. */
function content(bytes, secret) {
  const code = element("code");
  if (!isText(bytes)) {
    code.textContent = hex(bytes);
    return code;
  }
  new TextDecoder().decode(bytes).trimEnd().split(secret).forEach((part, i) => {
    if (i > 0) code.append(element("mark", secret));
    code.append(part);
  });
  return code;
}

/** The list item of a row. */
function item(row, secret) {
  const li = element("li", "", row.dir);
  const head = element("p", "", "head");
  head.append(element("b", row.dir === "in" ? "→" : "←"), element("span", row.summary[language()]), element("small", t("size", row.size)));
  li.append(head, content(bytesOf(row.data), secret));
  if (row.plain) li.append(element("p", t("unmasked", new TextDecoder().decode(bytesOf(row.plain))), "plain"));
  return li;
}

/** Why a place without rows has none. */
function empty(place, proxy) {
  if (place === "proxy" && proxy === "none") return t("noProxy");
  if (place === "proxy" && proxy === "tunnel") return t("tunnel");
  return t("nothing");
}

function show(result, proxy) {
  for (const place of ["network", "proxy", "server"]) {
    const rows = result[place];
    $(place).replaceChildren(...rows.map((row) => item(row, result.secret)));
    const readable = result.readable?.includes(place);
    const stolen = readable && place !== "server";
    $(`${place}Says`).textContent = rows.length === 0 ? empty(place, proxy) : stolen ? t("readable") : readable ? t("mine") : t("hidden");
    $(`${place}Says`).className = rows.length === 0 ? "soft" : stolen ? "open" : "closed";
    $(place).parentElement.scrollTop = 0;
  }
  const outcome = result.echo ? t("echo", result.echo) : result.status ? t("refused", result.status, result.error) : t("failed", result.error);
  $("outcome").textContent = outcome;
  $("outcome").className = result.echo ? "good" : "bad";
}

/** Runs the attempt. Only one runs at a time. */
async function run() {
  $("run").disabled = true;
  $("status").textContent = t("running");
  const proxy = chosen("proxy");
  try {
    show(await attempt(), proxy);
  } catch (err) {
    $("outcome").textContent = t("failed", err.message);
    $("outcome").className = "bad";
  }
  $("status").textContent = t("ready");
  $("run").disabled = false;
}

/** Trust matters only where a proxy ends TLS. */
function showTrust() {
  $("trust").disabled = chosen("scheme") !== "wss" || !["inspect", "no-upgrade"].includes(chosen("proxy"));
}

await start();
$("status").textContent = t("ready");
$("way").addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
for (const input of document.querySelectorAll("#way [type=radio]")) input.addEventListener("change", showTrust);
showTrust();
$("run").disabled = false;
