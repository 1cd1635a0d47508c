(function (root, factory) {
  if (typeof module === "object" && module.exports) module.exports = factory();
  else if (typeof define === "function" && define.amd) define(factory);
  else root.io = factory();
})(typeof globalThis !== "undefined" ? globalThis : self, function () {
  const module = {};
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);

// umd.js
var umd_exports = {};
__export(umd_exports, {
  default: () => umd_default
});
module.exports = __toCommonJS(umd_exports);

// engine/packet.js
var protocol = 4;
var TYPES = ["open", "close", "ping", "pong", "message", "upgrade", "noop"];
var SEPARATOR = "";
var PARSER_ERROR = Object.freeze({ type: "error", data: "parser error" });
function isBinary(value) {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) || typeof Blob !== "undefined" && value instanceof Blob;
}
function encodePacket({ type, data }, supportsBinary) {
  if (!isBinary(data)) return TYPES.indexOf(type) + (data || "");
  if (supportsBinary) return data;
  if (data instanceof ArrayBuffer) return "b" + base64(new Uint8Array(data));
  if (ArrayBuffer.isView(data)) return "b" + base64(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return data.arrayBuffer().then((buffer) => "b" + base64(new Uint8Array(buffer)));
}
function decodePacket(encoded, binaryType) {
  if (typeof encoded !== "string") return { type: "message", data: asBinaryType(encoded, binaryType) };
  if (encoded[0] === "b") return decodeBase64(encoded.slice(1), binaryType);
  const type = /^[0-6]/.test(encoded) ? TYPES[encoded[0]] : void 0;
  if (!type) return PARSER_ERROR;
  return encoded.length > 1 ? { type, data: encoded.slice(1) } : { type };
}
function encodePayload(packets) {
  const parts = packets.map((packet) => encodePacket(packet, false));
  const join = (texts) => texts.join(SEPARATOR);
  return parts.some((part) => part instanceof Promise) ? Promise.all(parts).then(join) : join(parts);
}
function decodePayload(payload, binaryType) {
  const packets = [];
  for (const encoded of payload.split(SEPARATOR)) {
    const packet = decodePacket(encoded, binaryType);
    packets.push(packet);
    if (packet.type === "error") break;
  }
  return packets;
}
function encodedSize({ data }) {
  if (!data) return 1;
  if (typeof data === "string") return 1 + utf8Length(data);
  return 1 + 4 * Math.ceil((data.byteLength ?? data.size) / 3);
}
function utf8Length(text) {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 128) length += 1;
    else if (unit < 2048 || unit >= 55296 && unit < 57344) length += 2;
    else length += 3;
  }
  return length;
}
function base64(bytes) {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 32768) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(binary);
}
function decodeBase64(text, binaryType) {
  let binary;
  try {
    binary = atob(text);
  } catch {
    return PARSER_ERROR;
  }
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return { type: "message", data: asBinaryType(bytes.buffer, binaryType) };
}
function asBinaryType(data, binaryType) {
  if (binaryType === "blob") return data instanceof Blob ? data : new Blob([data]);
  return ArrayBuffer.isView(data) ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) : data;
}

// engine/unref.js
function unrefConnectionOf(uri) {
  const channels = globalThis.process?.getBuiltinModule?.("node:diagnostics_channel");
  if (!channels) return () => {
  };
  const { host, pathname, search } = new URL(uri);
  const channel = "undici:client:sendHeaders";
  const unref = ({ request, socket }) => {
    if (request.path === pathname + search && new URL(request.origin).host === host) socket.unref();
  };
  channels.subscribe(channel, unref);
  return () => channels.unsubscribe(channel, unref);
}

// engine/request.js
var pending = /* @__PURE__ */ new Set();
globalThis.addEventListener?.("pagehide", () => {
  for (const xhr of pending) silence(xhr);
});
function sendXHR(call) {
  const xhr = new XMLHttpRequest();
  const fail = (status) => setTimeout(() => call.onError(status, xhr));
  try {
    xhr.open(call.method, call.uri, true);
    for (const [name, value] of Object.entries(requestHeaders(call))) setHeader(xhr, name, value);
    if ("withCredentials" in xhr) xhr.withCredentials = call.withCredentials;
    if (call.timeout) xhr.timeout = call.timeout;
    xhr.onreadystatechange = () => {
      if (xhr.readyState !== 4) return;
      silence(xhr);
      if (xhr.status === 200) call.onText(xhr.responseText);
      else fail(xhr.status);
    };
    pending.add(xhr);
    xhr.send(call.body ?? null);
  } catch (err) {
    silence(xhr);
    fail(err);
  }
}
function silence(xhr) {
  xhr.onreadystatechange = null;
  pending.delete(xhr);
}
function setHeader(xhr, name, value) {
  try {
    xhr.setRequestHeader(name, value);
  } catch {
  }
}
function sendFetch(call) {
  let context = { status: 0, responseText: "" };
  const ended = call.autoUnref ? unrefConnectionOf(call.uri) : () => {
  };
  fetch(call.uri, {
    method: call.method,
    body: call.body,
    headers: requestHeaders(call),
    credentials: call.withCredentials ? "include" : "same-origin",
    signal: call.timeout ? AbortSignal.timeout(call.timeout) : void 0
  }).then(async (response) => {
    context = response;
    const text = await response.text();
    context = { status: response.status, headers: response.headers, responseText: text };
    return response.status === 200 ? () => call.onText(text) : () => call.onError(response.status, context);
  }).catch(() => () => call.onError(0, context)).finally(ended).then((answer) => setTimeout(answer));
}
function requestHeaders({ method, headers }) {
  const own = { Accept: "*/*" };
  if (method === "POST") own["Content-type"] = "text/plain;charset=UTF-8";
  return { ...headers, ...own };
}

// emitter.js
var Emitter = class {
  _listeners = /* @__PURE__ */ new Map();
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
    wrapper.fn = listener;
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
};
Emitter.prototype.addEventListener = Emitter.prototype.on;
Emitter.prototype.removeListener = Emitter.prototype.off;
Emitter.prototype.removeAllListeners = Emitter.prototype.off;
Emitter.prototype.removeEventListener = Emitter.prototype.off;
function subscribe(emitter, event, listener) {
  emitter.on(event, listener);
  return () => emitter.off(event, listener);
}

