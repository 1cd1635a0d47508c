// The official client across a shutdown of the server: node shutdown.mjs URL TRANSPORT. Prints what happens, a line each.
import { io } from "socket.io-client";

setTimeout(() => process.exit(1), 30000).unref();
const socket = io(process.argv[2], { transports: [process.argv[3]], reconnectionDelay: 20, reconnectionDelayMax: 100 });
socket.on("connect", () => {
  console.log("connect");
  socket.emit("slow", (answer) => console.log(answer));
});
socket.on("disconnect", (reason) => console.log(reason));
socket.io.once("reconnect_error", (err) => {
  console.log(err.context?.status ?? err.message);
  process.exit(0);
});
