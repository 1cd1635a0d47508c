// A Socket.IO server for the pages of the exercises: the real client talks to it over the world's WebSocket.

let sessionIds = 0; // given so far: no two pages have the same

class SocketServer {
  /** Whether the server accepts connections. */
  up = true;

  /** Packets of the page, in order: {event, args, ack, at}. ack answers one that asks for it. */
  events = [];

  /** Connections of the page that have a session, in order: {id, packets, socket}. */
  sessions = [];

  #world;

  constructor(world) { this.#world = world; }

  /** Returns the events of that name. */
  named(name) { return this.events.filter(({ event }) => event === name); }

  /** Takes a WebSocket of the page. */
  take(socket) {
    this.#world.clock.start(() => {
      if (!this.up) return socket.cut();
      const session = { id: `s${++sessionIds}`, socket, joined: false };
      this.sessions.push(session);
      socket.onreceive = (data) => this.#packet(session, data);
      socket.accept();
      socket.receive(`0${JSON.stringify({ sid: `e${this.sessions.length}`, upgrades: [], pingInterval: 25_000, pingTimeout: 20_000, maxPayload: 1_000_000 })}`);
      this.#ping(session);
    }, 20);
  }

  #ping(session) {
    this.#world.clock.start(() => {
      if (session.socket.readyState !== 1) return;
      session.socket.receive("2");
      this.#ping(session);
    }, 25_000);
  }

  #packet(session, data) {
    if (typeof data !== "string" || !data.startsWith("4")) return;
    if (data.startsWith("40")) {
      this.#world.clock.start(() => {
        session.joined = true;
        session.socket.receive(`40${JSON.stringify({ sid: session.id })}`);
      }, 20);
    } else if (data.startsWith("41")) session.joined = false;
    else if (data.startsWith("42")) {
      const [, id, body] = /^42(\d*)(.*)$/s.exec(data);
      const [event, ...args] = JSON.parse(body);
      const packet = { event, args, at: this.#world.clock.now, session: session.id, wantsAck: id !== "" };
      packet.ack = (...answer) => { if (id !== "") session.socket.receive(`43${id}${JSON.stringify(answer)}`); };
      this.events.push(packet);
      this.onevent?.(packet);
    }
  }

  /** Sends an event to the page. */
  emit(event, ...args) {
    for (const { joined, socket } of this.sessions) if (joined) socket.receive(`42${JSON.stringify([event, ...args])}`);
  }

  /** Ends the page's connections like a network failure. */
  cut() { for (const { socket } of this.sessions) socket.cut(); }
}
