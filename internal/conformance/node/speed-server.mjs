// The official server of the benchmarks in ../speed. It prints its port, and answers each line of its stdin with one of
// its stdout:
//
//     cpu        the microseconds of CPU that this process has used
//     memory     its resident memory in KiB, after a garbage collection
//     emit TEXT  sends the event m to everyone: nothing is answered
//     rooms N    a socket joins N rooms, one after the other, and leaves them, the newest first: microseconds of each
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http);
io.on("connection", (socket) => socket.on("q", (text, ack) => ack(text)));

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc");

const commands = {
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  memory() {
    gc();
    return process.memoryUsage.rss() / 1024;
  },
  emit(text) {
    io.emit("m", text);
  },
  rooms(n) {
    const [socket] = io.sockets.sockets.values();
    const start = process.hrtime.bigint();
    for (let i = 0; i < n; i++) socket.join(`room ${i}`);
    const joined = process.hrtime.bigint();
    for (let i = n - 1; i >= 0; i--) socket.leave(`room ${i}`);
    const left = process.hrtime.bigint();
    return `${Number(joined - start) / 1000} ${Number(left - joined) / 1000}`;
  },
};

createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [, name, rest] = /^(\w+) ?(.*)$/.exec(line);
    const answer = commands[name](rest);
    if (answer !== undefined) console.log(answer);
  })
  .on("close", () => process.exit(0));
http.listen(0, "127.0.0.1", () => console.log(`127.0.0.1:${http.address().port}`));
