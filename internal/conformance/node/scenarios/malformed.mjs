// A server that breaks the rules: the client closes the connection with a reason, and reconnects.

const quick = { reconnectionDelay: 20, randomizationFactor: 0 };

const text = {
  "no such type": "9",
  "not a number": "a",
  "broken JSON": '2["x"',
  "not an array": '2{"a":1}',
  "a reserved name": '2["connect"]',
  "a name that is an object": "2[{}]",
  "CONNECT with an array": "0[]",
  "DISCONNECT with a payload": "1{}",
  "attachments without a count": '5-["x"]',
  "attachments without a dash": '51["x"]',
  "no attachments": '50-["x"]',
  "too many attachments": '5999-["x"]',
  "an ack that is not an array": '31{"a":1}',
};

/** Each of these messages in turn, over each transport: the reason of the close, and whether the client reconnects. */
const ends = (...messages) => ({
  server(io) {
    let broken = 0;
    io.on("connection", ({ conn }) => {
      if (broken++ % 2 === 0) for (const message of messages) conn.write(message);
    });
  },
  async client(c) {
    for (const transports of [["polling"], ["websocket"]]) {
      const socket = c.connect({ ...quick, transports });
      const [reason, details] = await c.next(socket, "disconnect");
      c.log(reason, details instanceof Error, socket.active);
      await c.next(socket, "connect");
    }
  },
});

const raw = (send) => ({
  server(io) {
    let broken = 0;
    io.on("connection", ({ conn }) => {
      if (broken++ === 0) send(conn.transport);
    });
  },
  async client(c) {
    const socket = c.connect({ ...quick, transports: ["websocket"] });
    c.log(...(await c.next(socket, "disconnect")), socket.active);
    await c.next(socket, "connect");
  },
});

export const malformed = {
  ...Object.fromEntries(Object.entries(text).map(([name, message]) => [`malformed: ${name}`, ends(message)])),
  "malformed: an attachment of nothing": ends(bytes([1, 2])),
  "malformed: text where an attachment was due": ends('51-["x",{"_placeholder":true,"num":0}]', '2["y"]'),
  "malformed: a placeholder of no attachment": ends('51-["x",{"_placeholder":true,"num":1}]', bytes([1])),
  "malformed: an Engine.IO type": raw((transport) => transport.socket.send("zzz")),

  "a server of another time": {
    async client(c) {
      const socket = c.connect({ ...quick, transports: ["websocket"] });
      const [err] = await c.next(socket, "connect_error");
      c.log(err instanceof Error, socket.connected, socket.active);
    },
    server(io) {
      io.use((socket) => socket.conn.write("0")); // CONNECT without a session id, as version 2 did
    },
  },
};

/** Bytes that both sides can make: only the server sends them. */
function bytes(values) {
  return new Uint8Array(values);
}
