import assert from "node:assert/strict";
import test from "node:test";

import { exchanges } from "../shared/exchanges.js";
import { Trace, rowsOf, short } from "../shared/trace.js";

let id = 0;
let ms = 0;
const row = (conn, dir, layer, en, text) => ({ id: ++id, conn, dir, layer, text, time: new Date(1e12 + ms++).toISOString(), summary: { en } });
const get = (conn, target, has) => row(conn, "in", "http", `GET ${target}`, has);
const json = (conn, body, target = "/messages") => [row(conn, "out", "http", `200 OK · application/json; charset=utf-8 · answers GET ${target} after 1ms`), row(conn, "out", "body", "body", `${body}\n`)];
const stream = (conn, type) => row(conn, "out", "http", `200 OK · ${type}; charset=utf-8 · answers GET / after 1ms`);
const made = () => new Trace({ "page-1": "me", "page-1-other": "other" }, exchanges);
const said = (trace) => trace.arrows.map((a) => `${a.client} ${a.up ? "→" : "←"} ${a.packet}${a.times ? ` ×${a.times}` : ""} (${a.kind})`);
const m = "[{\"id\":1}]";

test("a request and its answer have their bodies, and no client", () => {
  const trace = made();
  assert.equal(trace.add([get(1, "/messages?after=0&client=page-1&wait=25s")]), true);
  trace.add([row(2, "in", "http", "POST /messages?client=page-1"), row(2, "in", "body", "body", "{\"text\":\"hi\"}")]);
  assert.equal(trace.add([row(2, "out", "http", "201 Created · application/json · answers POST")]), true);
  assert.equal(trace.add([row(2, "out", "body", "body", "{\"id\":1}\n")]), true, "a body changes its answer");
  trace.add(json(1, m));
  assert.deepEqual(said(trace), [
    "me → GET /messages?after=0&wait=25s (request)", "me → POST /messages {\"text\":\"hi\"} (event)", "me ← 201 {\"id\":1} (control)", `me ← 200 ${m} (event)`,
  ]);
});

test("the page itself has no arrow, nor have bytes on its connection before the next request", () => {
  const trace = made();
  trace.add([get(1, "/?view=peer&client=page-1-other"), row(1, "out", "http", "200 OK · text/html · answers GET / after 1ms"), row(1, "out", "body", "body", "<!doctype html>")]);
  trace.add([get(1, "/messages?client=page-2"), ...json(1, m)]);
  assert.deepEqual(said(trace), []);
  trace.add([get(1, "/messages?client=page-1"), ...json(1, m)]);
  assert.deepEqual(said(trace), ["me → GET /messages (request)", `me ← 200 ${m} (event)`]);
});

test("a request is a bar until its answer, a streaming answer until its end", () => {
  const trace = made();
  trace.add([get(1, "/messages?client=page-1"), get(2, "/stream?client=page-1-other"), stream(2, "application/x-ndjson")]);
  assert.deepEqual(trace.bars.map(({ client, to }) => [client, to]), [["me", null], ["other", null]]);
  ms += 3000;
  trace.add(json(1, m));
  assert.equal(trace.arrows.find(({ event }) => event === m).held, 3003, "since its request");
  trace.add([row(2, "out", "line", "", "\n"), row(2, "out", "line", "", "{\"id\":1}\n")]);
  const answered = id - 3;
  assert.deepEqual(trace.bars.map(({ to }) => to), [answered, null]);
  trace.add([row(2, "out", "chunk", "the last chunk: the body is complete")]);
  assert.deepEqual(trace.bars.map(({ to, cut }) => [to, cut]), [[answered, false], [id, false]]);
  assert.deepEqual(said(trace).slice(-3), [`me ← 200 ${m} (event)`, "other ← \\n (control)", "other ← {\"id\":1} (event)"]);
});

test("the end of a connection cuts what waits on it, and is silent if nothing does", () => {
  const trace = made();
  trace.add([get(1, "/messages?client=page-1"), row(1, "in", "tcp", "the client sends no more (FIN)"), row(1, "out", "tcp", "the server sends no more (FIN)"), ...json(1, "[]")]);
  trace.add([get(2, "/events?client=page-1", "Last-Event-ID: 7"), stream(2, "text/event-stream"), row(2, "out", "tcp", "the server resets the connection (RST)")]);
  trace.add([get(3, "/messages?client=page-1"), ...json(3, m), row(3, "in", "tcp", "the client sends no more (FIN)")]);
  assert.deepEqual(said(trace), [
    "me → GET /messages (request)", "me → TCP FIN (cut)", "me → GET /events Last-Event-ID: 7 (request)", "me ← 200 OK text/event-stream (control)", "me ← TCP RST (cut)",
    "me → GET /messages (request)", `me ← 200 ${m} (event)`,
  ]);
  assert.deepEqual(trace.bars.map(({ cut }) => cut), [true, true, false]);
});

