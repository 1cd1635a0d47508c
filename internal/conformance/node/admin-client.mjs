// An admin and clients of a server that does what admin-server.mjs does. Writes what the admin
// received to stdout: a line of JSON for each step, [step, events], each event as text, with names
// in place of values that differ each time.
//
// usage: node admin-client.mjs URL PASSWORD MODE
import { once } from "node:events";
import { io } from "socket.io-client";

const [url, password, mode] = process.argv.slice(2);
const names = new Map([[new URL(url).host, "<host>"]]); // of texts that differ
let waiting = [];
let received = [];

const connect = async (path, options = {}) => {
  const socket = io(url + path, { forceNew: true, reconnection: false, transports: ["websocket"], ...options });
  socket.got = new Promise((resolve) => socket.once("all_sockets", resolve));
  await Promise.race([once(socket, "connect"), once(socket, "connect_error").then(([err]) => { throw err; })]);
  return socket;
};
const client = async (name, path, options) => {
  const socket = await connect(path, options);
  names.set(socket.id, `<${name}>`).set(socket.io.engine.id, `<${name}'s session>`).set(socket.io.engine.id.slice(0, 12), `<${name}'s client>`);
  return socket;
};

// plain writes a value with the names in place of the texts.
const plain = (value) => JSON.stringify(value, (key, v) => {
  if (v?.type === "Buffer") return `<binary ${v.data}>`;
  if (key === "issued" || key === "timestamp" || key === "pid" || key === "uptime" || key === "count") return `<${typeof v}>`;
  if (key === "hostname" || key === "time") return `<${typeof v}>`;
  if (key === "rooms") return v.map((room) => names.get(room) ?? room).sort();
  if (typeof v !== "string") return v && typeof v === "object" && !Array.isArray(v) ? Object.fromEntries(Object.entries(v).sort()) : v;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(v)) return "<date>";
  if (key === "sec-websocket-key" || key === "t") return `<${key}>`;
  return names.get(v) ?? v.replace(/([?&]t=)[^&]*/, "$1<t>");
});

const hear = (admin) => admin.onAny((event, ...args) => {
  received.push([event, args]);
  waiting.forEach((look) => look());
});
// expect waits until the given number of events of each name have come since the last step.
const expect = (counts) => new Promise((resolve, reject) => {
  const late = setTimeout(() => reject(new Error(`still waiting for ${JSON.stringify(counts)} in ${plain(received)}`)), 20000);
  const look = () => {
    for (const [name, n] of Object.entries(counts)) {
      if (received.filter(([event]) => event === name).length < n) return;
    }
    clearTimeout(late);
    waiting = waiting.filter((f) => f !== look);
    resolve();
  };
  waiting.push(look);
  look();
});
// step runs an action, and writes the events that the admin received until all expected ones are
// there. The order inside a step is not compared. The server's statistics come at any time.
const step = async (name, counts, play) => {
  const result = await play();
  await expect(counts);
  const events = received.filter(([event]) => event !== "server_stats").map(([event, args]) => event + plain(args)).sort();
  received = [];
  console.log(JSON.stringify([name, events]));
  return result;
};
// caused runs an action that makes the socket receive an event, and waits for the event.
const caused = (socket, event, play) => {
  const received = once(socket, event, { signal: AbortSignal.timeout(20000) });
  play();
  return received;
};
const ask = (socket, ...args) => socket.timeout(20000).emitWithAck(...args);

for (const auth of [{}, { username: "admin", password: "wrong" }, { username: "other", password }, { sessionId: "1234" }]) {
  const error = await connect("/admin", { auth }).then(() => "no error", (err) => err.message);
  console.log(JSON.stringify(["refused", [plain(auth), error]]));
}

let admin, a, b;
if (mode === "production") {
  await step("login", { session: 1, config: 1 }, async () => {
    admin = io(url + "/admin", { forceNew: true, transports: ["websocket"], auth: { username: "admin", password } });
    hear(admin);
    await once(admin, "connect");
    await expect({ session: 1 });
    names.set(received.find(([event]) => event === "session")[1][0], "<session>");
  });
  a = await client("a", "/", { transports: ["polling"] });
  a.emit("echo", 1);
  const kinds = new Set(); // of aggregated events
  const next = async () => {
    await expect({ server_stats: 1 });
    const [event, [stats]] = received.shift();
    if (event !== "server_stats") throw new Error(`${event} in production`);
    for (const e of stats.aggregatedEvents) kinds.add(`${e.type} ${e.subType} ${Object.keys(e).filter((key) => e[key] !== undefined).sort()}`);
    return { ...stats, aggregatedEvents: [] };
  };
  const has = (kind) => [...kinds].some((text) => text.startsWith(kind));
  let last;
  do last = await next(); while (last.clientsCount !== 2 || !has("packetsIn") || !has("bytesOut"));
  console.log(JSON.stringify(["numbers", [plain(last)]]));
  a.disconnect();
  while (!has("rawDisconnection")) await next();
  console.log(JSON.stringify(["aggregated", [...kinds].sort()]));
  admin.disconnect();
  process.exit(0);
}

