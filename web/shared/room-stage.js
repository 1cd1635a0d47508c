// The stage of a chat room: the message log of the first three lessons, over whatever transport a page brings.
//
// Its facts, for the steps and for the code that lights up:
//   "→ message"                     this client sends a message
//   "← mine", "← theirs"            a message of this client is back, a message of somebody else arrived
//   "asked", "answered empty", "not modified"    an HTTP request for messages was sent, its answer brought nothing
//   "cut"                           a connection or a request ended before its time, or an answer was lost
//   "online"                        the transport is open, after it was not
//   "stopped", "offline"            the reader stopped it, or left
// The robot's messages are not facts.

import { Backoff } from "./backoff.js";
import { catalogue } from "./catalogue.js";
import { append, momentItem } from "./chat.js";
import { clock } from "./clock.js";
import { $ } from "./lab.js";
import { ledger } from "./ledger.js";
import { Outbox } from "./outbox.js";
import { isPeer } from "./peer.js";
import { texts } from "./room-text.js";
import { openStage } from "./stage.js";

const t = catalogue("room", texts);

/** Opens the stage of a page that is a chat room, see openStage. Nothing is connected yet. */
export async function openRoomStage(reads, lights) {
  const stage = await openStage(reads, lights);
  if (!isPeer) await learnTime();
  return new RoomStage(stage);
}

/** Learns the server's time, which says whether a message is late. Without it, messages say. */
async function learnTime() {
  const asked = clock.local();
  try {
    const { headers } = await fetch("/lab/info.json", { method: "HEAD", cache: "no-store" });
    const date = Date.parse(headers.get("Date")); // in whole seconds
    if (date) clock.exchange(asked, clock.local(), date, date + 1000);
  } catch { /* the page works without it */ }
}

const robotSays = ["beep0", "beep1", "beep2"];

const seconds = (ms) => (ms / 1000).toFixed(1);

class RoomStage {
  #transport; #gone; #timer;
  #state = "off"; // or "connecting", "on", "away"
  #backoff = new Backoff();
  #retryAt = 0; // by performance.now; 0 if no attempt is due
  #awake = new AbortController();
  #sent = []; // messages of mine that are not back: {id, text, at}
  #counted = {};
  #lines = 0; // that the robot has said
  #ledger = ledger($("ledger"));

