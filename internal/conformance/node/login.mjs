// The official client against the demo login: node login.mjs URL. Prints what happens, a line each.
import { once } from "node:events";
import { io } from "socket.io-client";

const url = process.argv[2];
setTimeout(() => { console.error("took too long"); process.exit(1); }, 60000).unref();

let cookie;
async function post(path, body) {
  const answer = await fetch(url + path, { method: "POST", body: body && JSON.stringify(body), headers: cookie ? { Cookie: cookie } : {} });
  cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
  return answer.status === 204 ? {} : answer.json();
}
const token = async () => (await post("/token")).token;

const open = (options = {}) => io(url, { forceNew: true, reconnection: false, transports: ["websocket"], ...options });
async function outcome(name, options) {
  const socket = open(options);
  const said = await Promise.race([
    once(socket, "welcome").then(([{ name }]) => `welcome ${name}`),
    once(socket, "connect_error").then(([error]) => error.message),
  ]);
  console.log(`${name}: ${said}`);
  return socket;
}

await outcome("nothing").then((s) => s.close());
await post("/login", { name: "ann" });
await outcome("cookie alone", { extraHeaders: { Cookie: cookie } }).then((s) => s.close());
await outcome("forged", { auth: { token: `${(await token()).slice(0, -4)}AAAA` } }).then((s) => s.close());
const { ticket } = await post("/ticket");
await outcome("ticket", { query: { ticket } }).then((s) => s.close());
await outcome("ticket again", { query: { ticket } }).then((s) => s.close());

const socket = await outcome("token", { auth: { token: await token() } });
const id = socket.id;
await once(socket, "expires");
console.log("expires");
const renewed = once(socket, "renewed");
const refusal = await socket.emitWithAck("renew", await token());
await renewed;
if (refusal) throw new Error(refusal);
console.log(socket.id === id ? "renewed over the same connection" : "renewed over another connection");
console.log(`renew forged: ${await socket.emitWithAck("renew", "forged")}`);
await once(socket, "expires");
console.log("expires");
const [[closed], [reason]] = await Promise.all([once(socket, "closed"), once(socket, "disconnect")]);
console.log(`closed: ${closed.code} ${closed.reason}, ${reason}`);

// Each ticket's connection lives as long as the session. The bucket of the session is full.
const flooding = open({ query: { ticket: (await post("/ticket")).ticket } });
await once(flooding, "welcome");
let [said, refused, code] = [0, 0, 0];
const all = new Promise((done) => {
  const count = () => { if (said + refused === 40) done(); };
  flooding.on("said", () => { said++; count(); });
  flooding.on("refused", (news) => { refused++; code = news.code; count(); });
});
for (let i = 0; i < 40; i++) flooding.emit("say", "x");
await all;
// A slow machine takes longer than 200 ms, and the bucket gets an event more for each.
console.log(said >= 10 && said < 25 ? `said 10, refused 30 with ${code}` : `said ${said}, refused ${refused} with ${code}`);
const ended = Promise.all([once(flooding, "closed"), once(flooding, "disconnect")]);
await post("/logout");
const [[out], [why]] = await ended;
console.log(`logout: ${out.code} ${out.reason}, ${why}`);

await post("/login", { name: "ann" });
await outcome("polling", { auth: { token: await token() }, transports: ["polling"] }).then((s) => s.close());
process.exit(0);
