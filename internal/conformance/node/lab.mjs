// The official server's side of the browser client's tests. Each run of a scenario has a server of its own, so that it
// can be stopped and started; the page in the browser asks for it over HTTP.
//
//     POST /begin?scenario=NAME     → {"id", "port"}: a server for one run of the scenario
//     POST /call?id=ID&action=NAME  → runs an action on it: stop, start, or one of the scenario's own
//     POST /log?id=ID               → what the server saw so far
//     POST /end?id=ID               ends it
//     POST /list                    → [{"name", "bundle", "differs"}]: the scenarios, as all.mjs describes them
//     GET  /page/…                  the page, its scripts and the clients
//
// usage: node lab.mjs FOLDER_OF_OUR_CLIENT
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { Server } from "socket.io";
import msgpack from "socket.io-msgpack-parser";
import { scenarios } from "./scenarios/all.mjs";
import { plain } from "./scenarios/plain.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const roots = {
  lab: here,
  ours: process.argv[2],
  official: join(here, "node_modules/socket.io-client/dist"),
};

class Run {
  constructor(name) {
    this.scenario = scenarios[name];
    this.log = [];
    this.observe = (...entry) => this.log.push(entry.map(plain));
    this.port = 0;
  }

  async start() {
    this.http = createServer(serveFile);
    this.io = new Server(this.http, {
      cors: { origin: true, credentials: true },
      transports: ["polling", "websocket"],
      ...this.scenario.options,
      ...(this.scenario.bundle === "socket.io.msgpack.min.js" && { parser: msgpack }),
    });
    this.scenario.http?.(this.http, this.observe); // after the Server, which takes the listeners that are there
    this.scenario.server?.(this.io, this.observe);
    await new Promise((resolve) => this.http.listen(this.port, "127.0.0.1", resolve));
    this.port = this.http.address().port;
  }

  async stop() {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.io.close(resolve));
  }

  async call(action) {
    if (action === "stop" || action === "start") return this[action]();
    return this.scenario.actions[action](this.io);
  }
}

const runs = [];

const control = {
  async begin({ scenario }) {
    const run = new Run(scenario);
    await run.start();
    return { id: runs.push(run) - 1, port: run.port };
  },
  async call({ id, action }) {
    return (await runs[id].call(action)) ?? null;
  },
  async log({ id }) {
    return runs[id].log;
  },
  async end({ id }) {
    if (runs[id].http.listening) await runs[id].stop();
    return null;
  },
  async list() {
    return Object.entries(scenarios).map(([name, { bundle = "socket.io.js", differs }]) => ({ name, bundle, differs }));
  },
};

const lab = createServer(async (req, res) => {
  const url = new URL(req.url, "http://lab");
  const handle = control[url.pathname.slice(1)];
  if (!handle) return serveFile(req, res);
  res.setHeader("Access-Control-Allow-Origin", "*");
  try {
    res.end(JSON.stringify(await handle(Object.fromEntries(url.searchParams))));
  } catch (err) {
    console.error(err);
    res.writeHead(500).end(String(err));
  }
});

const types = { html: "text/html", js: "text/javascript", mjs: "text/javascript", map: "application/json" };

// GET /page/lab/scenarios/all.mjs is a file of this folder, /page/ours/… one of our client, /page/official/… one of theirs.
function serveFile(req, res) {
  const path = normalize(new URL(req.url, "http://lab").pathname);
  const [, prefix, root, ...rest] = path.split("/");
  if (prefix !== "page" || !roots[root]) return res.writeHead(404).end();
  const file = join(roots[root], ...rest);
  res.setHeader("Content-Type", types[file.split(".").pop()] ?? "application/octet-stream");
  createReadStream(file)
    .on("error", () => res.writeHead(404).end())
    .pipe(res);
}

process.stdin.on("end", () => process.exit(0)).resume();
lab.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${lab.address().port}`));