await step("login", { session: 1, config: 1, all_sockets: 1, socket_connected: 1, room_joined: 1 }, async () => {
  admin = io(url + "/admin", { forceNew: true, transports: ["websocket"], auth: { username: "admin", password } });
  hear(admin);
  await once(admin, "connect");
  names.set(admin.id, "<admin>").set(admin.io.engine.id.slice(0, 12), "<admin's client>");
  await expect({ session: 1 });
  names.set(received.find(([event]) => event === "session")[1][0], "<session>");
});
await step("a connects", { socket_connected: 1, room_joined: 3 }, async () => {
  a = await client("a", "/", { extraHeaders: { "x-forwarded-for": "192.0.2.7", "x-test": "1, 2" }, query: { q: "1" }, auth: { token: "secret" } });
});
await step("b connects", { socket_connected: 1, room_joined: 3 }, async () => {
  b = await client("b", "/dyn-1");
});
await step("data", { socket_updated: 1, event_received: 1 }, () => ask(a, "data", { n: 1, list: ["x", null] }));
await step("echo", { event_received: 1, event_sent: 1 }, async () => {
  await caused(a, "echoed", () => a.emit("echo", 1.5, "text", null, { deep: [true, Buffer.from([1, 2])] }, Buffer.from([3])));
});
await step("broadcast", { event_received: 1, event_sent: 1 }, async () => {
  await caused(b, "to all", () => b.emit("all", "hello"));
});
for (const socket of [a, b]) socket.on("question", (n, ack) => ack(n));
await step("ask", { event_received: 1, event_sent: 1 }, () => ask(a, "ask"));
await step("ask all", { event_received: 1, event_sent: 1 }, () => ask(b, "ask all"));
const third = await step("another admin", { socket_connected: 1, room_joined: 1 }, async () => {
  const socket = await client("third", "/admin", { auth: { sessionId: [...names].find(([, name]) => name === "<session>")[0] } });
  const list = await socket.got;
  console.log(JSON.stringify(["the list", list.map(plain).sort()]));
  return socket;
});
await step("another admin leaves", { socket_disconnected: 1, room_left: 1 }, () => third.disconnect());
if (mode === "readonly") {
  await step("commands", { event_received: 1 }, async () => {
    admin.emit("join", "/", "room", a.id);
    admin.emit("emit", "/", a.id, "hello");
    admin.emit("_disconnect", "/", true, b.id);
    await ask(admin.timeout(500), "no such event").catch(() => {});
    a.emit("nothing has happened");
  });
} else {
  await step("join one", { room_joined: 1 }, () => admin.emit("join", "/", "room", a.id));
  await step("join all", { room_joined: 1 }, () => admin.emit("join", "/dyn-1", "room"));
  await step("emit to one", { event_sent: 1 }, async () => {
    await caused(a, "hello", () => admin.emit("emit", "/", a.id, "hello", "world", Buffer.from([7])));
  });
  await step("emit to all", { event_sent: 1 }, async () => {
    await caused(a, "hello", () => admin.emit("emit", "/", undefined, "hello"));
  });
  await step("leave one", { room_left: 1 }, () => admin.emit("leave", "/", "room", a.id));
  await step("leave all", { room_left: 1 }, () => admin.emit("leave", "/dyn-1", "hall"));
  await step("disconnect one", { socket_disconnected: 1, room_left: 3 }, async () => {
    await caused(a, "disconnect", () => admin.emit("_disconnect", "/", false, a.id));
  });
  await step("again", { socket_connected: 1, room_joined: 3 }, async () => {
    a = await client("a again", "/");
  });
  await step("close all", { socket_disconnected: 1, room_left: 3 }, async () => {
    await caused(a, "disconnect", () => admin.emit("_disconnect", "/", true));
  });
}
await step("the server disconnects", { socket_disconnected: 1, room_left: 3 }, () => b.emit("bye"));
await step("upgrade", { socket_connected: 1, room_joined: 3, socket_updated: 1 }, async () => {
  a = await client("polls", "/", { transports: ["polling", "websocket"] });
});
await step("the client closes", { socket_disconnected: 1, room_left: 3 }, () => a.disconnect());
await step("the connection breaks", { socket_connected: 1, room_joined: 3, socket_disconnected: 1, room_left: 3 }, async () => {
  a = await client("breaks", "/");
  a.io.engine.close();
});
admin.disconnect();
process.exit(0);
