// The account of one client: which of the numbers that the servers count aloud arrived, and when.

/** Counts numbers. A number that is left out is lost, until it arrives after all. */
export class Tally {
  constructor() { this.reset(); }

  /** Begins again. The next number is the first. */
  reset() {
    this.last = 0;
    this.missing = new Set();
    Object.assign(this, { atOnce: 0, recovered: 0, lost: 0, twice: 0 });
  }

  /** Takes a number. late says that it comes before the connection is confirmed again: it was missed. */
  take(n, late) {
    if (this.last && n > this.last) {
      for (let missing = this.last + 1; missing < n; missing++) {
        this.lost++;
        if (this.missing.size < 1000) this.missing.add(missing);
      }
    } else if (this.missing.delete(n)) this.lost--;
    else if (this.last) {
      this.twice++;
      return;
    }
    this.last = Math.max(this.last, n);
    this[late ? "recovered" : "atOnce"]++;
  }
}
