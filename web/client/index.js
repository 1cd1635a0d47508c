import { Fetch, XHR } from "./engine/polling.js";
import { WebSocketTransport } from "./engine/websocket.js";
import { WebTransportTransport } from "./engine/webtransport.js";
import { Manager } from "./manager.js";
import { protocol } from "./parser.js";
import { Socket } from "./socket.js";
import { decodeQuery, resolve } from "./url.js";
import { logger } from "./debug.js";

const debug = /* @__PURE__ */ logger("socket.io-client");

/** The connections that namespaces share, by the id of their address. */
const managers = new Map();

/**
 * The socket of a namespace: `io()`, `io("/chat")`, `io("https://example.org/chat", {auth: {…}})`.
 *
 * Namespaces of one server share a connection, unless `forceNew: true` or `multiplex: false` say otherwise or the
 * namespace is in use already.
 */
function lookup(uri, opts) {
  if (uri && typeof uri === "object") [uri, opts] = [undefined, uri];
  opts ??= {};
  const { source, id, path: nsp, query } = resolve(uri, opts.path || "/socket.io");
  const existing = shared(id, nsp, opts);
  DEBUG: debug(existing ? "%s shares a connection" : "a new connection to %s", source);
  const manager = existing ?? new Manager(source, opts);
  if (!managers.has(id) && !wantsOwn(opts)) managers.set(id, manager);
  if (query) opts.query ??= decodeQuery(query);
  return manager.socket(nsp, opts);
}

function shared(id, nsp, opts) {
  const manager = managers.get(id);
  return manager && !(nsp in manager.nsps) && !wantsOwn(opts) ? manager : undefined;
}

function wantsOwn(opts) {
  return Boolean(opts.forceNew || opts["force new connection"] || opts.multiplex === false);
}

// The function is also the module's namespace: io.connect(), io.Manager, …
Object.assign(lookup, { Manager, Socket, io: lookup, connect: lookup, protocol, Fetch, XHR, WebSocket: WebSocketTransport });

export { lookup as io, lookup as connect, lookup as default, Manager, Socket, protocol };
export { Fetch, XHR, XHR as NodeXHR, WebSocketTransport as WebSocket, WebSocketTransport as NodeWebSocket };
export { WebTransportTransport as WebTransport };
