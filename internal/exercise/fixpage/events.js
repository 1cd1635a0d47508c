// Events of the page, which travel from the window down to their target and up again (DOM, section 2.9).

class PageEvent {
  bubbles = false;
  cancelable = false;
  defaultPrevented = false;
  target = null;
  currentTarget = null;
  stopped = 0; // 1: at this target; 2: at this listener
  path = [];

  constructor(type, init) {
    this.timeStamp = current.clock.now - opened;
    Object.assign(this, init, { type });
  }

  preventDefault() { this.defaultPrevented = this.cancelable; }
  stopPropagation() { this.stopped ||= 1; }
  stopImmediatePropagation() { this.stopped = 2; }
  composedPath() { return [...this.path]; }
}

class PageCustomEvent extends PageEvent {
  detail = null;

  constructor(type, init) {
    super(type);
    Object.assign(this, init);
  }
}

/** An EventTarget whose listeners' exceptions are the page's, and which has on… properties. */
class Target {
  #listeners = []; // {type, listener, once, capture}

  /** Returns the next target on an event's way up, or null. */
  get above() { return null; }

  addEventListener(type, listener, options) {
    const capture = Boolean(options === true || options?.capture);
    if (!listener || options?.signal?.aborted) return;
    if (this.#listeners.some((entry) => entry.type === type && entry.listener === listener && entry.capture === capture)) return;
    this.#listeners.push({ type, listener, capture, once: Boolean(options?.once) });
    options?.signal?.addEventListener("abort", () => this.removeEventListener(type, listener, capture));
  }

  removeEventListener(type, listener, options) {
    const capture = Boolean(options === true || options?.capture);
    this.#listeners = this.#listeners.filter((entry) => entry.type !== type || entry.listener !== listener || entry.capture !== capture);
  }

  /** Calls the listeners of the event's type. The checks pass {type, …}, which bubbles like the reader's events. */
  dispatchEvent(given) {
    const event = given instanceof PageEvent ? given : new PageEvent(given.type, { bubbles: true, cancelable: true, ...given });
    event.target = this;
    event.stopped = 0;
    event.path = [];
    for (let target = this; target; target = target.above) event.path.push(target);
    for (const target of event.path.toReversed()) target.#hear(event, true);
    for (const target of event.bubbles ? event.path : [this]) target.#hear(event, false);
    event.currentTarget = null;
    return !event.defaultPrevented;
  }

  #hear(event, capture) {
    if (event.stopped) return;
    event.currentTarget = this;
    const named = { listener: this[`on${event.type}`], capture: false };
    for (const entry of [named, ...this.#listeners.filter(({ type }) => type === event.type)]) {
      const { listener, once } = entry;
      if (entry.capture !== capture || event.stopped === 2) continue;
      if (entry !== named && !this.#listeners.includes(entry)) continue; // removed by one before it
      if (once) this.removeEventListener(event.type, listener, capture);
      try {
        if (typeof listener === "function") listener.call(this, event);
        else listener?.handleEvent?.(event);
      } catch (error) {
        current.thrown(error);
      }
    }
  }
}
