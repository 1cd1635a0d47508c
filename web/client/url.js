import { logger } from "./debug.js";

const debug = /* @__PURE__ */ logger("socket.io-client:url");

const ADDRESS = /^(?:(https?|wss?):\/\/)?([^/?#]*)([^?#]*)(?:\?([^#]*))?/;
const AUTHORITY = /^(?:.*@)?(\[[^\]]*\]|[^:]*)(?::(\d*))?$/;

/**
 * The parts of an address, as written: a namespace's name may hold characters that the built-in URL would encode.
 * A missing part is "".
 */
export function parse(address) {
  const [, protocol = "", authority, path, query = ""] = ADDRESS.exec(address);
  const [, host = "", port = ""] = AUTHORITY.exec(authority) ?? [];
  return { source: address, protocol, host: host.replace(/^\[|\]$/g, ""), port, path, query };
}

/**
 * Resolves what io() was given against the page's address. The result's `path` is the namespace; its `id` is the same
 * for all addresses that can share one connection.
 *
 * @param {string} [uri] "https://host:port/namespace?query", "//host", "host", "/namespace", or nothing for the page's own
 * @param {string} path the path of the requests
 * @param {Location} [page]
 */
export function resolve(uri, path, page = globalThis.location) {
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

/** An IPv6 address in the brackets that an address needs, any other host as it is. */
export function bracketed(host) {
  return host.includes(":") ? `[${host}]` : host;
}

export function encodeQuery(query) {
  return Object.entries(query)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join("&");
}

export function decodeQuery(text) {
  const query = {};
  for (const pair of text.split("&").filter(Boolean)) {
    const [name, ...value] = pair.split("=");
    query[decodeURIComponent(name)] = decodeURIComponent(value.join("="));
  }
  return query;
}
