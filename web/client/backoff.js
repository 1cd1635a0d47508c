/**
 * The waits between reconnection attempts: min, 2·min, 4·min, … at most max, each moved at random by up to ±jitter of
 * itself so that the clients of a restarted server do not all come back at once.
 */
export class Backoff {
  /** @param {{min: number, max: number, jitter: number}} options milliseconds; jitter from 0 to 1 */
  constructor({ min, max, jitter }) {
    this.min = min;
    this.max = max;
    this.setJitter(jitter);
    this.attempts = 0;
  }

  /** The next wait in whole milliseconds; counts as an attempt. */
  duration() {
    const exact = Math.min(this.min * 2 ** this.attempts++, Number.MAX_SAFE_INTEGER); // not Infinity, even after days
    const moved = exact + exact * this.jitter * (2 * Math.random() - 1);
    return Math.floor(Math.min(moved, this.max));
  }

  reset() {
    this.attempts = 0;
  }

  setMin(min) {
    this.min = min;
  }

  setMax(max) {
    this.max = max;
  }

  setJitter(jitter) {
    this.jitter = jitter > 0 && jitter <= 1 ? jitter : 0;
  }
}
