// A load script of the kind that the documentation of Socket.IO suggests: a loop makes clients of socket.io-client, one at
// a time, some of them on polling, and each emits an event at an interval. Arguments: URL, clients, milliseconds between two
// clients, part on polling, milliseconds between two events of a client (0 for none), seconds to stay.
// It prints one line of JSON when all are connected or ten seconds have passed, and one when it ends.
import { io } from "socket.io-client";

const [url, ...numbers] = process.argv.slice(2);
const [clients, pause, polling, interval, stay] = numbers.map(Number);

let connected = 0;
let failed = 0;
let received = 0;
const sockets = [];
const timers = [];

function add() {
  const socket = io(url, { transports: Math.random() < polling ? ["polling"] : ["websocket"], forceNew: true });
  sockets.push(socket);
  socket.on("connect", () => connected++);
  socket.on("disconnect", () => connected--);
  socket.on("connect_error", () => failed++);
  socket.on("chat message", () => received++);
  if (interval > 0) timers.push(setInterval(() => socket.emit("client to server event"), interval));
}

function report() {
  const { user, system } = process.cpuUsage();
  console.log(JSON.stringify({ connected, failed, received, cpu: (user + system) / 1e6, rss: process.memoryUsage.rss() }));
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const began = performance.now();
for (let i = 0; i < clients; i++) {
  add();
  const wait = began + (i + 1) * pause - performance.now();
  if (wait > 1 || i % 50 === 0) await sleep(Math.max(wait, 0));
}
for (const end = performance.now() + 10_000; connected < clients && performance.now() < end; ) await sleep(20);
report();
await sleep(stay * 1000);
report();
timers.forEach(clearInterval);
sockets.forEach((socket) => socket.disconnect());
process.stdin.on("end", () => process.exit(0)).resume();
setTimeout(() => process.exit(0), 60_000).unref();
