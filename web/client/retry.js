/**
 * The emits of a socket with the option `retries`: sent one at a time, in order, each until the server has
 * acknowledged it or its attempts are used up. The server may see one twice, when only its ack was lost.
 */
export class RetryQueue {
  _waiting = [];

  constructor(socket) {
    this._socket = socket;
  }

  /** @param {Array} args the event's name and arguments, the last of them perhaps a function (err, ...answer) */
  add(args, flags) {
    const onResult = typeof args[args.length - 1] === "function" ? args.pop() : undefined;
    const entry = { args, flags, onResult, attempts: 0, pending: false };
    args.push((err, ...answer) => this._onAnswer(entry, err, answer));
    this._waiting.push(entry);
    this.drain(false);
  }

  /** @param {boolean} again whether to send what was on its way once more, after a reconnection */
  drain(again) {
    const [entry] = this._waiting;
    if (!entry || !this._socket.connected || (entry.pending && !again)) return;
    entry.pending = true;
    entry.attempts++;
    this._socket._emit([...entry.args], entry.flags);
  }

  _onAnswer(entry, err, answer) {
    if (entry !== this._waiting[0]) return; // an earlier attempt was answered after all
    entry.pending = false;
    if (err === null) {
      this._waiting.shift();
      entry.onResult?.(null, ...answer);
    } else if (entry.attempts > this._socket._opts.retries) {
      this._waiting.shift();
      entry.onResult?.(err);
    }
    this.drain(false);
  }
}
