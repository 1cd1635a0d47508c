// A virtual clock: timers run when a check advances it, in order, and each step is settled before the next.

const opened = Date.UTC(2026, 8, 1, 8, 0, 0, 437); // ms since 1970; no full second, so the clock's milliseconds are not 0
const mostTimers = 20_000; // that one advance runs

/** Resolves when every promise that can settle has settled. */
function settle() {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}

class Clock {
  now = opened; // ms since 1970
  #timers = new Map(); // id → {at, f, every}
  #last = 0;
  #thrown;

  /** @param thrown is called with exceptions of timer functions */
  constructor(thrown) { this.#thrown = thrown; }

  /** Calls f after ms, as setTimeout does, and again each time if every is set. Returns the timer's id. */
  start(f, ms = 0, every = false) {
    const asked = Number(ms) || 0;
    const wait = asked > 2 ** 31 - 1 ? 1 : Math.max(every ? 1 : 0, asked); // a browser's timer has 31 bits
    this.#timers.set(++this.#last, { at: this.now + wait, f, every: every ? wait : 0 });
    return this.#last;
  }

  stop(id) { this.#timers.delete(id); }

  /** Returns the number of timers that have not run. */
  get pending() { return this.#timers.size; }

  #next(until) {
    let found;
    for (const [id, timer] of this.#timers) {
      if (timer.at <= until && (!found || timer.at < found.timer.at)) found = { id, timer };
    }
    return found;
  }

  /** Lets ms pass, or less if stop() returns true after a timer. */
  async advance(ms, stop = () => false) {
    const until = this.now + ms;
    await settle();
    for (let ran = 0, next; !stop() && (next = this.#next(until)); ran++) {
      if (ran === mostTimers) {
        throw new Finding(
          `The page started more than ${mostTimers} timers in ${ms / 1000} s: does one start the next without a pause?`,
          `页面在 ${ms / 1000} 秒内启动了超过 ${mostTimers} 个定时器：是不是一个接一个，中间没有停顿？`);
      }
      const { id, timer } = next;
      this.now = Math.max(this.now, timer.at);
      if (timer.every) timer.at += timer.every;
      else this.#timers.delete(id);
      try {
        timer.f();
      } catch (error) {
        this.#thrown(error);
      }
      await settle();
      alive();
    }
    if (!stop()) this.now = until;
  }
}
