// An official Engine.IO server that echoes, on a port of its own: node eio_official.mjs OPTIONS, as JSON, where
// {"$regexp":"…"} is a RegExp and {"$allow":bool} a function of the cors package. Ends with its stdin.
import { createServer } from "node:http";
import { Server } from "engine.io";

const options = JSON.parse(process.argv[1], (_, value) => {
  if (value?.$regexp) return new RegExp(value.$regexp);
  if (value?.$allow !== undefined) return (_origin, done) => done(null, value.$allow);
  return value;
});
if (options.refuse !== undefined) options.allowRequest = (_request, done) => done(options.refuse, false);
const http = createServer();
const engine = new Server(options);
engine.attach(http);
engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data, { compress: !String(data).startsWith("plain") })));
if (options.ids) {
  engine.generateId = (request) => {
    if (!request._query.id) throw new Error("none");
    return request._query.id;
  };
}
if (options.headers) {
  engine.on("initial_headers", (headers) => { headers["X-First"] = "yes"; });
  engine.on("headers", (headers) => { headers["X-Each"] = "yes"; });
}
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
