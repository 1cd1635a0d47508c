import { unrefConnectionOf } from "./unref.js";

/**
 * One HTTP request, made two ways. Both take the same call and answer by exactly one of its functions:
 *
 * @typedef {object} Call @property {"GET" | "POST"} method @property {string} uri @property
 * {string} [body] @property {Object<string, string>} [headers] @property {boolean} withCredentials
 * whether cookies go to another origin @property {number} [timeout] milliseconds @property
 * {boolean} [autoUnref] whether, in Node, the request keeps no process alive @property {(text:
 * string) => void} onText status 200 @property {(status: number | Error, context: object) => void}
 * onError any other status, or 0 without an answer
 */

const pending = new Set();

// A page that goes away cuts its requests. That is not an error worth a listener's time.
globalThis.addEventListener?.("pagehide", () => {
  for (const xhr of pending) silence(xhr);
});

/** @param {Call} call */
export function sendXHR(call) {
  const xhr = new XMLHttpRequest();
  const fail = (status) => setTimeout(() => call.onError(status, xhr)); // never before send has returned
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
    // a header that the browser forbids or cannot send: the request goes without it
  }
}

/** @param {Call} call */
export function sendFetch(call) {
  let context = { status: 0, responseText: "" };
  const ended = call.autoUnref ? unrefConnectionOf(call.uri) : () => {};
  fetch(call.uri, {
    method: call.method,
    body: call.body,
    headers: requestHeaders(call),
    credentials: call.withCredentials ? "include" : "same-origin",
    signal: call.timeout ? AbortSignal.timeout(call.timeout) : undefined,
  })
    .then(async (response) => {
      context = response;
      const text = await response.text();
      context = { status: response.status, headers: response.headers, responseText: text };
      return response.status === 200 ? () => call.onText(text) : () => call.onError(response.status, context);
    })
    .catch(() => () => call.onError(0, context))
    .finally(ended)
    .then((answer) => setTimeout(answer)); // out of the promise, where a listener's exception would be swallowed
}

function requestHeaders({ method, headers }) {
  const own = { Accept: "*/*" };
  if (method === "POST") own["Content-type"] = "text/plain;charset=UTF-8";
  return { ...headers, ...own };
}