test("events of a stream are arrows, comments are heartbeats", () => {
  const trace = made();
  trace.add([get(1, "/events?client=page-1"), stream(1, "text/event-stream"),
    ...["retry: 2000\n\n", "id: 1@2026-11-29T04:43:50.391Z\ndata: {\"id\":1}\n\n", ": heartbeat\n\n", ": heartbeat\n\n"].map((text) => row(1, "out", "sse", "", text))]);
  assert.deepEqual(said(trace).slice(2), ["me ← retry: 2000 (control)", "me ← id: 1@2026-11-29T04:43:50.391Z data: {\"id\":1} (event)", "me ← : heartbeat ×2 (heartbeat)"]);
  assert.equal(short(trace.arrows[3].packet, 40), "id: 1 data: {\"id\":1}");
});

test("empty exchanges without anything between are one, which counts them", () => {
  const trace = made();
  for (let i = 0; i < 3; i++) trace.add([get(1, "/messages?client=page-1"), get(2, "/messages?client=page-1-other"), ...json(1, "[]"), ...json(2, "[]")]);
  trace.add([get(1, "/messages?client=page-1"), row(1, "out", "http", "304 Not Modified · answers GET")]);
  assert.deepEqual(said(trace), [
    "other → GET /messages ×3 (empty)", "me ← 200 [] ×3 (empty)", "other ← 200 [] ×3 (empty)", "me → GET /messages ×4 (empty)", "me ← 304 Not Modified (empty)",
  ]);
  trace.add([get(1, "/messages?client=page-1"), ...json(1, m), get(2, "/messages?client=page-1-other"), ...json(2, m)]);
  trace.add([get(1, "/messages?client=page-1"), ...json(1, "[]")]);
  assert.equal(trace.arrows.length, 11);
});

test("the same message to two clients is one row", () => {
  const trace = made();
  trace.add([get(1, "/messages?client=page-1"), get(2, "/messages?client=page-1-other"), ...json(1, m), ...json(2, m)]);
  assert.deepEqual(rowsOf(trace.arrows).map((row) => row.length), [1, 1, 2]);
});

test("over HTTP/2 each stream is like a connection: streams of one connection take turns", () => {
  const trace = made();
  const on = (stream, ...rows) => rows.flat().map((r) => ({ ...r, stream }));
  const data = (kind) => ({ ...row(1, "out", "h2", "DATA · stream"), kind });
  trace.add(on(1, get(1, "/events?client=page-1"), stream(1, "text/event-stream"), data(), row(1, "out", "body", "body", "retry: 2000\n\n"), row(1, "out", "sse", "", "retry: 2000\n\n")));
  trace.add(on(3, get(1, "/messages?client=page-1-other&wait=25s")));
  trace.add(on(5, get(1, "/messages?client=page-1"), json(1, m), data("end")));
  trace.add(on(1, row(1, "out", "sse", "", "data: 1\n\n")));
  trace.add(on(3, json(1, "[]"), data("end")));
  assert.deepEqual(said(trace), [
    "me → GET /events (request)", "me ← 200 OK text/event-stream (control)", "me ← retry: 2000 (control)", "other → GET /messages?wait=25s (empty)",
    "me → GET /messages (request)", `me ← 200 ${m} (event)`, "me ← data: 1 (event)", "other ← 200 [] (empty)",
  ]);
  assert.deepEqual(trace.bars.map(({ to }) => to === null), [true, false, false]);
  trace.add(on(7, get(1, "/stream?client=page-1"), stream(1, "application/x-ndjson"), { ...row(1, "in", "h2", "RST_STREAM · stream 7"), kind: "cut" }));
  assert.equal(said(trace).at(-1), "me → RST_STREAM (cut)");
  assert.deepEqual(trace.bars.map(({ cut }) => cut), [false, false, false, true], "the other streams go on");
  trace.add([row(1, "in", "tcp", "the client resets the connection (RST)")]);
  assert.equal(said(trace).at(-1), "me → TCP RST (cut)");
  assert.deepEqual(trace.bars.map(({ cut }) => cut), [true, false, false, true], "the stream that was open");
});
