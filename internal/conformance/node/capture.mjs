// The official client, talking to a demo so that its bytes can be captured: node capture.mjs URL TRANSPORTS.
import { once } from "node:events";
import { setTimeout as after } from "node:timers/promises";
import { io } from "socket.io-client";

const [url, transports] = process.argv.slice(2);
setTimeout(() => process.exit(1), 20000).unref();
const socket = io(url, { transports: transports.split(",") });
socket.on("connect_error", (error) => { console.error(error); process.exit(1); });
await once(socket, "connect");
socket.onAny((...args) => typeof args.at(-1) === "function" && args.at(-1)("woot"));
if (transports.includes(",")) while (socket.io.engine.transport.name !== "websocket") await after(5);
socket.emit("ferret", "tobi", () => {});
socket.emit("checksum", Buffer.from([0, 1, 2, 255]), () => {});
await after(300); // for the answers
socket.disconnect();
await after(100);
process.exit(0);
