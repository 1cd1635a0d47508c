// The server's clock, as far as a page can know it.

/**
 * A Clock estimates how far the server's clock is ahead of this page's, in ms. Each sample bounds the offset from below
 * or from both sides; the estimate is the middle of what all samples allow. A sample that contradicts the ones before,
 * because a clock was set or this machine slept, replaces them.
 */
export class Clock {
  #low = -Infinity;
  #high = Infinity;

  /** local returns this page's time in ms; by default it does not jump when the clock of this machine is set. */
  constructor(local = () => performance.timeOrigin + performance.now()) {
    this.local = local;
  }

  /** Learns from an exchange: between two moments of ours the server's time was within [from, to]. */
  exchange(sent, arrived, from, to = from + 1) {
    this.#narrow(from - arrived, to - sent);
  }

  /** Learns from a message that the server stamped before it arrived here. */
  arrival(at) {
    this.#narrow(at - this.local(), Infinity);
  }

  /**
   * Asks over the WebSocket of a live page: `first` times, 200 ms apart, when it opens, and then every 5 s until it closes,
   * because a machine is busy while a page loads. The page passes the answers to answered.
   */
  askOver(socket, first) {
    const ask = () => { if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ ping: this.local() })); };
    socket.addEventListener("open", () => { for (let i = 0; i < first; i++) setTimeout(ask, 200 * i); });
    const timer = setInterval(ask, 5000);
    socket.addEventListener("close", () => clearInterval(timer));
  }

  /** Learns from the answer of a live page's server: the time of the question, and the server's own, in ms. */
  answered({ pong, now }) { this.exchange(pong, this.local(), now, now + 0.1); }

  #narrow(low, high) {
    if (low > this.#high || high < this.#low) [this.#low, this.#high] = [low, high];
    else [this.#low, this.#high] = [Math.max(low, this.#low), Math.min(high, this.#high)];
  }

  /** Reports whether there was a sample. */
  get known() { return this.#low > -Infinity; }

  /** Returns the estimated offset: 0 until there is a sample. */
  get offset() {
    if (!this.known) return 0;
    return this.#high === Infinity ? this.#low : (this.#low + this.#high) / 2;
  }

  /** Returns the server's time now, in ms. */
  now() { return this.local() + this.offset; }
}

/** The clock of this page's own server. */
export const clock = new Clock();
