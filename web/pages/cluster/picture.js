// The picture of the cluster: the balancer, the servers with their clients, Redis, and the way of the last broadcast.

import { $, element } from "/lab/shared/lab.js";
import { svgElement } from "/lab/shared/svg.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** Draws what the server says. t looks up texts; down(name) and up(name) are called by the servers' buttons. */
export class Picture {
  #boxes = new Map(); // name → the parts of a server's box
  #trace = ""; // id of the broadcast that is drawn

  constructor(t, { down, up }) { Object.assign(this, { t, down, up }); }

  /** Makes the boxes and the wires anew when the servers are others. */
  #build(servers) {
    if ([...this.#boxes.keys()].join() === servers.map(({ name }) => name).join()) return;
    this.#boxes.clear();
    $("servers").replaceChildren(...servers.map(({ name }) => this.#box(name)));
    $("servers").style.setProperty("--servers", servers.length);
    for (const [id, from, to] of [["above", 0, 100], ["below", 100, 0]]) {
      $(id).replaceChildren(...servers.map(({ name }, i) => {
        const wire = svgElement("line", { x1: 50, y1: from, x2: (100 * (i + 0.5)) / servers.length, y2: to, pathLength: 1, class: "wire" });
        wire.dataset.server = name;
        return wire;
      }));
    }
  }

  #box(name) {
    const item = element("li", "", "server");
    const [title, status, clients, dots, unknown, hop, button] = [element("b", name), element("span", "", "status"), element("span", "", "clients"), element("span", "", "dots"), element("span", "", "unknown"), element("span", "", "hop"), element("button")];
    dots.setAttribute("aria-hidden", "true");
    button.type = "button";
    button.addEventListener("click", () => (button.value === "up" ? this.up(name) : this.down(name)));
    item.dataset.server = name;
    item.append(title, status, clients, dots, unknown, hop, button);
    this.#boxes.set(name, { item, status, clients, dots, unknown, hop, button });
    return item;
  }

  /** Shows a view of the cluster. mine is the name of this page's server, or "". */
  show({ servers, state, keyed, busy, trace }, mine) {
    const { t } = this;
    this.#build(servers);
    $("stickySays").textContent = t(`sticky-${state.sticky}`);
    $("redisSays").textContent = t(!state.redis ? "redisOff" : state.adapter === "off" ? "redisUnused" : "redisOn");
    $("redisBox").dataset.status = !state.redis ? "down" : state.adapter === "off" ? "unused" : "up";
    for (const { name, status, clients, unknown } of servers) {
      const box = this.#boxes.get(name);
      box.item.dataset.status = status;
      box.status.textContent = t(`is-${status}`);
      box.clients.textContent = t("clients", clients);
      box.dots.textContent = (name === mine && clients ? "★" : "") + "●".repeat(Math.max(clients - (name === mine ? 1 : 0), 0));
      box.item.classList.toggle("mine", name === mine);
      if (name === mine) box.clients.textContent += ` · ${t("youAreHere")}`;
      box.unknown.textContent = unknown ? t("unknown", unknown) : "";
      box.button.value = status === "down" ? "up" : "down";
      box.button.textContent = t(box.button.value, name);
      box.button.hidden = !keyed;
      box.button.disabled = busy !== "" || status === "starting" || status === "draining";
    }
    for (const wire of document.querySelectorAll(".wire")) {
      const { status } = servers.find(({ name }) => name === wire.dataset.server);
      const joined = wire.parentElement.id === "above" || (state.redis && state.adapter !== "off");
      wire.classList.toggle("off", status === "down" || status === "starting" || !joined);
    }
    this.#way(trace, state);
  }

  /** Writes the way of a broadcast, and lets it move along the wires once. */
  #way(trace, state) {
    const { t } = this;
    $("noHops").hidden = Boolean(trace);
    for (const { hop } of this.#boxes.values()) hop.textContent = "";
    $("redisHop").textContent = "";
    if (!trace) return $("hops").replaceChildren();
    const to = Object.entries(trace.delivered).sort(([a], [b]) => (a < b ? -1 : 1));
    const reached = to.reduce((sum, [, n]) => sum + n, 0);
    const room = Math.max(trace.room, reached);
    const lines = [t("took", trace.server)];
    if (trace.failed) {
      lines.push(t("failed", trace.server));
      $("redisHop").textContent = t("failedHop");
    } else if (trace.published && trace.listeners < 0) {
      lines.push(t("added", trace.server, trace.published, trace.channel));
      $("redisHop").textContent = t("addedHop", trace.published);
    } else if (trace.published) {
      lines.push(t("published", trace.server, trace.published, trace.channel, trace.listeners));
      $("redisHop").textContent = t("publishedHop", trace.published, trace.listeners);
    } else lines.push(t(state.adapter === "off" ? "noAdapter" : "waiting", trace.server));
    lines.push(t("delivered", to.map(([name, n]) => t("of", name, n)).join(t("comma"))));
    const items = lines.map((line) => element("li", line));
    items.push(element("li", t("reached", reached, room), reached < room ? "bad total" : "good total"));
    const text = items.map((item) => item.textContent).join();
    if ($("hops").dataset.said !== text) {
      $("hops").dataset.said = text;
      $("hops").replaceChildren(...items);
    }
    for (const [name, { hop }] of this.#boxes) {
      const parts = [name === trace.server && t("tookHop"), trace.delivered[name] && t("deliveredHop", trace.delivered[name])].filter(Boolean);
      hop.textContent = parts.join(" ");
    }
    if (this.#trace !== trace.id) {
      this.#trace = trace.id;
      this.#move(trace);
    }
  }

  /** Moves a light along the wires, in the order of the hops. */
  #move(trace) {
    if (calm.matches) return;
    const others = Object.keys(trace.delivered).filter((name) => name !== trace.server);
    const shared = trace.published && !trace.failed;
    const wire = (id, name) => document.querySelector(`#${id} [data-server="${name}"]`);
    const go = (line, delay, back) => line?.animate([{ strokeDashoffset: back ? -1 : 1, opacity: 1 }, { strokeDashoffset: 0, opacity: 1 }], { duration: 450, delay });
    const light = (line, delay, back) => {
      if (!line) return;
      line.classList.add("lit");
      go(line, delay, back);
      setTimeout(() => line.classList.remove("lit"), delay + 900);
    };
    light(wire("above", trace.server), 0, false);
    if (shared) {
      light(wire("below", trace.server), 450, true);
      for (const name of others) light(wire("below", name), 900, false);
    }
    for (const name of others) setTimeout(() => light(wire("above", name), 0, true), 1350);
  }
}
