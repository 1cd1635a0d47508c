// The card of this browser as a client of the broadcast. The client itself is in receiver.js, a worker.

import { $ } from "/lab/shared/lab.js";
import { client } from "/lab/shared/client.js";
import { clock } from "/lab/shared/clock.js";
import { time } from "/lab/page/format.js";

const works = [0, 20, 50, 100, 200, 500]; // ms

/** Runs the card. */
export class Receive {
  #t; #worker; #open = false;
  #done = 0; #handled = 0; #delay; // the newest number, how many, and how late the newest was

  constructor(t) {
    this.#t = t;
    $("join").addEventListener("click", () => (this.#worker ? this.#end("") : this.#begin()));
    $("work").addEventListener("input", () => this.#setWork());
    this.#setWork();
    this.#label();
  }

  /** The name of this page's connection. */
  get name() { return client; }

  get #work() { return works[$("work").value]; }

  #setWork() {
    this.#worker?.postMessage({ work: this.#work });
    $("workLabel").textContent = this.#t("work", this.#work);
  }

  #label() { $("join").textContent = this.#t(this.#worker ? "leave" : "join"); }

  #begin() {
    [this.#done, this.#handled, this.#delay] = [0, 0, undefined];
    this.#worker = new Worker("/lab/page/receiver.js", { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#take(data));
    this.#worker.postMessage({ work: this.#work, url: `${location.protocol.replace("http", "ws")}//${location.host}/ws?client=${client}` });
    $("mineSays").textContent = "";
    this.#label();
  }

  #take({ n, at, handled, open, closed, reason }) {
    if (open) this.#open = true;
    if (closed !== undefined) return this.#end(this.#t("mineClosed", closed, reason && ` “${reason}”`));
    if (n === undefined) return;
    [this.#done, this.#delay] = [n, handled + clock.offset - at];
    this.#handled++;
  }

  #end(says) {
    this.#worker.terminate(); // closes its socket
    [this.#worker, this.#open] = [undefined, false];
    $("mineSays").textContent = says;
    this.#label();
  }

  /** Shows the figures beside those of the server's side of the connection, if there is one. */
  show(view) {
    const mine = view.clients.find(({ name }) => name === client);
    if (!mine || !this.#open || !this.#handled) return;
    $("mineSent").textContent = this.#t("number", mine.sent);
    $("mineDone").textContent = this.#t("number", this.#done);
    $("mineBetween").textContent = this.#t("messages", Math.max(mine.sent - this.#done, 0));
    $("mineQueue").textContent = this.#t("messages", mine.queue);
    $("mineDelay").textContent = time(Math.max(this.#delay, 0));
  }
}
