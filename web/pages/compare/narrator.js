// The line that says what happens. Each line stays long enough to be read.

const shown = 2500; // ms, at least
const most = 3; // lines that wait

/** Shows lines in an element, one after the other. A line with the same kind as a waiting one replaces it. */
export class Narrator {
  waiting = []; // {kind, text}
  since = -Infinity;

  constructor(element, now = () => performance.now()) {
    this.element = element;
    this.now = now;
  }

  say(kind, text) {
    this.waiting = this.waiting.filter((line) => line.kind !== kind);
    this.waiting.push({ kind, text });
    if (this.waiting.length > most) this.waiting.shift();
    this.next();
  }

  /** Forgets the lines that wait, and lets the next one come at once. */
  clear() {
    this.waiting = [];
    this.since = -Infinity;
  }

  /** Reports whether a line could be shown at once. */
  get idle() { return this.waiting.length === 0 && this.now() - this.since > 2 * shown; }

  /** Shows the next line, if the last one was there long enough. Call it from time to time. */
  next() {
    if (this.waiting.length === 0 || this.now() - this.since < shown) return;
    this.element.textContent = this.waiting.shift().text;
    this.since = this.now();
  }
}
