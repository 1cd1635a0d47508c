// A user's program, compiled with our client's types and with the official ones. A line after @ts-expect-error must not
// compile.
import defaultIo, { connect, io, Manager, protocol, Socket, type ManagerOptions, type SocketOptions } from "client";

interface FromServer {
  news: (text: string, at: number) => void;
  question: (n: number, ack: (answer: number) => void) => void;
}
interface ToServer {
  "chat message": (text: string) => void;
  ferret: (name: string, ack: (answer: string) => void) => void;
  upload: (file: ArrayBuffer, ack: (status: { ok: boolean }) => void) => void;
}

const options: Partial<ManagerOptions & SocketOptions> = {
  transports: ["polling", "websocket"], auth: { token: "t" }, query: { a: "b" }, extraHeaders: { "x-lab": "1" },
  reconnectionDelay: 10, timeout: 100, retries: 3, ackTimeout: 50, withCredentials: true, autoConnect: false,
};
const socket: Socket<FromServer, ToServer> = io("http://localhost/chat", options);
const untyped = io();
defaultIo({ path: "/here" }).emit("anything", 1, { deep: [new Uint8Array(1)] }, () => {});
connect("/x").on("whatever", (...args: unknown[]) => console.log(args.length));

socket.on("connect", () => console.log(socket.id?.length, socket.recovered, socket.active, socket.disconnected));
socket.on("connect_error", (err) => console.log(err.message));
socket.on("disconnect", (reason, details) => {
  if (reason === "io server disconnect") socket.connect();
  console.log(details);
});
socket.on("news", (text, at) => console.log(text.toUpperCase(), at.toFixed()));
socket.once("question", (n, ack) => ack(n * 2));
socket.off("news").off();
socket.onAny((event, ...args) => console.log(event, args)).prependAnyOutgoing((event) => event).offAny();
socket.emit("chat message", "hi").volatile.emit("chat message", "perhaps");
socket.emit("ferret", "tobi", (answer) => console.log(answer.trim()));
socket.timeout(100).emit("ferret", "tobi", (err, answer) => console.log(err?.message, answer.trim()));
socket.send("to message");
socket.auth = (send: (auth: object) => void) => send({ token: "u" });
socket.compress(false).disconnect().close();
untyped.emit("x", 1);

async function ask(): Promise<void> {
  const answer: string = await socket.emitWithAck("ferret", "tobi");
  const late: string = await socket.timeout(10).emitWithAck("ferret", "tobi");
  const status: { ok: boolean } = await socket.emitWithAck("upload", new ArrayBuffer(1));
  const anything = await untyped.emitWithAck("x", 1);
  console.log(answer, late, status.ok, anything.whatever);
  // @ts-expect-error the answer is a string
  const wrong: number = await socket.emitWithAck("ferret", "tobi");
  console.log(wrong);
}

const manager = new Manager("http://localhost", { reconnectionAttempts: 3 });
manager.reconnectionDelay(5).timeout(7).open((err) => console.log(err?.message));
manager.on("reconnect_attempt", (attempt) => console.log(attempt.toFixed()));
manager.on("reconnect", (attempt) => attempt.toFixed());
const delay: number = manager.reconnectionDelay();
manager.socket("/chat", { auth: { token: "t" } }).io.engine.on("upgrade", (transport) => console.log(transport.name));
console.log(delay, protocol, socket.io.engine.transport.name);

// @ts-expect-error no such event
socket.emit("nothing");
// @ts-expect-error the text is missing
socket.emit("chat message");
// @ts-expect-error text is no number
socket.emit("chat message", 1);
// @ts-expect-error the server sends no such event
socket.on("nothing", () => {});
// @ts-expect-error text is a string
socket.on("news", (text: number) => text);
// @ts-expect-error no such option
io({ reconnect: true });

void ask();
