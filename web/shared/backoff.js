// Exponential backoff with full jitter: how long to wait before the next attempt.

/**
 * A Backoff spaces the attempts to connect again. Each wait is random, between zero and a limit that doubles with each
 * attempt, from first to most, in ms. Clients that were cut together therefore do not return together.
 */
export class Backoff {
  attempt = 0;

  constructor({ first = 1000, most = 30_000, random = Math.random } = {}) {
    Object.assign(this, { first, most, random });
  }

  /** Returns the upper limit of the next wait. */
  get limit() { return Math.min(this.first * 2 ** Math.min(this.attempt, 30), this.most); }

  /** Returns the next wait, and counts the attempt. */
  next() {
    const wait = Math.round(this.random() * this.limit);
    this.attempt++;
    return wait;
  }

  /** Starts over, after a success. */
  reset() { this.attempt = 0; }
}