// debug.js
var chosen;
function setting() {
  try {
    return globalThis.process?.env ? process.env.DEBUG : globalThis.localStorage?.debug;
  } catch {
    return void 0;
  }
}
function patterns(text) {
  const lists = [[], []];
  for (const part of (text ?? "").split(/[\s,]+/).filter(Boolean)) {
    const [list, pattern] = part.startsWith("-") ? [lists[0], part.slice(1)] : [lists[1], part];
    list.push(new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*?")}$`));
  }
  return lists;
}
function logger(namespace) {
  const [skips, names] = chosen ??= patterns(setting());
  const matches = (pattern) => pattern.test(namespace);
  if (skips.some(matches) || !names.some(matches)) return () => {
  };
  const color = `color: hsl(${hue(namespace)} 70% 45%)`;
  let before = Date.now();
  return (format, ...args) => {
    const now = Date.now();
    const values = (format.match(/%[sdoj]/g) ?? []).map((verb, i) => verb === "%j" ? JSON.stringify(args[i]) : args[i]);
    console.debug(`%c${namespace} %c${format.replaceAll("%j", "%s")} %c+${now - before}ms`, color, "color: inherit", ...values, color);
    before = now;
  };
}
function hue(text) {
  let sum = 0;
  for (const c of text) sum = (sum * 31 + c.charCodeAt(0)) % 360;
  return sum;
}

// url.js
var debug = /* @__PURE__ */ logger("socket.io-client:url");
var ADDRESS = /^(?:(https?|wss?):\/\/)?([^/?#]*)([^?#]*)(?:\?([^#]*))?/;
var AUTHORITY = /^(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;
function parse(address) {
  const [, protocol3 = "", authority, path, query = ""] = ADDRESS.exec(address);
  const [, host = "", port = ""] = AUTHORITY.exec(authority) ?? [];
  return { source: address, protocol: protocol3, host: host.replace(/^\[|\]$/g, ""), port, path, query };
}
function resolve(uri, path, page = globalThis.location) {
  const url = parse(absolute(uri, page));
  DEBUG: debug("parsed %s", url.source);
  url.port ||= url.protocol === "https" || url.protocol === "wss" ? "443" : "80";
  url.path ||= "/";
  url.id = `${url.protocol}://${bracketed(url.host)}:${url.port}${path}`;
  return url;
}
function absolute(uri, page) {
  const scheme = page ? page.protocol : "https:";
  if (uri == null) return `${scheme}//${page.host}`;
  if (uri.startsWith("//")) return scheme + uri;
  if (uri.startsWith("/")) return `${scheme}//${page.host}${uri}`;
  return /^(https?|wss?):\/\//.test(uri) ? uri : `${scheme}//${uri}`;
}
function bracketed(host) {
  return host.includes(":") ? `[${host}]` : host;
}
function encodeQuery(query) {
  return Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}
function decodeQuery(text) {
  const query = {};
  for (const pair of text.split("&").filter(Boolean)) {
    const [name, ...value] = pair.split("=");
    query[decodeURIComponent(name)] = decodeURIComponent(value.join("="));
  }
  return query;
}

// engine/transport.js
var debug2 = /* @__PURE__ */ logger("engine.io-client:transport");
var TransportError = class extends Error {
  type = "TransportError";
  constructor(reason, description, context) {
    super(reason);
    this.description = description;
    this.context = context;
  }
};
var Transport = class extends Emitter {
  writable = false;
  /** @param opts the engine's options, with `socket` (the engine), `hostname`, `port`, `secure` and `query` */
  constructor(opts) {
    super();
    this.opts = opts;
    this.query = opts.query;
    this.socket = opts.socket;
    this.supportsBinary = !opts.forceBase64;
  }
  open() {
    this.readyState = "opening";
    this.doOpen();
    return this;
  }
  close() {
    if (this.readyState === "opening" || this.readyState === "open") {
      this.doClose();
      this.onClose();
    }
    return this;
  }
  /** Writes packets, in order. Once closed they are dropped. */
  send(packets) {
    if (this.readyState === "open") return this.write(packets);
    DEBUG: debug2("%d packets dropped: %s is %s", packets.length, this.name, this.readyState);
  }
  /** Calls back once nothing is under way, so that another transport can take over. Only polling is ever upgraded. */
  pause() {
  }
  onOpen() {
    this.readyState = "open";
    this.writable = true;
    this.emitReserved("open");
  }
  onData(data) {
    this.onPacket(decodePacket(data, this.socket.binaryType));
  }
  onPacket(packet) {
    this.emitReserved("packet", packet);
  }
  onDrain() {
    this.writable = true;
    this.emitReserved("drain");
  }
  onError(reason, description, context) {
    this.emitReserved("error", new TransportError(reason, description, context));
  }
  onClose(details) {
    this.readyState = "closed";
    this.emitReserved("close", details);
  }
  /** The address to connect to; plain is the scheme of a connection that is not secure. */
  createUri(plain, scheme = this.opts.secure ? `${plain}s` : plain) {
    const { secure, hostname, port, path } = this.opts;
    const usual = secure ? 443 : 80;
    const authority = bracketed(hostname) + (port && Number(port) !== usual ? `:${port}` : "");
    const query = encodeQuery(this.query);
    return `${scheme}://${authority}${path}${query && `?${query}`}`;
  }
  /** Makes the next request's address one that no cache has seen. */
  stampQuery() {
    this.query[this.opts.timestampParam] = Date.now().toString(36).slice(-5) + Math.random().toString(36).slice(2, 5);
  }
};

// engine/polling.js
var debug3 = /* @__PURE__ */ logger("engine.io-client:polling");
var Polling = class extends Transport {
  _polling = false;
  // a GET is under way
  _leaving = false;
  // closed before the handshake was answered
  _resumed = 0;
  // pauses that were taken back
  get name() {
    return "polling";
  }
  doOpen() {
    this._poll();
  }
  _poll() {
    DEBUG: debug3("polling");
    this._polling = true;
    this._request("GET", void 0, (text) => this.onData(text));
    this.emitReserved("poll");
  }
  /** Lets the GET and the POST that are under way end and starts no other. */
  pause(onPause) {
    this.readyState = "pausing";
    const turn = this._resumed;
    const check = () => {
      if (this._resumed !== turn || this.readyState !== "pausing") return;
      if (this._polling) return void this.once("pollComplete", check);
      if (!this.writable) return void this.once("drain", check);
      DEBUG: debug3("paused");
      this.readyState = "paused";
      onPause();
    };
    check();
  }
  /** Takes a pause back, where the transport that was to take over has failed. */
  resume() {
    if (this.readyState !== "pausing" && this.readyState !== "paused") return;
    this._resumed++;
    this.readyState = "open";
    if (!this._polling) this._poll();
  }
  onData(payload) {
    DEBUG: debug3("received %s", payload);
    for (const packet of decodePayload(payload, this.socket.binaryType)) {
      if (this._leaving && packet.type === "open") return this._leave(packet);
      if (this.readyState === "opening" && packet.type === "open") this.onOpen();
      if (packet.type === "close") this.onClose({ description: "transport closed by the server" });
      else this.onPacket(packet);
    }
    if (this.readyState === "closed") return;
    this._polling = false;
    this.emitReserved("pollComplete");
    if (this.readyState === "open") this._poll();
  }
  write(packets) {
    this.writable = false;
    const post = (payload2) => this._request("POST", payload2, () => this.onDrain());
    const payload = encodePayload(packets);
    if (payload instanceof Promise) payload.then(post, (err) => this._fail("POST", 0, err));
    else post(payload);
  }
  doClose() {
    DEBUG: debug3(this.readyState === "open" ? "closing" : "closing once the handshake is answered");
    if (this.readyState === "open") this.write([{ type: "close" }]);
    else this._leaving = true;
  }
  _leave(handshake) {
    this.query.sid = JSON.parse(handshake.data).sid;
    this.write([{ type: "close" }]);
  }
  _request(method, body, onText) {
    const { extraHeaders, withCredentials, requestTimeout, autoUnref } = this.opts;
    DEBUG: debug3("%s %s", method, body ?? "");
    this._send({
      method,
      body,
      uri: this.uri(),
      headers: extraHeaders,
      withCredentials,
      timeout: requestTimeout,
      autoUnref,
      onText,
      onError: (status, context) => this._fail(method, status, context)
    });
  }
  uri() {
    if (this.opts.timestampRequests !== false) this.stampQuery();
    if (!this.supportsBinary && !this.query.sid) this.query.b64 = 1;
    return this.createUri("http");
  }
};
var XHR = class extends Polling {
  _send(call) {
    if (typeof XMLHttpRequest === "undefined") sendFetch(call);
    else sendXHR(call);
  }
  _fail(method, status, context) {
    this.onError(method === "GET" ? "xhr poll error" : "xhr post error", status, context);
  }
};
var Fetch = class extends Polling {
  _send(call) {
    sendFetch(call);
  }
  _fail(method, status, context) {
    this.onError(method === "GET" ? "fetch read error" : "fetch write error", status, context);
  }
};

// timers.js
var native = { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
var Timers = class {
  constructor({ useNativeTimers, autoUnref } = {}) {
    const { set, clear } = useNativeTimers ? native : { set: globalThis.setTimeout, clear: globalThis.clearTimeout };
    this._set = set.bind(globalThis);
    this._clear = clear.bind(globalThis);
    this._autoUnref = autoUnref;
  }
  start(fn, ms) {
    const timer = this._set(fn, ms);
    if (this._autoUnref) timer.unref?.();
    return timer;
  }
  stop(timer) {
    this._clear(timer);
  }
};
function soon(fn) {
  Promise.resolve().then(fn);
}

// engine/websocket.js
var debug4 = /* @__PURE__ */ logger("engine.io-client:websocket");
var OPEN = 1;
var WebSocketTransport = class extends Transport {
  get name() {
    return "websocket";
  }
  doOpen() {
    const { autoUnref } = this.opts;
    const uri = this.uri();
    const ended = autoUnref ? unrefConnectionOf(uri) : () => {
    };
    try {
      this.ws = this._connect(uri);
    } catch (err) {
      ended();
      soon(() => this.onError("websocket error", err));
      return;
    }
    this.ws.binaryType = this.socket.binaryType;
    DEBUG: debug4("connecting");
    this.ws.onopen = () => {
      ended();
      if (autoUnref) this.ws._socket?.unref();
      this.onOpen();
    };
    this.ws.onmessage = ({ data }) => this.onData(data);
    this.ws.onerror = (event) => this.onError("websocket error", event);
    this.ws.onclose = (event) => {
      ended();
      this.onClose({ description: "websocket connection closed", context: event });
    };
  }
  _connect(uri) {
    const { protocols } = this.opts;
    return protocols ? new WebSocket(uri, protocols) : new WebSocket(uri);
  }
  write(packets) {
    this.writable = false;
    const messages = packets.map((packet) => encodePacket(packet, this.supportsBinary));
    if (messages.some((message) => message instanceof Promise)) {
      Promise.all(messages).then((read) => this._sendAll(read), (err) => this.onError("websocket error", err));
    } else {
      this._sendAll(messages);
    }
  }
  _sendAll(messages) {
    if (this.ws?.readyState === OPEN) for (const message of messages) this.ws.send(message);
    soon(() => this.onDrain());
  }
  doClose() {
    if (!this.ws) return;
    DEBUG: debug4("closing");
    this.ws.onerror = () => {
    };
    this.ws.close();
    this.ws = null;
  }
  uri() {
    if (this.opts.timestampRequests) this.stampQuery();
    if (!this.supportsBinary) this.query.b64 = 1;
    return this.createUri("ws");
  }
};

// engine/stream.js
var BINARY = 128;
var textEncoder = new TextEncoder();
var textDecoder = new TextDecoder();
function encodeStream(packets) {
  const messages = packets.map(encodeMessage);
  return messages.some((message) => message instanceof Promise) ? Promise.all(messages).then(frame) : frame(messages);
}
function encodeMessage(packet) {
  const { data } = packet;
  const size = data?.byteLength ?? data?.size;
  return data instanceof Blob && size ? data.arrayBuffer() : encodePacket(packet, size !== 0);
}
function frame(messages) {
  const bodies = messages.map(asBytes);
  const size = bodies.reduce((sum, body) => sum + headerSize(body.length) + body.length, 0);
  const bytes = new Uint8Array(size);
  let at = 0;
  bodies.forEach((body, i) => {
    at += putHeader(new DataView(bytes.buffer, at), body.length, typeof messages[i] === "string" ? 0 : BINARY);
    bytes.set(body, at);
    at += body.length;
  });
  return bytes;
}
function asBytes(message) {
  if (typeof message === "string") return textEncoder.encode(message);
  if (ArrayBuffer.isView(message)) return new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
  return new Uint8Array(message);
}
function headerSize(length) {
  if (length < 126) return 1;
  return length < 65536 ? 3 : 9;
}
function putHeader(view, length, kind) {
  const size = headerSize(length);
  view.setUint8(0, kind | { 1: length, 3: 126, 9: 127 }[size]);
  if (size === 3) view.setUint16(1, length);
  if (size === 9) view.setBigUint64(1, BigInt(length));
  return size;
}
var StreamDecoder = class {
  _chunks = [];
  _size = 0;
  // of all chunks
  _next = void 0;
  // the header of the packet that is not there yet
  constructor(binaryType) {
    this._binaryType = binaryType;
  }
  /** The packets that this chunk completes, up to the first malformed one. */
  *decode(chunk) {
    this._chunks.push(chunk);
    this._size += chunk.length;
    while (this._next ??= this._header()) {
      const { length, binary } = this._next;
      if (length === 0 || length > Number.MAX_SAFE_INTEGER) return void (yield PARSER_ERROR);
      if (this._size < length) return;
      const body = this._take(length);
      this._next = void 0;
      yield decodePacket(binary ? body : textDecoder.decode(body), this._binaryType);
    }
  }
  _header() {
    const first = this._chunks[0]?.[0];
    const size = first === void 0 ? 1 : { 126: 3, 127: 9 }[first & ~BINARY] ?? 1;
    if (this._size < size) return void 0;
    const { buffer, byteOffset } = this._take(size);
    const view = new DataView(buffer, byteOffset, size);
    const binary = (first & BINARY) !== 0;
    if (size === 1) return { binary, length: first & ~BINARY };
    return { binary, length: size === 3 ? view.getUint16(1) : Number(view.getBigUint64(1)) };
  }
  /** The next bytes. Chunks are joined only here, once all are there, so that a packet's bytes move once. */
  _take(size) {
    if (this._chunks[0].length < size) this._join();
    const [chunk] = this._chunks;
    this._size -= size;
    if (chunk.length === size) this._chunks.shift();
    else this._chunks[0] = chunk.subarray(size);
    return chunk.subarray(0, size);
  }
  _join() {
    const joined = new Uint8Array(this._size);
    let at = 0;
    for (const chunk of this._chunks) {
      joined.set(chunk, at);
      at += chunk.length;
    }
    this._chunks = [joined];
  }
};

// engine/webtransport.js
var debug5 = /* @__PURE__ */ logger("engine.io-client:webtransport");
var LINGER = 1e3;
var WebTransportTransport = class extends Transport {
  get name() {
    return "webtransport";
  }
  doOpen() {
    try {
      this._session = new WebTransport(this.uri(), this.opts.transportOptions?.[this.name]);
    } catch (err) {
      soon(() => this._fail(err));
      return;
    }
    this._session.closed.then(() => this._end(), (err) => this._fail(err));
    this._talk(this._session).catch(() => {
    }).then(() => this._session.close());
  }
  async _talk(session) {
    await session.ready;
    DEBUG: debug5("the session is open");
    const stream = await session.createBidirectionalStream();
    this._writer = stream.writable.getWriter();
    const { sid } = this.query;
    await this._writer.write(encodeStream([{ type: "open", data: sid && JSON.stringify({ sid }) }]));
    if (this.readyState !== "opening") return;
    this.onOpen();
    await this._read(stream.readable.getReader());
  }
  /** Reads until the server ends the stream. */
  async _read(reader) {
    const decoder = new StreamDecoder(this.socket.binaryType);
    for (; ; ) {
      const { done, value } = await reader.read();
      if (done) return;
      DEBUG: debug5("received %d bytes", value.byteLength);
      for (const packet of decoder.decode(value)) {
        queueMicrotask(() => this.onPacket(packet));
      }
    }
  }
  write(packets) {
    this.writable = false;
    const bytes = encodeStream(packets);
    if (bytes instanceof Promise) bytes.then((read) => this._send(read), (err) => this._fail(err));
    else this._send(bytes);
  }
  _send(bytes) {
    this._writer.write(bytes).then(() => this.onDrain(), () => {
    });
  }
  /** Ends the stream. The session ends when the server has ended its side, because with it goes what is on its way. */
  doClose() {
    const end = () => this._session?.close();
    if (this._writer) this._writer.close().then(() => this.socket._timers.start(end, LINGER), end);
    else end();
  }
  _end() {
    if (this.readyState !== "closed") this.onClose();
  }
  _fail(err) {
    DEBUG: debug5("failed: %s", err);
    if (this.readyState !== "closed") this.onError("webtransport error", err);
  }
  uri() {
    return this.createUri("http", "https");
  }
};

// backoff.js
var Backoff = class {
  /** @param {{min: number, max: number, jitter: number}} options milliseconds; jitter from 0 to 1 */
  constructor({ min, max, jitter }) {
    this.min = min;
    this.max = max;
    this.setJitter(jitter);
    this.attempts = 0;
  }
  /** The next wait in whole milliseconds; counts as an attempt. */
  duration() {
    const exact = Math.min(this.min * 2 ** this.attempts++, Number.MAX_SAFE_INTEGER);
    const moved = exact + exact * this.jitter * (2 * Math.random() - 1);
    return Math.floor(Math.min(moved, this.max));
  }
  reset() {
    this.attempts = 0;
  }
  setMin(min) {
    this.min = min;
  }
  setMax(max) {
    this.max = max;
  }
  setJitter(jitter) {
    this.jitter = jitter > 0 && jitter <= 1 ? jitter : 0;
  }
};

// engine/upgrade.js
var debug6 = /* @__PURE__ */ logger("engine.io-client:socket");
var WEB_TRANSPORT_LEAD = 200;
function probe(engine, name) {
  DEBUG: debug6("probing %s", name);
  const transport = engine.createTransport(name);
  const current = engine.transport;
  let pausing = false;
  const subscriptions = [
    subscribe(transport, "open", () => transport.send([{ type: "ping", data: "probe" }])),
    subscribe(transport, "packet", onPacket),
    subscribe(transport, "error", (err) => fail(err)),
    subscribe(transport, "close", () => fail("transport closed")),
    subscribe(engine, "close", () => fail("socket closed")),
    subscribe(engine, "upgrading", (other) => other !== transport && stop())
  ];
  if (name !== "webtransport" && engine._upgrades.includes("webtransport")) {
    const start = engine._timers.start(() => transport.open(), WEB_TRANSPORT_LEAD);
    subscriptions.push(() => engine._timers.stop(start));
  } else {
    transport.open();
  }
  function onPacket({ type, data }) {
    if (pausing) return;
    if (type !== "pong" || data !== "probe") return fail("unexpected answer");
    DEBUG: debug6("%s answers the probe: pausing %s", name, current.name);
    pausing = true;
    engine.upgrading = true;
    engine.emitReserved("upgrading", transport);
    current.pause(() => {
      if (engine.readyState === "closed") return;
      unsubscribe();
      engine._upgradeTo(transport);
    });
  }
  function fail(why) {
    DEBUG: debug6("probe of %s failed: %s", name, why);
    stop();
    if (pausing && engine.readyState !== "closed") {
      engine.upgrading = false;
      current.resume();
      engine.flush();
    }
    engine.emitReserved("upgradeError", Object.assign(new Error(`probe error: ${why}`), { transport: name }));
  }
  function stop() {
    unsubscribe();
    transport.close();
  }
  function unsubscribe() {
    for (const cancel of subscriptions) cancel();
  }
}

// engine/engine.js
var debug7 = /* @__PURE__ */ logger("engine.io-client:socket");
var TRANSPORTS = { polling: XHR, websocket: WebSocketTransport, webtransport: WebTransportTransport };
var DEFAULTS = {
  path: "/engine.io",
  addTrailingSlash: true,
  upgrade: true,
  rememberUpgrade: false,
  withCredentials: false,
  timestampParam: "t",
  transportOptions: {},
  closeOnBeforeunload: false
};
var priorWebSocketSuccess = false;
var offline = /* @__PURE__ */ new Set();
globalThis.addEventListener?.("offline", () => {
  for (const cut of [...offline]) cut();
});
var Engine = class extends Emitter {
  binaryType = "arraybuffer";
  id = void 0;
  upgrading = false;
  writeBuffer = [];
  // packets not yet taken by the transport, the first _sending of them handed to it
  _sending = 0;
  _upgrades = [];
  _pingInterval = -1;
  _pingTimeout = -1;
  _pingDeadline = Infinity;
  _maxPayload = -1;
  /**
   * @param {string | object} [uri] where to connect; the page's own host if left out
   * @param {object} [opts] as the Manager's
   */
  constructor(uri, opts = {}) {
    super();
    if (uri && typeof uri === "object") [uri, opts] = [void 0, uri];
    this.opts = { ...DEFAULTS, ...opts, ...addressOptions(uri, opts) };
    this.opts.path = this.opts.path.replace(/\/$/, "") + (this.opts.addTrailingSlash ? "/" : "");
    if (typeof this.opts.query === "string") this.opts.query = decodeQuery(this.opts.query);
    this._timers = new Timers(this.opts);
    this._setAddress();
    this._setTransports();
    this._watchPage();
    this._open();
  }
  _setAddress() {
    const { secure, hostname, port } = this.opts;
    const page = globalThis.location;
    this.secure = secure ?? page?.protocol === "https:";
    this.hostname = hostname || page?.hostname || "localhost";
    this.port = port || !hostname && page?.port || (this.secure ? "443" : "80");
  }
  /** `transports` holds names or transport classes. A name that this client does not know is left out. */
  _setTransports() {
    const wanted = this.opts.transportImplementations ?? this.opts.transports ?? Object.keys(TRANSPORTS);
    this._implementations = { ...TRANSPORTS };
    const names = wanted.map((transport) => {
      if (typeof transport === "string") return transport;
      this._implementations[transport.prototype.name] = transport;
      return transport.prototype.name;
    });
    this.transports = names.filter((name) => Object.hasOwn(this._implementations, name));
  }
  _watchPage() {
    if (typeof globalThis.addEventListener !== "function") return;
    if (this.opts.closeOnBeforeunload) {
      this._beforeUnload = () => {
        this.transport?.off();
        this.transport?.close();
      };
      addEventListener("beforeunload", this._beforeUnload);
    }
    if (this.hostname !== "localhost") {
      this._offline = () => this._onClose("transport close", { description: "network connection lost" });
      offline.add(this._offline);
    }
  }
  _unwatchPage() {
    if (this._beforeUnload) removeEventListener("beforeunload", this._beforeUnload);
    offline.delete(this._offline);
  }
  createTransport(name) {
    DEBUG: debug7("new transport %s", name);
    const Implementation = this._implementations[name];
    const query = { ...this.opts.query, EIO: protocol, transport: name };
    if (this.id) query.sid = this.id;
    const { hostname, port, secure } = this;
    return new Implementation({ ...this.opts, query, socket: this, hostname, port, secure, ...this.opts.transportOptions?.[name] });
  }
  _open() {
    if (this.transports.length === 0) {
      this._timers.start(() => this.emitReserved("error", "No transports available"), 0);
      return;
    }
    const remembered = this.opts.rememberUpgrade && priorWebSocketSuccess && this.transports.includes("websocket");
    this.readyState = "opening";
    this._setTransport(this.createTransport(remembered ? "websocket" : this.transports[0]));
    this.transport.open();
  }
  _setTransport(transport) {
    DEBUG: debug7("now over %s", transport.name);
    this.transport?.off();
    this.transport = transport.on("drain", () => this._onDrain()).on("packet", (packet) => this._onPacket(packet)).on("error", (err) => this._onError(err)).on("close", (details) => this._onClose("transport close", details));
  }
  _onOpen() {
    DEBUG: debug7("open");
    this.readyState = "open";
    priorWebSocketSuccess = this.transport.name === "websocket";
    this.emitReserved("open");
    this.flush();
    if (this.readyState !== "open" || !this.opts.upgrade) return;
    for (const name of this._upgrades) {
      priorWebSocketSuccess = false;
      probe(this, name);
    }
  }
  /** Carries on over a transport that a probe has proven. */
  _upgradeTo(transport) {
    this._setTransport(transport);
    priorWebSocketSuccess = transport.name === "websocket";
    transport.send([{ type: "upgrade" }]);
    this.emitReserved("upgrade", transport);
    this.upgrading = false;
    this.flush();
  }
  _onPacket(packet) {
    if (this.readyState === "closed") return;
    DEBUG: debug7("received %s %s", packet.type, packet.data);
    this.emitReserved("packet", packet);
    this.emitReserved("heartbeat");
    switch (packet.type) {
      case "open":
        return this._onHandshake(packet.data);
      case "ping":
        return this._onPing();
      case "error":
        return this._onError(Object.assign(new Error("server error"), { code: packet.data }));
      case "message":
        this.emitReserved("data", packet.data);
        this.emitReserved("message", packet.data);
    }
  }
  /** @param {string} json sid, upgrades, pingInterval and pingTimeout in milliseconds, maxPayload in bytes */
  _onHandshake(json) {
    let handshake;
    try {
      handshake = JSON.parse(json);
    } catch {
      return this._onError(Object.assign(new Error("server error"), { code: "parser error" }));
    }
    this.emitReserved("handshake", handshake);
    this.id = this.transport.query.sid = handshake.sid;
    this._upgrades = (handshake.upgrades ?? []).filter((name) => this.transports.includes(name));
    this._pingInterval = handshake.pingInterval;
    this._pingTimeout = handshake.pingTimeout;
    this._maxPayload = handshake.maxPayload;
    this._onOpen();
    if (this.readyState !== "closed") this._awaitPing();
  }
  _onPing() {
    this._sendPacket("pong");
    this.emitReserved("ping");
    this.emitReserved("pong");
    this._awaitPing();
  }
  /** The server pings every pingInterval; when it is pingTimeout late it is gone. */
  _awaitPing() {
    this._timers.stop(this._pingTimer);
    const delay = this._pingInterval + this._pingTimeout;
    this._pingDeadline = Date.now() + delay;
    this._pingTimer = this._timers.start(() => this._onClose("ping timeout"), delay);
  }
  /**
   * Whether the ping is overdue although no timer has fired yet, as after a laptop's sleep. A
   * packet sent now would be lost. The connection closes as soon as the running code has ended.
   */
  _hasPingExpired() {
    const expired = Date.now() > this._pingDeadline;
    if (expired && this._pingDeadline) {
      this._pingDeadline = 0;
      soon(() => this._onClose("ping timeout"));
    }
    return expired;
  }
  _onDrain() {
    this.writeBuffer.splice(0, this._sending);
    this._sending = 0;
    if (this.writeBuffer.length === 0) this.emitReserved("drain");
    else this.flush();
  }
  /** Hands over what waits, unless the transport is busy or being replaced. */
  flush() {
    if (this.readyState === "closed" || !this.transport.writable || this.upgrading || !this.writeBuffer.length) return;
    const packets = this.writeBuffer.slice(0, this._writableCount());
    DEBUG: debug7("flushing %d of %d packets", packets.length, this.writeBuffer.length);
    this._sending = packets.length;
    this.transport.send(packets);
    this.emitReserved("flush");
  }
  /** How many of the waiting packets fit into one POST of at most maxPayload bytes; at least one. */
  _writableCount() {
    if (!(this._maxPayload > 0) || this.transport.name !== "polling") return this.writeBuffer.length;
    let size = 0;
    const tooMany = this.writeBuffer.findIndex((packet, i) => {
      size += encodedSize(packet) + (i > 0 ? 1 : 0);
      return i > 0 && size > this._maxPayload;
    });
    return tooMany === -1 ? this.writeBuffer.length : tooMany;
  }
  /**
   * Sends a message. Packets leave in the order of the calls.
   * @param {string | ArrayBuffer | ArrayBufferView | Blob} data
   * @param {{compress?: boolean}} [options]
   * @param {() => void} [onFlush] called when the transport has taken what waits
   */
  send(data, options, onFlush) {
    if (typeof options === "function") [options, onFlush] = [void 0, options];
    this._sendPacket("message", data, options, onFlush);
    return this;
  }
  write(data, options, onFlush) {
    return this.send(data, options, onFlush);
  }
  _sendPacket(type, data, options, onFlush) {
    if (this.readyState === "closing" || this.readyState === "closed") return;
    const packet = { type, data, options: { ...options, compress: options?.compress !== false } };
    this.emitReserved("packetCreate", packet);
    this.writeBuffer.push(packet);
    if (onFlush) this.once("flush", onFlush);
    this.flush();
  }
  /** Closes once what waits has been sent and an upgrade under way is over. */
  close() {
    if (this.readyState !== "opening" && this.readyState !== "open") return this;
    this.readyState = "closing";
    if (this.writeBuffer.length) this.once("drain", () => this._closeAfterUpgrade());
    else this._closeAfterUpgrade();
    return this;
  }
  _closeAfterUpgrade() {
    if (!this.upgrading) return this._onClose("forced close");
    const close = () => {
      this.off("upgrade", close);
      this.off("upgradeError", close);
      this._onClose("forced close");
    };
    this.on("upgrade", close);
    this.on("upgradeError", close);
  }
  _onError(err) {
    DEBUG: debug7("error %s", err);
    priorWebSocketSuccess = false;
    if (this.opts.tryAllTransports && this.transports.length > 1 && this.readyState === "opening") {
      this.transports.shift();
      return this._open();
    }
    this.emitReserved("error", err);
    this._onClose("transport error", err);
  }
  /** The one way out, whoever closes. */
  _onClose(reason, details) {
    if (!["opening", "open", "closing"].includes(this.readyState)) return;
    DEBUG: debug7("closed: %s", reason);
    this._timers.stop(this._pingTimer);
    this.transport.off("close");
    this.transport.close();
    this.transport.off();
    this._unwatchPage();
    this.readyState = "closed";
    this.id = null;
    this.emitReserved("close", reason, details);
    this.writeBuffer = [];
    this._sending = 0;
  }
};
Engine.protocol = protocol;
function addressOptions(uri, { host }) {
  if (!uri) return host ? { hostname: parse(host).host } : {};
  const { host: hostname, protocol: scheme, port, query } = parse(uri);
  const secure = scheme === "https" || scheme === "wss";
  return { hostname, port, secure, ...query && { query } };
}

// parser.js
var parser_exports = {};
__export(parser_exports, {
  Decoder: () => Decoder,
  Encoder: () => Encoder,
  PacketType: () => PacketType,
  RESERVED_EVENTS: () => RESERVED_EVENTS,
  isPacketValid: () => isPacketValid,
  protocol: () => protocol2
});

// binary.js
function hasBinary(value) {
  if (!value || typeof value !== "object") return false;
  if (isBinary(value)) return true;
  if (Array.isArray(value)) return value.some(hasBinary);
  if (typeof value.toJSON === "function") return hasBinaryAsJSON(value.toJSON());
  return Object.values(value).some(hasBinary);
}
function hasBinaryAsJSON(value) {
  if (!value || typeof value !== "object" || isBinary(value) || Array.isArray(value)) return hasBinary(value);
  return Object.values(value).some(hasBinary);
}
function detach(data) {
  const attachments = [];
  return { data: detachInto(attachments, data, false), attachments };
}
function detachInto(attachments, value, isJSON) {
  if (!value || typeof value !== "object" || value instanceof Date) return value;
  if (isBinary(value)) return { _placeholder: true, num: attachments.push(value) - 1 };
  if (Array.isArray(value)) return value.map((element) => detachInto(attachments, element, false));
  if (typeof value.toJSON === "function" && !isJSON) return detachInto(attachments, value.toJSON(), true);
  const copy = {};
  for (const [key, property] of Object.entries(value)) copy[key] = detachInto(attachments, property, false);
  return copy;
}
function attach(value, attachments) {
  if (!value || typeof value !== "object") return value;
  if (value._placeholder === true) {
    if (!Number.isInteger(value.num) || !(value.num in attachments)) throw new Error("illegal attachments");
    return attachments[value.num];
  }
  for (const key of Object.keys(value)) value[key] = attach(value[key], attachments);
  return value;
}

// parser.js
var debug8 = /* @__PURE__ */ logger("socket.io-parser");
var protocol2 = 5;
var PacketType = Object.freeze({
  CONNECT: 0,
  DISCONNECT: 1,
  EVENT: 2,
  ACK: 3,
  CONNECT_ERROR: 4,
  BINARY_EVENT: 5,
  BINARY_ACK: 6
});
var { CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK } = PacketType;
var RESERVED_EVENTS = /* @__PURE__ */ new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener"
]);
var Encoder = class {
  /** @param {Function} [replacer] for JSON.stringify */
  constructor(replacer) {
    this.replacer = replacer;
  }
  /** @returns {Array} the text, followed by the attachments */
  encode({ type, nsp, id, data }) {
    DEBUG: debug8("encoding type %d for %s: %j", type, nsp, data);
    if (type !== EVENT && type !== ACK || !hasBinary(data)) return [this._text(type, "", nsp, id, data)];
    const { data: rest, attachments } = detach(data);
    const binaryType = type === EVENT ? BINARY_EVENT : BINARY_ACK;
    return [this._text(binaryType, `${attachments.length}-`, nsp, id, rest), ...attachments];
  }
  _text(type, count, nsp, id, data) {
    const namespace = nsp && nsp !== "/" ? `${nsp},` : "";
    const json = data == null ? "" : JSON.stringify(data, this.replacer);
    return `${type}${count}${namespace}${id ?? ""}${json}`;
  }
};
var Decoder = class extends Emitter {
  /** @param {Function | {reviver?: Function, maxAttachments?: number}} [opts] the reviver is for JSON.parse */
  constructor(opts) {
    super();
    this.opts = { maxAttachments: 10, ...typeof opts === "function" ? { reviver: opts } : opts };
  }
  /**
   * Takes what came in one Engine.IO message.
   * @throws {Error} what is malformed; the connection cannot go on
   */
  add(message) {
    if (typeof message === "string") this._addText(message);
    else if (isBinary(message)) this._addAttachment(message);
    else throw new Error(`unknown type: ${message}`);
  }
  _addText(text) {
    if (this._waiting) throw new Error("text where an attachment was due");
    const { count, ...packet } = this._parse(text);
    if (count) this._waiting = { packet, count, attachments: [] };
    else this.emitReserved("decoded", packet);
  }
  _addAttachment(attachment) {
    if (!this._waiting) throw new Error("an attachment that belongs to no packet");
    const { packet, count, attachments } = this._waiting;
    attachments.push(attachment);
    if (attachments.length < count) return;
    this._waiting = void 0;
    packet.data = attach(packet.data, attachments);
    this.emitReserved("decoded", packet);
  }
  _parse(text) {
    DEBUG: debug8("decoding %s", text);
    const fields = /^([0-6])(?:(\d*)(-))?(?:(\/[^,]*),?)?(\d+)?([^]*)$/.exec(text);
    if (!fields) throw new Error("unknown packet type");
    const [, digit, attachments, dash, nsp = "/", id, json] = fields;
    const binary = digit >= BINARY_EVENT;
    if (binary !== Boolean(dash)) throw new Error("illegal attachments");
    const packet = { type: binary ? digit - BINARY_EVENT + EVENT : Number(digit), nsp };
    if (id !== void 0) packet.id = Number(id);
    const data = this._parseJSON(json, packet.type);
    if (data !== void 0) packet.data = data;
    return binary ? { ...packet, count: this._attachmentCount(attachments) } : packet;
  }
  _attachmentCount(digits) {
    const count = Number(digits);
    if (count < 1) throw new Error("illegal attachments");
    if (count > this.opts.maxAttachments) throw new Error("too many attachments");
    return count;
  }
  _parseJSON(json, type) {
    let data;
    try {
      if (json !== "") data = JSON.parse(json, this.opts.reviver);
    } catch (cause) {
      throw new Error("invalid payload", { cause });
    }
    if (!isPayloadValid(type, data)) throw new Error("invalid payload");
    return data;
  }
  /** Forgets a packet whose attachments will not come: the connection is gone. */
  destroy() {
    this._waiting = void 0;
  }
};
function isPayloadValid(type, data) {
  switch (type) {
    case CONNECT:
      return data === void 0 || isObject(data);
    case DISCONNECT:
      return data === void 0;
    case EVENT:
      return Array.isArray(data) && isEventName(data[0]);
    case ACK:
      return Array.isArray(data);
    case CONNECT_ERROR:
      return typeof data === "string" || isObject(data);
  }
}
function isEventName(name) {
  return typeof name === "number" || typeof name === "string" && !RESERVED_EVENTS.has(name);
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function isPacketValid({ type, nsp, id, data }) {
  return typeof nsp === "string" && (id === void 0 || Number.isInteger(id)) && Boolean(isPayloadValid(type, data));
}

// catchall.js
var CatchAllEmitter = class extends Emitter {
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
};
function remove(list, listener) {
  if (!listener) return void list.splice(0);
  const i = list.indexOf(listener);
  if (i !== -1) list.splice(i, 1);
}

// retry.js
var RetryQueue = class {
  _waiting = [];
  constructor(socket) {
    this._socket = socket;
  }
  /** @param {Array} args the event's name and arguments, the last of them perhaps a function (err, ...answer) */
  add(args, flags) {
    const onResult = typeof args[args.length - 1] === "function" ? args.pop() : void 0;
    const entry = { args, flags, onResult, attempts: 0, pending: false };
    args.push((err, ...answer) => this._onAnswer(entry, err, answer));
    this._waiting.push(entry);
    this.drain(false);
  }
  /** @param {boolean} again whether to send what was on its way once more, after a reconnection */
  drain(again) {
    const [entry] = this._waiting;
    if (!entry || !this._socket.connected || entry.pending && !again) return;
    entry.pending = true;
    entry.attempts++;
    this._socket._emit([...entry.args], entry.flags);
  }
  _onAnswer(entry, err, answer) {
    if (entry !== this._waiting[0]) return;
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
};

// socket.js
var debug9 = /* @__PURE__ */ logger("socket.io-client:socket");
var Socket = class extends CatchAllEmitter {
  connected = false;
  recovered = false;
  // whether the last connection took up where the one before it ended
  id = void 0;
  receiveBuffer = [];
  // events that came before the answer to CONNECT
  sendBuffer = [];
  // packets for when the connection is there
  ids = 0;
  acks = {};
  // by packet id, the functions that wait for the server's answer
  flags = {};
  // modifiers of the next emit
  _pid = void 0;
  // recovery: names this session to the server, secretly
  _lastOffset = void 0;
  // recovery: where in the server's log we are
  /** Use io() or Manager.socket(): they know which sockets there are. */
  constructor(io, nsp, opts) {
    super();
    this.io = io;
    this.nsp = nsp;
    this.auth = opts?.auth;
    this._opts = { ...opts };
    this._queue = new RetryQueue(this);
    if (io._autoConnect) this.open();
  }
  get disconnected() {
    return !this.connected;
  }
  /** Whether the socket will connect again by itself when the connection comes back. */
  get active() {
    return Boolean(this._subscriptions);
  }
  connect() {
    if (this.connected) return this;
    this._subscribe();
    if (!this.io._reconnecting) this.io.open();
    if (this.io._readyState === "open") this._onOpen();
    return this;
  }
  open() {
    return this.connect();
  }
  _subscribe() {
    this._subscriptions ??= [
      subscribe(this.io, "open", () => this._onOpen()),
      subscribe(this.io, "packet", (packet) => this._onPacket(packet)),
      subscribe(this.io, "error", (err) => this._onError(err)),
      subscribe(this.io, "close", (reason, details) => this._onClose(reason, details))
    ];
  }
  disconnect() {
    if (this.connected) this._packet({ type: PacketType.DISCONNECT });
    this._release();
    if (this.connected) this._onClose("io client disconnect");
    return this;
  }
  close() {
    return this.disconnect();
  }
  /** Stops following the connection, which closes when no socket follows it. */
  _release() {
    for (const cancel of this._subscriptions ?? []) cancel();
    this._subscriptions = void 0;
    this.io._destroy(this);
  }
  /**
   * Sends an event. A function as last argument is called with the server's answer.
   * @throws {Error} for a reserved name
   */
  emit(event, ...args) {
    if (RESERVED_EVENTS.has(event)) throw new Error(`"${event}" is a reserved event name`);
    const { flags } = this;
    this.flags = {};
    if (this._opts.retries && !flags.volatile) this._queue.add([event, ...args], flags);
    else this._emit([event, ...args], flags);
    return this;
  }
  /** @param {Array} data the event's name and arguments; taken over */
  _emit(data, flags) {
    const packet = { type: PacketType.EVENT, data, options: { compress: flags.compress !== false } };
    if (typeof data[data.length - 1] === "function") {
      packet.id = this.ids++;
      DEBUG: debug9("ack %d will answer this event", packet.id);
      this._registerAck(packet.id, data.pop(), flags.timeout ?? this._opts.ackTimeout);
    }
    const { engine } = this.io;
    const canWrite = engine?.transport?.writable;
    const isConnected = this.connected && !engine?._hasPingExpired();
    if (flags.volatile && !canWrite) {
      DEBUG: debug9("volatile event dropped: the transport is busy");
      return;
    }
    if (isConnected) this._sendEvent(packet);
    else this.sendBuffer.push(packet);
  }
  _sendEvent(packet) {
    this._tellOutgoing(packet.data);
    this._packet(packet);
  }
  /** Emits an event and resolves to the first argument of the server's answer. */
  emitWithAck(event, ...args) {
    return new Promise((resolve2, reject) => {
      const settle = (err, answer) => err ? reject(err) : resolve2(answer);
      settle.withError = true;
      this.emit(event, ...args, settle);
    });
  }
  /** Emits "message". */
  send(...args) {
    return this.emit("message", ...args);
  }
  /** @param {boolean} compress whether the transport should compress the next emit; browsers cannot choose */
  compress(compress) {
    this.flags.compress = compress;
    return this;
  }
  /** The next emit may be lost: it is dropped when it cannot leave at once. */
  get volatile() {
    this.flags.volatile = true;
    return this;
  }
  /** The next emit's ack gets an error first, after so many milliseconds at the latest. */
  timeout(ms) {
    this.flags.timeout = ms;
    return this;
  }
  _registerAck(id, ack, timeout) {
    if (timeout === void 0) {
      this.acks[id] = ack;
      return;
    }
    const timer = this.io._timers.start(() => {
      DEBUG: debug9("ack %d has timed out after %d ms", id, timeout);
      delete this.acks[id];
      this.sendBuffer = this.sendBuffer.filter((packet) => packet.id !== id);
      ack.call(this, new Error("operation has timed out"));
    }, timeout);
    this.acks[id] = (...answer) => {
      this.io._timers.stop(timer);
      ack.apply(this, answer);
    };
    this.acks[id].withError = true;
  }
  /** Those who can be told that no answer will come are told. What is still to be sent can still be answered. */
  _failAcks() {
    for (const [id, ack] of Object.entries(this.acks)) {
      if (this.sendBuffer.some((packet) => String(packet.id) === id)) continue;
      delete this.acks[id];
      if (ack.withError) ack.call(this, new Error("socket has been disconnected"));
    }
  }
  _packet(packet) {
    packet.nsp = this.nsp;
    this.io._packet(packet);
  }
  _onOpen() {
    DEBUG: debug9("joining %s", this.nsp);
    if (typeof this.auth === "function") this.auth((auth) => this._sendConnect(auth));
    else this._sendConnect(this.auth);
  }
  _sendConnect(auth) {
    const data = this._pid ? { pid: this._pid, offset: this._lastOffset, ...auth } : auth;
    this._packet({ type: PacketType.CONNECT, data });
  }
  _onError(err) {
    if (!this.connected) this.emitReserved("connect_error", err);
  }
  _onClose(reason, details) {
    DEBUG: debug9("disconnected: %s", reason);
    this.connected = false;
    this.id = void 0;
    this.emitReserved("disconnect", reason, details);
    this._failAcks();
  }
  _onPacket(packet) {
    if (packet.nsp !== this.nsp) return;
    switch (packet.type) {
      case PacketType.CONNECT:
        return this._onConnect(packet.data);
      case PacketType.EVENT:
      case PacketType.BINARY_EVENT:
        return this._onEvent(packet);
      case PacketType.ACK:
      case PacketType.BINARY_ACK:
        return this._onAck(packet);
      case PacketType.DISCONNECT:
        this._release();
        return this._onClose("io server disconnect");
      case PacketType.CONNECT_ERROR:
        return this._onRefused(packet.data);
    }
  }
  _onConnect(session) {
    if (!session?.sid) {
      this.emitReserved("connect_error", new Error("the server answered without a session id: it speaks Socket.IO 2, this client 3 and later"));
      return;
    }
    DEBUG: debug9("connected to %s as %s", this.nsp, session.sid);
    this.id = session.sid;
    this.recovered = Boolean(session.pid) && this._pid === session.pid;
    this._pid = session.pid;
    this.connected = true;
    this._emitBuffered();
    this._queue.drain(true);
    this.emitReserved("connect");
  }
  _onRefused(data) {
    this._release();
    const err = new Error(data.message);
    err.data = data.data;
    this.emitReserved("connect_error", err);
  }
  _onEvent({ id, data }) {
    const args = [...data];
    if (id != null) args.push(this._answer(id));
    if (this.connected) this._emitEvent(args);
    else this.receiveBuffer.push(args);
  }
  _emitEvent(args) {
    DEBUG: debug9("received event %j", args);
    this._tellIncoming(args);
    super.emit(...args);
    const last = args[args.length - 1];
    if (this._pid && typeof last === "string") this._lastOffset = last;
  }
  _emitBuffered() {
    const [received, toSend] = [this.receiveBuffer, this.sendBuffer];
    this.receiveBuffer = [];
    this.sendBuffer = [];
    for (const args of received) this._emitEvent(args);
    for (const packet of toSend) this._sendEvent(packet);
  }
  /** The function by which a listener answers the server, once. */
  _answer(id) {
    let sent = false;
    return (...args) => {
      if (sent) return;
      sent = true;
      DEBUG: debug9("answering %d with %j", id, args);
      this._packet({ type: PacketType.ACK, id, data: args });
    };
  }
  _onAck({ id, data }) {
    const ack = this.acks[id];
    if (!ack) {
      DEBUG: debug9("ack %s is unknown or came too late", id);
      return;
    }
    DEBUG: debug9("ack %s with %j", id, data);
    delete this.acks[id];
    if (ack.withError) ack.call(this, null, ...data);
    else ack.apply(this, data);
  }
};

// manager.js
var debug10 = /* @__PURE__ */ logger("socket.io-client:manager");
var Manager = class _Manager extends Emitter {
  /** The codec of managers whose options name none. */
  static parser = parser_exports;
  nsps = /* @__PURE__ */ Object.create(null);
  // sockets by namespace
  _readyState = "closed";
  // "opening", "open", and back
  _reconnecting = false;
  _subscriptions = [];
  // to the engine and its timers; all end together
  /**
   * @param {string | object} [uri] the server; the page's own if left out
   * @param {object} [opts] see README.md
   */
  constructor(uri, opts = {}) {
    super();
    if (uri && typeof uri === "object") [uri, opts] = [void 0, uri];
    this.uri = uri;
    this.opts = opts;
    opts.path ||= "/socket.io";
    this._timers = new Timers(opts);
    this._setReconnection(opts);
    this.timeout(opts.timeout ?? 2e4);
    const { Encoder: Encoder2, Decoder: Decoder2 } = opts.parser ?? _Manager.parser;
    this.encoder = new Encoder2();
    this.decoder = new Decoder2();
    this._autoConnect = opts.autoConnect !== false;
    if (this._autoConnect) this.open();
  }
  _setReconnection({ reconnection, reconnectionAttempts, reconnectionDelay, reconnectionDelayMax, randomizationFactor }) {
    this.reconnection(reconnection !== false);
    this.reconnectionAttempts(reconnectionAttempts || Infinity);
    this.reconnectionDelay(reconnectionDelay || 1e3);
    this.reconnectionDelayMax(reconnectionDelayMax || 5e3);
    this.randomizationFactor(randomizationFactor ?? 0.5);
    this.backoff = new Backoff({
      min: this.reconnectionDelay(),
      max: this.reconnectionDelayMax(),
      jitter: this.randomizationFactor()
    });
  }
  /** Each of the following is the value without an argument, and with one sets it and returns this. */
  reconnection(enabled) {
    if (arguments.length === 0) return this._reconnection;
    this._reconnection = Boolean(enabled);
    if (!enabled) this.skipReconnect = true;
    return this;
  }
  reconnectionAttempts(count) {
    if (count === void 0) return this._reconnectionAttempts;
    this._reconnectionAttempts = count;
    return this;
  }
  /** Milliseconds, as all times here. */
  reconnectionDelay(ms) {
    if (ms === void 0) return this._reconnectionDelay;
    this._reconnectionDelay = ms;
    this.backoff?.setMin(ms);
    return this;
  }
  reconnectionDelayMax(ms) {
    if (ms === void 0) return this._reconnectionDelayMax;
    this._reconnectionDelayMax = ms;
    this.backoff?.setMax(ms);
    return this;
  }
  randomizationFactor(factor) {
    if (factor === void 0) return this._randomizationFactor;
    this._randomizationFactor = factor;
    this.backoff?.setJitter(factor);
    return this;
  }
  /** How long one attempt to connect may take; false for as long as it takes. */
  timeout(ms) {
    if (arguments.length === 0) return this._timeout;
    this._timeout = ms;
    return this;
  }
  /** The socket of a namespace, made on the first call. */
  socket(nsp, opts) {
    let socket = this.nsps[nsp];
    if (!socket) {
      socket = this.nsps[nsp] = new Socket(this, nsp, opts);
    } else if (this._autoConnect && !socket.active) {
      socket.connect();
    }
    return socket;
  }
  /**
   * Connects, unless connected or connecting. @param {(err?: Error) => void} [onResult] with it,
   * the caller handles a failure: the manager does not try again
   */
  open(onResult) {
    DEBUG: debug10("open() while %s", this._readyState);
    if (this._readyState !== "closed") return this;
    DEBUG: debug10("connecting to %s", this.uri);
    this.engine = new Engine(this.uri, this.opts);
    this._readyState = "opening";
    this.skipReconnect = false;
    this._subscriptions.push(
      subscribe(this.engine, "open", () => {
        this._onOpen();
        onResult?.();
      }),
      subscribe(this.engine, "error", (err) => this._onOpenError(err, onResult))
    );
    if (this._timeout !== false) this._limitOpening(onResult);
    return this;
  }
  connect(onResult) {
    return this.open(onResult);
  }
  _limitOpening(onResult) {
    const { engine } = this;
    this._after(this._timeout, () => {
      DEBUG: debug10("no connection after %d ms", this._timeout);
      this._onOpenError(new Error("timeout"), onResult);
      engine.close();
    });
  }
  /** Starts a timer that ends with the subscriptions. */
  _after(ms, fn) {
    const timer = this._timers.start(fn, ms);
    this._subscriptions.push(() => this._timers.stop(timer));
  }
  _onOpenError(err, onResult) {
    DEBUG: debug10("cannot connect: %s", err);
    this._cleanUp();
    this._readyState = "closed";
    this.emitReserved("error", err);
    if (onResult) onResult(err);
    else this._reconnectAfterFirst();
  }
  /** A first connection that fails is tried again as a lost one is. */
  _reconnectAfterFirst() {
    if (this._reconnection && !this._reconnecting && this.backoff.attempts === 0) this._reconnect();
  }
  _onOpen() {
    DEBUG: debug10("connected");
    this._cleanUp();
    this._readyState = "open";
    this.emitReserved("open");
    const { engine } = this;
    this._subscriptions.push(
      subscribe(engine, "ping", () => this.emitReserved("ping")),
      subscribe(engine, "data", (data) => this._onData(data)),
      subscribe(engine, "error", (err) => this.emitReserved("error", err)),
      subscribe(engine, "close", (reason, details) => this._onClose(reason, details)),
      subscribe(this.decoder, "decoded", (packet) => this._onDecoded(packet))
    );
  }
  _onData(data) {
    try {
      this.decoder.add(data);
    } catch (err) {
      this._onClose("parse error", err);
    }
  }
  /** Later, so that an exception of a listener is the listener's and not a "parse error". */
  _onDecoded(packet) {
    soon(() => this.emitReserved("packet", packet));
  }
  _packet(packet) {
    DEBUG: debug10("sending packet %j", packet);
    for (const message of this.encoder.encode(packet)) this.engine.write(message, packet.options);
  }
  /** Called by a socket that no longer needs the connection. */
  _destroy() {
    const needed = Object.values(this.nsps).some((socket) => socket.active);
    if (!needed) this._close();
  }
  /** Closes the connection for all sockets, and makes no other. */
  _close() {
    this.skipReconnect = true;
    this._reconnecting = false;
    this._onClose("forced close");
  }
  disconnect() {
    return this._close();
  }
  _cleanUp() {
    for (const cancel of this._subscriptions.splice(0)) cancel();
    this.decoder.destroy();
  }
  _onClose(reason, details) {
    DEBUG: debug10("closed: %s", reason);
    this._cleanUp();
    this.engine?.close();
    this.backoff.reset();
    this._readyState = "closed";
    this.emitReserved("close", reason, details);
    if (this._reconnection && !this.skipReconnect) this._reconnect();
  }
  _reconnect() {
    if (this._reconnecting || this.skipReconnect) return;
    if (this.backoff.attempts >= this._reconnectionAttempts) {
      DEBUG: debug10("giving up after %d attempts", this.backoff.attempts);
      this.backoff.reset();
      this.emitReserved("reconnect_failed");
      return;
    }
    this._reconnecting = true;
    const delay = this.backoff.duration();
    DEBUG: debug10("reconnecting in %d ms", delay);
    this._after(delay, () => this._attempt());
  }
  _attempt() {
    if (this.skipReconnect) return;
    DEBUG: debug10("reconnection attempt %d", this.backoff.attempts);
    this.emitReserved("reconnect_attempt", this.backoff.attempts);
    if (this.skipReconnect) return;
    this.open((err) => {
      this._reconnecting = false;
      if (!err) return this._onReconnect();
      this._reconnect();
      this.emitReserved("reconnect_error", err);
    });
  }
  _onReconnect() {
    const attempt = this.backoff.attempts;
    this.backoff.reset();
    this.emitReserved("reconnect", attempt);
  }
};

// index.js
var debug11 = /* @__PURE__ */ logger("socket.io-client");
var managers = /* @__PURE__ */ new Map();
function lookup(uri, opts) {
  if (uri && typeof uri === "object") [uri, opts] = [void 0, uri];
  opts ??= {};
  const { source, id, path: nsp, query } = resolve(uri, opts.path || "/socket.io");
  const existing = shared(id, nsp, opts);
  DEBUG: debug11(existing ? "%s shares a connection" : "a new connection to %s", source);
  const manager = existing ?? new Manager(source, opts);
  if (!managers.has(id) && !wantsOwn(opts)) managers.set(id, manager);
  if (query) opts.query ??= decodeQuery(query);
  return manager.socket(nsp, opts);
}
function shared(id, nsp, opts) {
  const manager = managers.get(id);
  return manager && !(nsp in manager.nsps) && !wantsOwn(opts) ? manager : void 0;
}
function wantsOwn(opts) {
  return Boolean(opts.forceNew || opts["force new connection"] || opts.multiplex === false);
}
Object.assign(lookup, { Manager, Socket, io: lookup, connect: lookup, protocol: protocol2, Fetch, XHR, WebSocket: WebSocketTransport });

// umd.js
var umd_default = lookup;
return module.exports.default;
});
