// The official client across a restart of the server: node restart.mjs URL. Prints what happens, a line each.
import { io } from "socket.io-client";

setTimeout(() => process.exit(1), 30000).unref();
const socket = io(process.argv[2], { reconnectionDelay: 20, reconnectionDelayMax: 100 });
let times = 0;
socket.on("connect", () => {
  console.log("connect");
  if (++times === 2) socket.emit("echo", "buffered or not", (answer) => { console.log(answer); process.exit(0); });
});
socket.on("disconnect", (reason) => console.log(reason));
