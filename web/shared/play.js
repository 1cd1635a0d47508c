// The reader's own client: code that is edited on the page and runs in a sandboxed frame, see play-frame.js. The frame may
// open no connection; this module opens them for it, to this server only and never to the lab's own paths.

import { catalogue } from "./catalogue.js";
import { $, element } from "./lab.js";
import { texts } from "./stage-text.js";

const t = catalogue("stage", texts);
const mostLines = 200;

/** Makes the card of the reader's own client work, if the page has one. */
export function openPlay() {
  const code = $("play-code");
  if (!code) return;
  const original = code.value;
  let run;
  const stop = () => {
    run?.end();
    run = undefined;
    $("play-stop").disabled = true;
  };
  $("play-run").addEventListener("click", () => {
    stop();
    $("printed").replaceChildren();
    run = new Run(code.value);
    $("play-stop").disabled = false;
  });
  $("play-stop").addEventListener("click", stop);
  let replaced; // what the button replaced, until the next edit
  const offer = () => { $("play-reset").textContent = t(replaced === undefined ? "original" : "undo"); };
  code.addEventListener("input", () => { replaced = undefined; offer(); });
  $("play-reset").addEventListener("click", () => {
    [code.value, replaced] = replaced === undefined ? [original, code.value === original ? undefined : code.value] : [replaced, undefined];
    offer();
  });
}

/** An address of the demo, or a TypeError. */
function allowed(address) {
  const url = new URL(address, location.href);
  const here = [location.origin, location.origin.replace(/^http/, "ws")].includes(`${url.protocol}//${url.host}`);
  if (!here || url.pathname.startsWith("/lab/")) throw new TypeError(t("notAllowed", address));
  return url.href;
}

/** One run of the code, in a frame of its own. */
class Run {
  #frame = element("iframe");
  #open = new Map(); // id → {send, close, listen, abort} of a connection
  #hear = (event) => { if (event.source === this.#frame.contentWindow) this.#take(event.data); };

  constructor(code) {
    this.code = code;
    this.#frame.setAttribute("sandbox", "allow-scripts");
    this.#frame.hidden = true;
    this.#frame.src = "/lab/play";
    addEventListener("message", this.#hear);
    $("play-code").after(this.#frame);
  }

  end() {
    removeEventListener("message", this.#hear);
    this.#frame.remove();
    for (const connection of this.#open.values()) (connection.abort ?? connection.close)();
  }

  #tell(message) { this.#frame.contentWindow?.postMessage(message, "*"); }

  async #take(message) {
    const { id } = message;
    try {
      if (message.ready) {
        const library = document.querySelector("script[src$='/socket.io.js']") && await (await fetch("/socket.io/socket.io.js")).text();
        this.#tell({ code: this.code, library });
      } else if ("print" in message || "error" in message) this.#print(message);
      else if (message.fetch) await this.#fetch(message);
      else if (message.socket) this.#socket(message);
      else if (message.events) this.#events(message);
      else if (message.abort) this.#open.get(id)?.abort?.();
      else if (message.listen) this.#open.get(id).listen(message.listen);
      else if (message.close) this.#open.get(id)?.close(...message.close);
      else if ("send" in message) this.#open.get(id).send(message.send);
    } catch (error) {
      this.#print({ error: String(error) });
    }
  }

  #print({ print, error }) {
    const list = $("printed");
    list.append(element("li", print ?? error, error === undefined ? "" : "bad"));
    while (list.children.length > mostLines) list.firstElementChild.remove();
    list.scrollTop = list.scrollHeight;
  }

  async #fetch({ id, fetch: address, method, headers, body }) {
    const controller = new AbortController();
    this.#open.set(id, { abort: () => controller.abort() });
    try {
      const response = await fetch(allowed(address), { method, headers, body, signal: controller.signal, cache: "no-store" });
      this.#tell({ id, status: response.status, statusText: response.statusText, headers: [...response.headers] });
      for (let reader = response.body?.getReader(), part; reader && !(part = await reader.read()).done;) this.#tell({ id, chunk: part.value });
      this.#tell({ id, done: true });
    } catch (error) {
      this.#tell({ id, failed: error.message });
    }
    this.#open.delete(id);
  }

  #socket({ id, socket: address, protocols }) {
    const socket = new WebSocket(allowed(address), protocols);
    socket.binaryType = "arraybuffer";
    this.#open.set(id, { send: (data) => socket.send(data), close: (...why) => socket.close(...why) });
    socket.addEventListener("message", ({ data }) => this.#tell({ id, event: "message", data }));
    for (const event of ["open", "error"]) socket.addEventListener(event, () => this.#tell({ id, event }));
    socket.addEventListener("close", ({ code, reason, wasClean }) => {
      this.#open.delete(id);
      this.#tell({ id, event: "close", code, reason, wasClean });
    });
  }

  #events({ id, events: address }) {
    const source = new EventSource(allowed(address));
    const tell = ({ type, data, lastEventId }) => this.#tell({ id, event: type, state: source.readyState, data, lastEventId });
    for (const type of ["open", "error", "message"]) source.addEventListener(type, tell);
    this.#open.set(id, { close: () => source.close(), listen: (type) => source.addEventListener(type, tell) });
  }
}
