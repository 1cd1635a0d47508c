import { Emitter } from "./emitter.js";

/** Listeners that hear every event: those that come in, and those that go out. Called with the event's name and arguments. */
export class CatchAllEmitter extends Emitter {
  _incoming = [];
  _outgoing = [];

  onAny(listener) {
    this._incoming.push(listener);
    return this;
  }

  prependAny(listener) {
    this._incoming.unshift(listener);
    return this;
  }

  /** Removes one listener, or all of them. */
  offAny(listener) {
    remove(this._incoming, listener);
    return this;
  }

  listenersAny() {
    return this._incoming;
  }

  onAnyOutgoing(listener) {
    this._outgoing.push(listener);
    return this;
  }

  prependAnyOutgoing(listener) {
    this._outgoing.unshift(listener);
    return this;
  }

  /** Removes one listener, or all of them. */
  offAnyOutgoing(listener) {
    remove(this._outgoing, listener);
    return this;
  }

  listenersAnyOutgoing() {
    return this._outgoing;
  }

  _tellIncoming(args) {
    for (const listener of [...this._incoming]) listener.apply(this, args);
  }

  _tellOutgoing(args) {
    for (const listener of [...this._outgoing]) listener.apply(this, args);
  }
}

function remove(list, listener) {
  if (!listener) return void list.splice(0);
  const i = list.indexOf(listener);
  if (i !== -1) list.splice(i, 1);
}
