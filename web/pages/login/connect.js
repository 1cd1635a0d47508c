// The clients of the page login: four ways to say who you are, over three transports.
//
// A link is an open client: {send(message), close()}. listeners are {heard(news), ended(code, reason)}; heard is called with
// each event of the server, ended once.

import { client } from "/lab/shared/client.js";

/** The ways that each transport can carry. */
export const ways = {
  websocket: ["cookie", "ticket", "hello"],
  socketio: ["cookie", "token", "ticket"],
  sse: ["cookie", "ticket"],
};

/** Sends a POST and returns the answer's JSON, or throws its error. */
export async function post(path, query = {}, body) {
  const response = await fetch(target(path, query), { method: "POST", body: body && JSON.stringify(body) });
  const answer = response.status === 204 ? {} : await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

const target = (path, query) => `${path}?${new URLSearchParams({ ...query, client })}`;

// #region client
// The cookie goes along by itself, with every request to this host. The page neither sends nor reads it.
const byCookie = () => ({ way: "cookie" });

// A ticket is asked for with the cookie and stands in the URL. It is valid once.
const byTicket = async () => ({ way: "ticket", ticket: (await post("/ticket")).ticket });

// A token is signed and expires. It travels inside the connection, in the first message.
export const getToken = async (life) => (await post("/token", life ? { life } : {})).token;

function openWebSocket(query, token, { heard, ended }) {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}${target("/account/ws", query)}`);
  socket.onopen = () => { if (token) socket.send(JSON.stringify({ token })); };
  socket.onmessage = ({ data }) => heard(JSON.parse(data));
  socket.onclose = ({ code, reason }) => ended(code, reason);
  return { send: (message) => socket.send(JSON.stringify(message)), close: () => socket.close(1000) };
}

// Socket.IO has a place for the token: auth, the payload of CONNECT.
function openSocketIO(query, token, { heard, ended }) {
  const socket = io({ query: { ...query, client }, auth: token ? { token } : {}, transports: ["websocket"], reconnection: false, forceNew: true });
  let last; // the event "closed" comes before the end
  socket.onAny((event, news) => { if (event === "closed") last = news; else heard(news); });
  socket.on("connect_error", (error) => { socket.disconnect(); ended("connect_error", error.message); });
  socket.on("disconnect", (reason) => ended(last?.code ?? reason, last?.reason ?? ""));
  return {
    send({ token, say, ping }) {
      if (token) socket.emit("renew", token, (error) => { if (error) heard({ event: "refused", code: 401, reason: error }); });
      else if (say !== undefined) socket.emit("say", say);
      else socket.emit("ping", ping);
    },
    close: () => socket.disconnect(),
  };
}

// An EventSource has a URL and cookies, and nothing else: no headers, no first message.
function openEvents(query, { heard, ended }) {
  const source = new EventSource(target("/account/events", query));
  const end = (code, reason) => { source.close(); ended(code, reason); };
  for (const name of ["welcome", "expires", "renewed", "said", "refused"]) source.addEventListener(name, ({ data }) => heard(JSON.parse(data)));
  source.addEventListener("closed", ({ data }) => { const { code, reason } = JSON.parse(data); end(code, reason); });
  source.onerror = () => end("error", "");
  return { send() {}, close: () => end("closed", "") };
}
// #endregion

/**
 * Opens a client. life is that of its token in seconds, if it has one, or undefined. proof says that the server wants a
 * token besides the cookie.
 */
export async function open({ transport, way, life, proof }, listeners) {
  let over = false;
  const once = { heard: listeners.heard, ended(code, reason) { if (!over) listeners.ended(code, reason); over = true; } };
  const query = way === "ticket" ? await byTicket() : way === "cookie" ? byCookie() : { way };
  const token = way === "hello" || way === "token" || way === "cookie" && proof ? await getToken(life) : undefined;
  if (transport === "websocket") return openWebSocket(query, token, once);
  if (transport === "socketio") return openSocketIO(query, token, once);
  return openEvents(query, once);
}

/** Opens a WebSocket with that ticket, whether it is still valid or not. */
export const useTicket = (ticket, listeners) => openWebSocket({ way: "ticket", ticket }, undefined, listeners);

/** Opens a WebSocket with that token. */
export const useToken = (token, listeners) => openWebSocket({ way: "hello" }, token, listeners);

/** Opens a WebSocket of somebody else, who is not in the x-ray's picture. */
export async function openGuest(listeners) {
  const response = await fetch("/ticket?guest=1", { method: "POST" });
  if (!response.ok) throw new Error((await response.json()).error);
  const { ticket } = await response.json();
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/account/ws?way=ticket&ticket=${ticket}`);
  socket.onmessage = ({ data }) => listeners.heard(JSON.parse(data));
  socket.onclose = ({ code }) => listeners.ended(code);
  return { send: (message) => socket.send(JSON.stringify(message)), close: () => socket.close(1000) };
}
