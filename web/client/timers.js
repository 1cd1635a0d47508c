const native = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };

/**
 * Timeouts as the options want them: the functions at the time of construction (a test's fake ones,
 * say), or with useNativeTimers the functions at the time when this module was loaded.
 */
export class Timers {
  constructor({ useNativeTimers, autoUnref } = {}) {
    const { set, clear } = useNativeTimers
      ? native
      : { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
    this._set = set.bind(globalThis);
    this._clear = clear.bind(globalThis);
    this._autoUnref = autoUnref;
  }

  start(fn, ms) {
    const timer = this._set(fn, ms);
    if (this._autoUnref) timer.unref?.(); // only Node's timers keep a process alive
    return timer;
  }

  stop(timer) {
    this._clear(timer);
  }
}

/** Runs fn after the code that runs now, before any timer. */
export function soon(fn) {
  Promise.resolve().then(fn);
}
