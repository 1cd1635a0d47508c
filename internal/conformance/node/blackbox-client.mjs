// The official client against a server that a student could have written: node blackbox-client.mjs EXERCISE URL. Prints "ok" or
// what went wrong.
import { Socket } from "engine.io-client";
import { io } from "socket.io-client";

const [exercise, url] = process.argv.slice(2);
setTimeout(() => { console.log("took too long"); process.exit(1); }, 20000).unref();

const checks = {
  async "blackbox-socketio"() {
    const socket = io(url, { transports: ["websocket"], reconnection: false });
    socket.on("connect_error", (error) => { console.log(String(error)); process.exit(1); });
    const answer = await socket.emitWithAck("ferret", "tobi");
    socket.disconnect();
    return answer === "woot" ? "ok" : `the answer is ${answer}`;
  },

  // From polling to a WebSocket, and two heartbeats there.
  async "blackbox-engineio"() {
    const socket = new Socket(url, { path: "/socket.io/" });
    socket.on("close", (reason) => { console.log(`closed: ${reason}`); process.exit(1); });
    await new Promise((resolve) => socket.once("upgrade", resolve));
    for (let pings = 0; pings < 2; pings++) await new Promise((resolve) => socket.once("ping", resolve));
    const transport = socket.transport.name;
    socket.removeAllListeners("close");
    socket.close();
    return transport === "websocket" ? "ok" : `the transport is ${transport}`;
  },
};

console.log(await checks[exercise]());
