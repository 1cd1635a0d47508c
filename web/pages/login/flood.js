// Floods: as many events or connections as the page can send, and what somebody else feels of it.

import { openGuest } from "/lab/page/connect.js";

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];

/** Somebody else, who measures how long the server takes to answer. */
class Guest {
  #link; #waiting = null;

  static async open() {
    const guest = new Guest();
    let welcome, failed;
    const ready = new Promise((done, fail) => { [welcome, failed] = [done, fail]; });
    guest.#link = await openGuest({
      heard: (news) => {
        if (news.event === "welcome") welcome();
        else if (news.event === "pong") guest.#waiting?.();
      },
      ended: (code) => { failed(new Error(String(code))); guest.#waiting?.(); },
    });
    await ready;
    return guest;
  }

  /** Returns the median of n answers' times in ms. */
  async measure(n) {
    const times = [];
    for (let i = 0; i < n; i++) {
      const asked = performance.now();
      await new Promise((done) => {
        this.#waiting = done;
        this.#link.send({ ping: i });
      });
      times.push(performance.now() - asked);
      await pause(50);
    }
    return median(times);
  }

  close() { this.#link.close(); }
}

/** Sends n events at once and returns {before, during}, what somebody else waited for an answer, in ms. */
export async function floodEvents(send, n) {
  const guest = await Guest.open();
  try {
    const before = await guest.measure(4);
    for (let i = 1; i <= n; i++) send({ say: `${i}` });
    return { before, during: await guest.measure(4) };
  } finally {
    guest.close();
  }
}

/** Opens n WebSockets at once and returns how many the server accepted. */
export async function floodConnections(n) {
  const opened = await Promise.all(Array.from({ length: n }, () => new Promise((done) => {
    const socket = new WebSocket(`${location.origin.replace("http", "ws")}/account/ws?way=hello`);
    socket.onopen = () => { done(true); socket.close(1000); };
    socket.onerror = () => done(false);
  })));
  return opened.filter(Boolean).length;
}
