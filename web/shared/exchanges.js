// HTTP requests and their answers as arrows, see trace.js. A request and an answer have their bodies, as far as they are
// short; the lines and events of a stream are arrows of their own. An answer has held, the milliseconds since its request.
// Each request has a bar: {to, cut}, where to is the id of the row that ended it, null while it waits or its answer streams,
// and cut says that the connection ended first.

import { withoutClient } from "./trace.js";

/** Reads HTTP. conn is the state of the row's connection. */
export function exchanges(row, conn) {
  conn.asked ??= []; // requests without an answer; null stands for one that is not shown
  switch (row.layer) {
    case "http": return row.dir === "in" ? request(row, conn) : answer(row, conn);
    case "body": return body(row, conn);
    case "line": case "sse": return conn.streams ? unit(row) : null;
    case "chunk": return /^the last chunk/.test(row.summary.en) ? endStream(row, conn) : null;
    case "h2": return row.kind === "end" ? endStream(row, conn) : row.kind === "cut" ? endConnection(row, conn) : null;
    case "tcp": return /\((?:FIN|RST)\)$/.test(row.summary.en) ? endConnection(row, conn) : null;
  }
  return null;
}

function request(row, conn) {
  const [, method, target] = /^(\S+) (\S*)/.exec(row.summary.en);
  const shown = /^\/(?:\?|$)/.test(target) ? null : { kind: method === "GET" ? "request" : "event", bar: { to: null, cut: false } };
  conn.sent = shown;
  conn.asked.push(shown);
  if (!shown) return null; // the page itself
  shown.packet = `${method} ${withoutClient(target)}`;
  if (row.text) shown.packet += ` ${row.text}`;
  if (method !== "GET") shown.event = shown.packet;
  return shown;
}

function answer(row, conn) {
  const [status, type] = row.summary.en.split(" · ");
  if (status.startsWith("1")) return null;
  const asked = conn.asked.shift();
  conn.got = null;
  if (!asked) return null;
  conn.streams = /^(?:text\/event-stream|application\/x-ndjson)/.test(type) ? asked : null;
  if (!conn.streams) asked.bar.to = row.id;
  const packet = conn.streams ? `${status} ${type.split(";")[0]}` : status;
  conn.got = { packet, kind: "control", status: status.split(" ")[0], asked, held: Date.parse(row.time) - asked.time };
  if (conn.got.status === "304") isEmpty(conn.got);
  return conn.got;
}

/** The exchange brought nothing new. */
function isEmpty(answer) {
  answer.kind = "empty";
  answer.asked.kind = "empty";
}

/** A body belongs to the arrow that its head made. */
function body(row, conn) {
  const arrow = row.dir === "in" ? conn.sent : conn.got;
  if (row.dir === "out" && conn.streams) return null; // its lines or events are arrows
  if (!arrow || row.text === undefined) return null;
  const text = row.text.trim();
  arrow.packet = row.dir === "in" ? `${arrow.packet} ${text}` : `${arrow.status} ${text}`;
  if (row.dir === "out" && arrow.asked.kind === "request") {
    if (text === "[]") isEmpty(arrow);
    else Object.assign(arrow, { kind: "event", event: text });
  }
  if (row.dir === "in") conn.sent = null;
  else conn.got = null;
  return "changed";
}

/** A line, or an event of an event stream: comments are heartbeats. */
function unit(row) {
  const packet = (row.text ?? "").trim().replaceAll("\n", " ");
  if (packet.startsWith(":")) return { packet, kind: "heartbeat" };
  if (packet === "" || packet.startsWith("retry:")) return { packet: packet || "\\n", kind: "control" };
  return { packet, kind: "event", event: packet };
}

function endStream(row, conn) {
  if (!conn.streams) return null;
  conn.streams.bar.to = row.id;
  conn.streams = null;
  return "changed";
}

/** The end of a connection, or of a stream of HTTP/2 by RST_STREAM, is an arrow if it cut something. */
function endConnection(row, conn) {
  const cut = [...conn.asked, conn.streams].filter(Boolean);
  Object.assign(conn, { asked: [], streams: null, got: null });
  if (cut.length === 0) return null;
  for (const { bar } of cut) Object.assign(bar, { to: row.id, cut: true });
  return { packet: row.layer === "h2" ? "RST_STREAM" : `TCP ${row.summary.en.slice(-4, -1)}`, kind: "cut" };
}
