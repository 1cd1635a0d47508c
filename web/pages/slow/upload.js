// The page as a fast sender: 1 MB a second to a server that takes 64 KB a second.

import { $ } from "/lab/shared/lab.js";
import { client } from "/lab/shared/client.js";
import { Chart } from "/lab/page/chart.js";
import { bytes } from "/lab/page/format.js";

// #region upload
const enough = 64 * 1024; // bytes that may wait in the browser

/** Sends a piece, or returns false while too much waits. The caller tries later, or sends a newer piece instead. */
function sendIfRoom(socket, piece, check) {
  if (check && socket.bufferedAmount > enough) return false;
  socket.send(piece); // never blocks, and does not report a receiver that stopped reading
  return true;
}
// #endregion

const piece = new Uint8Array(16 * 1024);
const pause = 16; // ms between two pieces
const most = 32 * 1024 * 1024; // bytes in the browser at which the page stops, so that it survives

/** Runs the card of the upload. */
export class Upload {
  #t; #socket; #timer; #sent = 0; #skipped = 0; #read = 0;
  #chart;

  constructor(t) {
    this.#t = t;
    this.#chart = new Chart($("uploadChart"), { series: [{ name: t("waits"), kind: "slow" }], format: bytes, least: 100_000, label: t("uploadChart") });
    $("upload").addEventListener("click", () => (this.#socket ? this.#end(t("cut")) : this.#begin()));
    setInterval(() => this.#show(), 250);
    this.#show();
  }

  #begin() {
    [this.#sent, this.#skipped, this.#read] = [0, 0, 0];
    const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}/upload?client=${client}`);
    this.#socket = socket;
    $("uploadSays").textContent = "";
    socket.addEventListener("message", ({ data }) => { this.#read = JSON.parse(data).read; });
    socket.addEventListener("open", () => { this.#timer = setInterval(() => this.#send(socket), pause); });
    socket.addEventListener("close", () => {
      clearInterval(this.#timer);
      this.#socket = undefined;
      this.#show();
    });
  }

  /** Lets the server cut the connection. close() would first send everything that waits, for minutes. */
  #end(says) {
    clearInterval(this.#timer);
    $("uploadSays").textContent = says;
    fetch(`/cut?client=${client}`, { method: "POST" });
  }

  #send(socket) {
    if (sendIfRoom(socket, piece, $("check").checked)) this.#sent += piece.length;
    else this.#skipped++;
    if (socket.bufferedAmount > most) this.#end(this.#t("tooMuch", bytes(most)));
  }

  #show() {
    const buffered = this.#socket?.bufferedAmount ?? 0;
    $("upload").textContent = this.#t(this.#socket ? "uploadStop" : "uploadStart");
    if (this.#sent > 0) {
      $("uploadSent").textContent = bytes(this.#sent);
      $("uploadBuffered").textContent = bytes(buffered);
      $("uploadRead").textContent = bytes(this.#read);
      $("uploadBetween").textContent = this.#socket ? bytes(Math.max(this.#sent - buffered - this.#read, 0)) : "–";
      $("uploadSkipped").textContent = this.#skipped.toLocaleString("en");
    }
    this.#chart.add(performance.now(), this.#socket ? buffered : null);
  }
}
