/**
 * Named events and their listeners, called in the order they were added. A name that is a number is its text: a server may
 * emit 1, a listener wait for "1".
 *
 * No class of this client has #private fields: an application may wrap a socket in a Proxy (the reactive objects of
 * page frameworks do), and private fields cannot be read through one. A leading underscore marks what is internal.
 */
export class Emitter {
  _listeners = new Map();

  on(event, listener) {
    const list = this._listeners.get(String(event));
    if (list) list.push(listener);
    else this._listeners.set(String(event), [listener]);
    return this;
  }

  once(event, listener) {
    const wrapper = (...args) => {
      this.off(event, wrapper);
      listener.apply(this, args);
    };
    wrapper.fn = listener; // so that off(event, listener) finds it
    return this.on(event, wrapper);
  }

  /** Removes one listener, or every listener of an event, or every listener. */
  off(event, listener) {
    if (arguments.length === 0) {
      this._listeners.clear();
    } else if (arguments.length === 1) {
      this._listeners.delete(String(event));
    } else {
      this._remove(String(event), listener);
    }
    return this;
  }

  _remove(event, listener) {
    const list = this._listeners.get(event);
    if (!list) return;
    const i = list.findIndex((l) => l === listener || l.fn === listener);
    if (i !== -1) list.splice(i, 1);
    if (list.length === 0) this._listeners.delete(event);
  }

  emit(event, ...args) {
    return this.emitReserved(event, ...args);
  }

  /** Calls the listeners here. A Socket's emit goes to the server instead, and this stays local. */
  emitReserved(event, ...args) {
    const list = this._listeners.get(String(event));
    if (list) for (const listener of [...list]) listener.apply(this, args);
    return this;
  }

  listeners(event) {
    return this._listeners.get(String(event)) ?? [];
  }

  hasListeners(event) {
    return this.listeners(event).length > 0;
  }
}

Emitter.prototype.addEventListener = Emitter.prototype.on;
Emitter.prototype.removeListener = Emitter.prototype.off;
Emitter.prototype.removeAllListeners = Emitter.prototype.off;
Emitter.prototype.removeEventListener = Emitter.prototype.off;

/** Adds a listener and returns the function that removes it. */
export function subscribe(emitter, event, listener) {
  emitter.on(event, listener);
  return () => emitter.off(event, listener);
}
