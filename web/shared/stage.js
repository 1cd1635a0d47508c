// The stage: a step to do, this client, the wire, another client, and the code of both sides. Every demo's page is one,
// whatever its transport.

import { catalogue } from "./catalogue.js";
import { client } from "./client.js";
import { flash, flashText } from "./code.js";
import { Guide } from "./guide.js";
import { $, start } from "./lab.js";
import { Ladder } from "./ladder.js";
import { linkLines } from "./links.js";
import { isPeer, onAsked, openPeer, report } from "./peer.js";
import { openPlay } from "./play.js";
import { texts } from "./stage-text.js";
import { Trace } from "./trace.js";

const t = catalogue("stage", texts);

/**
 * Opens the page's stage. reads says which rows of the x-ray are arrows of the ladder, see trace.js. In a second window it
 * is the same page without steps, wire and code. lights names the lines of code that a fact runs, by the beginning of the
 * fact: {"→ text": {client: "socket.send(", server: "c.read()"}}, and for links.js what their arrows contain. The facts of Socket.IO's events need none.
 */
export async function openStage(reads, lights = {}) {
  if (isPeer) $("xray")?.remove();
  const stage = new Stage(reads, lights);
  stage.showRow = (await start((message) => stage.crossed(message))).show;
  return stage;
}

class Stage {
  /** The id by which the server and the x-ray know this client: pages send it as ?client=. */
  client = client;
  /** Called with the rows of the x-ray as they cross the wire; may be missing. */
  onRows = null;
  #steps; #guide; #trace; #ladder; #lights;
  #only = null; // the filter of the ladder, see links.js

  constructor(reads, lights) {
    if (isPeer) return;
    this.#lights = Object.entries(lights);
    const info = JSON.parse($("info").textContent);
    this.#steps = info.steps;
    this.#trace = new Trace({ [this.client]: "me", [`${this.client}-more`]: "me", [this.otherID]: "other" }, reads);
    const [you, , other] = [...document.querySelector(".lifelines").children].map((name) => name.textContent);
    const say = (arrow) => t(arrow.up ? "up" : "down", arrow.client === "me" ? you : other, arrow.packet);
    this.#ladder = new Ladder($("ladder"), $("spoken"), say, other !== "", async (arrow) => (await this.showRow)?.(arrow.id));
    for (const side of ["client", "source"]) linkLines($(side).querySelector("pre"), lights, (filter) => this.#filter(filter));
    $("only").addEventListener("click", () => this.#filter(null));
    openPlay();
    for (const button of $("tabs").children) button.addEventListener("click", () => this.#choose(button));
  }

  /** The id of the other client: the second window's, or that of a connection which the page itself opens. */
  get otherID() { return `${this.client}-other`; }

  /** Takes a message of the x-ray: rows as they cross the wire, or the beginning of all rows. */
  crossed({ view, rows }) {
    if (isPeer) return;
    if (rows) this.onRows?.(rows);
    if (view) this.#trace.clear();
    if (rows && this.#trace.add(rows.filter(({ side }) => side !== "server"))) this.#showArrows();
  }

  #showArrows() {
    const { arrows, bars } = this.#trace;
    if (!this.#only) return this.#ladder.show(arrows, bars);
    const shown = arrows.filter((arrow) => this.#only.test(arrow));
    this.#ladder.show(shown, bars.filter(({ from }) => shown.some(({ id }) => id === from)));
  }

  /** Shows the arrows of one filter only; null shows all. The filter that is shown already goes. */
  #filter(filter) {
    this.#only = filter?.label === this.#only?.label ? null : filter;
    $("only").hidden = !this.#only;
    if (this.#only) $("only").textContent = t("only", this.#only.label);
    this.#showArrows();
  }

  /**
   * Begins the steps. acts are the functions of the steps' buttons, by name; each is called with {other}, whose
   * other(text) lets the second window send. send(text) writes and sends a message as the reader would: the page around a
   * second window calls it.
   */
  begin(acts, send) {
    if (isPeer) return onAsked(send);
    const other = $("peer") && openPeer($("peer"), this.otherID, (fact) => this.#observe(`other ${fact}`));
    this.#guide = new Guide(this.#steps, Object.fromEntries(Object.entries(acts).map(([name, act]) => [name, () => act({ other })])));
  }

  /** Takes a fact of this client, such as "→ chat message", "← chat message" or "offline". */
  fact(fact) {
    if (isPeer) report(fact);
    else this.#observe(`me ${fact}`);
  }

  /** Takes a fact of the other client, which the page itself drives. */
  otherFact(fact) { this.#observe(`other ${fact}`); }

  /** Takes a fact of one of the two clients: the code that it ran lights up, and the step may be done. */
  #observe(fact) {
    const [, who, what, way, event] = /^(me|other) ((?:([→←]) (?:\/\S* )?)?(.*))$/.exec(fact); // event is without a namespace
    const [client, server] = [$("client").querySelector("pre"), $("source").querySelector("pre")];
    const lines = this.#lights.find(([start]) => what.startsWith(start))?.[1];
    if (lines) {
      if (lines.client && who === "me") flashText(client, lines.client);
      if (lines.server) flashText(server, lines.server);
    } else if (way === "→") {
      if (who === "me") flash(client, event, "emits");
      flash(server, event, "hears");
    } else if (way === "←" && who === "me") flash(client, event, "hears");
    this.#guide?.observe(fact);
  }

  #choose(chosen) {
    for (const button of $("tabs").children) button.setAttribute("aria-pressed", button === chosen);
    document.body.dataset.tab = chosen.value;
  }
}