  constructor(stage) {
    this.stage = stage;
    this.client = stage.client;
    this.outbox = new Outbox($("messages"), () => {}, true);
    $("name").value = isPeer ? t("peerName") : localStorage.getItem("name") ?? `guest-${Math.floor(Math.random() * 900 + 100)}`;
    $("name").addEventListener("change", () => localStorage.setItem("name", $("name").value));
    $("composer").addEventListener("submit", (event) => { event.preventDefault(); this.#submit(); });
    $("stop").addEventListener("click", () => this.stop());
    $("start").addEventListener("click", () => this.#open());
    $("offline").addEventListener("click", () => this.#leave());
    setInterval(() => { if ($("robot").checked) this.#robot(); }, 2000);
  }

  /**
   * Opens the transport and begins the steps.
   *   open(signal)         receives until the signal aborts; each message goes to show
   *   publish(from, text)  sends; a Response that is not ok, or an error, says why it did not
   *   failed(error)        what to say when retry is called with an error; may be missing
   *   robot(from, text)    publish for somebody else, over another connection; a POST if it is missing
   *   acts                 the actions of the steps' buttons, see Stage.begin; send, other, stop and start exist already
   */
  begin({ acts, ...transport }) {
    this.#transport = transport;
    this.#open();
    this.stage.begin({
      send: () => this.send(t("hello")), other: ({ other }) => other(t("fromOther")), stop: () => this.stop(), start: () => this.#open(), ...acts,
    }, (text) => this.send(text));
  }

  fact(fact) { this.stage.fact(fact); }

  /** The id of the last message here, 0 if there is none. */
  get cursor() { return this.#ledger.account.cursor; }

  #open() {
    if (this.#state === "on" || this.#state === "connecting") return;
    this.#set("connecting");
    this.#gone = new AbortController();
    this.#transport.open(this.#gone.signal);
  }

  stop() {
    this.#gone?.abort();
    this.#set("off");
    this.happened(t("stopped", this.cursor));
    this.fact("stopped");
  }

  #leave() {
    this.#gone?.abort();
    this.#set("away");
    this.happened(t("isOffline"), "bad");
    this.fact("offline");
    setTimeout(() => {
      if (this.#state !== "away") return;
      this.happened(t("isOnline", this.cursor), "good");
      this.#open();
    }, 5000);
  }

  /** The transport tells how it is, "on" or "connecting". One that was closed has nothing to tell. */
  is(state) {
    if (state === this.#state || this.#state !== "on" && this.#state !== "connecting") return;
    this.#set(state);
    if (state === "on") this.fact("online");
  }

  #set(state) {
    this.#state = state;
    this.#show();
  }

  /** The transport works: the next retry is the first again. */
  works() {
    this.#backoff.reset();
    this.is("on");
  }

  /** Waits before the next attempt, with exponential backoff and jitter, and says why and how long. Not if signal is aborted. */
  retry = async (error, signal) => {
    if (signal.aborted) return;
    this.is("connecting");
    const meant = error instanceof Broken;
    this.happened(meant ? error.message : this.#transport.failed?.(error) ?? t("failed", error.message), "bad");
    this.fact("cut");
    if (meant) return; // there is nothing to wait for
    const { limit } = this.#backoff;
    const ms = this.#backoff.next();
    this.happened(t("retrying", seconds(ms), seconds(limit), this.#backoff.attempt));
    this.#retryAt = performance.now() + ms;
    this.#timer = setInterval(() => this.#showStatus(), 250);
    this.#showStatus();
    await this.pause(ms, signal);
    clearInterval(this.#timer);
    this.#retryAt = 0;
    this.#showStatus();
  };

  /** Waits ms, or less if the signal aborts or wake is called. */
  pause = (ms, signal) => new Promise((done) => {
    const ends = AbortSignal.any([signal, this.#awake.signal]);
    if (ends.aborted) return done();
    const timer = setTimeout(done, ms);
    ends.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
  });

  wake() {
    this.#awake.abort();
    this.#awake = new AbortController();
  }

  /** Shows a message that arrived. */
  show = (message) => {
    const name = $("name").value;
    const mine = message.from === name && this.#sent.find(({ text }) => text === message.text);
    if (mine) clock.exchange(mine.at, clock.local(), Date.parse(message.at));
    const { kind, restarted } = this.#ledger.note(message);
    this.#show();
    if (kind === "again") return;
    if (restarted) this.happened(t("restarted"), "bad");
    this.count("got");
    if (mine) {
      this.#sent.splice(this.#sent.indexOf(mine), 1);
      this.gauge("lag", t("delay", Math.round(clock.local() - mine.at)));
    }
    this.outbox.arrived({ ...message, id: mine?.id }, name);
    if (message.from !== "robot") this.fact(message.from === name ? "← mine" : "← theirs");
  };

  /** Adds to one of the page's counters. */
  count(key, n = 1) {
    this.#counted[key] = (this.#counted[key] ?? 0) + n;
    this.gauge(key, this.#counted[key].toLocaleString("en"));
    const { requests, got } = this.#counted;
    if (requests && got) this.gauge("ratio", (requests / got).toFixed(1));
  }

  gauge(key, text) {
    const place = $("counters").querySelector(`[data-key="${key}"] dd`);
    if (place && place.textContent !== text) place.textContent = text;
  }

  happened(text, className) { append($("timeline"), momentItem(text, className)); }

  /** Writes and sends a message as the reader would. */
  send(text) {
    $("text").value = text;
    $("composer").requestSubmit();
  }

  async #submit() {
    const text = $("text").value;
    if (!text) return;
    $("note").textContent = this.#state === "away" ? t("unsent") : "";
    if (this.#state === "away") return;
    $("text").value = "";
    const from = $("name").value;
    const message = { id: Symbol(), text, at: clock.local() };
    this.#sent.push(message);
    this.outbox.add({ id: message.id, from, text }, true, true);
    this.fact("→ message");
    try {
      const answer = await this.#transport.publish(from, text);
      if (answer && !answer.ok) throw new Error((await answer.json()).error);
    } catch (error) {
      this.#sent.splice(this.#sent.indexOf(message), 1);
      this.outbox.drop(message.id);
      $("text").value ||= text;
      $("note").textContent = t("notSent", error.message);
    }
  }

  /** The robot is somebody else: it writes while this page is away, too. */
  #robot() {
    const text = t(robotSays[this.#lines++ % robotSays.length]);
    const post = (from, text) => fetch("/messages", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ from, text }) });
    Promise.resolve((this.#transport.robot ?? post)("robot", text)).catch(() => {});
  }

  #show() {
    this.#showStatus();
    $("stop").hidden = $("stop").disabled = this.#state === "off";
    $("start").hidden = $("start").disabled = this.#state !== "off";
    $("offline").disabled = this.#state === "away" || this.#state === "off";
    const { received, lost, twice, late, history } = this.#ledger.account;
    $("account").textContent = t("summary", received, lost, twice, late, history);
  }

  #showStatus() {
    const left = this.#retryAt - performance.now();
    const text = this.#state === "connecting" && left > 0 ? t("waiting", seconds(left)) : t(this.#state);
    if ($("status").textContent === text) return;
    $("status").textContent = text;
    $("status").className = `badge ${this.#state === "on" ? "good" : this.#state === "away" ? "bad" : "soft"}`;
  }
}

/** A Broken request was ended by the reader. */
export class Broken extends Error {}
