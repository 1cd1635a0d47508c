// The messages that a lane has received, by their numbers. Every lane keeps the order, so a gap
// between two numbers is a loss.

/**
 * Arrivals of one lane. It tells a loss from a delay by the numbers alone: the server's clock and this page's are compared
 * with an error of a round trip, which would make a message sent just before the lane joined look like a lost one.
 */
export class Arrivals {
  #times = new Map(); // number → when it arrived
  first = Infinity; // the lowest number: the lane joined before it
  newest = 0;

  /** Notes a message. Returns false for one that was here before. */
  add(number, at) {
    if (this.#times.has(number)) return false;
    this.#times.set(number, at);
    this.first = Math.min(this.first, number);
    this.newest = Math.max(this.newest, number);
    return true;
  }

  /** Returns when it arrived, undefined if it did not. */
  at(number) { return this.#times.get(number); }

  has(number) { return this.#times.has(number); }

  /** Reports whether a message is lost: it is missing between two that arrived. */
  lost(number) { return !this.has(number) && number > this.first && number < this.newest; }

  /** Reports whether a message may still come. */
  waiting(number) { return !this.has(number) && number > this.newest; }

  /** Forgets the numbers that are no longer in `said`. */
  forget(said) {
    for (const number of this.#times.keys()) if (!said.has(number)) this.#times.delete(number);
  }
}
