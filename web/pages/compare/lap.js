// The figures of one lane in one round.

/** Returns the median, undefined of nothing. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Measures the messages of a round, from the number first on. Times are in ms. */
export class Lap {
  delays = [];
  silence = 0;

  constructor(first, began) {
    this.first = first;
    this.latest = began; // arrival
  }

  /** Takes a message that arrived for the first time. last is the round's last number, 0 while it is unknown. */
  add(number, delay, arrived, last) {
    if (number < this.first || (last && number > last)) return;
    this.delays.push(delay);
    this.silence = Math.max(this.silence, arrived - this.latest);
    this.latest = Math.max(this.latest, arrived);
  }

  /** Returns the longest time without a message until now, that of the last message included. */
  silenceAt(now) { return Math.max(this.silence, now - this.latest); }

  /** Median delay so far, undefined without a message. */
  get delay() { return median(this.delays); }

  /** Returns the outcome at the end of the round. A lane without messages was silent all the time. */
  outcome(lane, ended) {
    const none = this.delays.length === 0;
    return { lane, got: this.delays.length, delay: this.delay ?? 0, silence: none ? Math.max(ended - this.latest, 0) : this.silence };
  }
}
