// The official client through a proxy: node proxied.mjs URL CLIENTS. Connects clients one after the
// other, each with cookies of its own like a browser, and lets each receive its own message. Prints
// a line for each client: its transport at the end, after its upgrade or a failed attempt; or
// "refused" and the reason.
import { once } from "node:events";
import { io } from "socket.io-client";

const [url, clients] = process.argv.slice(2);
setTimeout(() => { console.error("took too long"); process.exit(1); }, 50000).unref();

for (let i = 0; i < Number(clients); i++) {
  const socket = io(url, { forceNew: true, withCredentials: true, rejectUnauthorized: false, reconnection: false });
  const { engine } = socket.io;
  const closed = new Promise((done) => {
    engine.once("close", (reason, err) => done(`refused ${reason} ${err?.context?.responseText ?? ""}`));
    socket.once("connect_error", (err) => done(`refused ${err.message} ${err.context?.responseText ?? ""}`));
  });
  const upgraded = new Promise((done) => {
    engine.once("upgrade", done);
    engine.once("upgradeError", done);
  });
  const talk = async () => {
    await Promise.all([once(socket, "connect"), upgraded]);
    const heard = once(socket, "chat message");
    socket.emit("chat message self", { id: String(i), from: "node", text: "hello" });
    const [message] = await heard;
    return message.id === String(i) ? engine.transport.name : "another client's message";
  };
  console.log((await Promise.race([talk(), closed])).trim());
  socket.disconnect();
}
process.exit(0);
