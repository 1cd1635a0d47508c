/**
 * Types of the client. Its two event maps are the official client's:
 *
 *     interface FromServer { news: (text: string) => void }
 *     interface ToServer { ferret: (name: string, ack: (answer: string) => void) => void }
 *     const socket: Socket<FromServer, ToServer> = io();
 */

type Listener = (...args: any[]) => void;
type EventsMap = object;
type DefaultEvents = { [event: string]: Listener };

type Names<Events> = keyof Events & (string | symbol);
type ListenerOf<Events, Name extends keyof Events> = Events[Name] extends (...args: any[]) => any ? Events[Name] : never;
type ArgsOf<Events, Name extends keyof Events> = Parameters<ListenerOf<Events, Name>>;

type Last<Args extends any[]> = Args extends [...any[], infer L] ? L : any;
type AllButLast<Args extends any[]> = Args extends [...infer Front, any] ? Front : any[];
type FirstNonError<Args extends any[]> = Args extends [Error | null | undefined, infer Answer, ...any[]] ? Answer : Args extends [infer Answer, ...any[]] ? Answer : any;
/** The value that emitWithAck resolves to: the first argument of the ack. */
type Answer<Args extends any[]> = Last<Args> extends (...args: infer AckArgs) => any ? FirstNonError<AckArgs> : any;
/** The same events after timeout(): each ack gets an error first. */
type WithErrors<Events> = {
  [Name in keyof Events]: Events[Name] extends (...args: infer Args) => infer Result
    ? Args extends [...infer Front, (...ackArgs: infer AckArgs) => infer AckResult]
      ? (...args: [...Front, (err: Error, ...ackArgs: AckArgs) => AckResult]) => Result
      : Events[Name]
    : Events[Name];
};

/** A union of the server's events and the ones that the client emits itself. */
type Heard<Events, Reserved> = Reserved & Omit<Events, keyof Reserved>;

/** Listeners for named events. `emit` of a Socket sends to the server. */
export abstract class Emitter<Events extends EventsMap, Reserved extends EventsMap> {
  on<Name extends Names<Heard<Events, Reserved>>>(event: Name, listener: ListenerOf<Heard<Events, Reserved>, Name>): this;
  once<Name extends Names<Heard<Events, Reserved>>>(event: Name, listener: ListenerOf<Heard<Events, Reserved>, Name>): this;
  /** Removes one listener, or every listener of an event, or every listener. */
  off<Name extends Names<Heard<Events, Reserved>>>(event?: Name, listener?: ListenerOf<Heard<Events, Reserved>, Name>): this;
  addEventListener: this["on"];
  removeListener: this["off"];
  removeAllListeners: this["off"];
  removeEventListener: this["off"];
  listeners<Name extends Names<Heard<Events, Reserved>>>(event: Name): ListenerOf<Heard<Events, Reserved>, Name>[];
  hasListeners<Name extends Names<Heard<Events, Reserved>>>(event: Name): boolean;
  emitReserved(event: string, ...args: any[]): this;
}

export type DisconnectReason =
  | "io server disconnect"
  | "io client disconnect"
  | "ping timeout"
  | "transport close"
  | "transport error"
  | "parse error"
  | "forced close";

/** Why a connection ended: an HTTP status or an event, and the request or event of the transport. */
export type DisconnectDescription = Error | { description: string | number; context?: unknown };

/** A refusal of the server has the data that its middleware gave. */
export interface ExtendedError extends Error {
  data?: any;
}

export interface SocketReservedEvents {
  connect: () => void;
  connect_error: (err: ExtendedError) => void;
  disconnect: (reason: DisconnectReason, description?: DisconnectDescription) => void;
}

export interface ManagerReservedEvents {
  open: () => void;
  packet: (packet: any) => void;
  ping: () => void;
  error: (err: Error) => void;
  close: (reason: DisconnectReason, description?: DisconnectDescription) => void;
  reconnect: (attempt: number) => void;
  reconnect_attempt: (attempt: number) => void;
  reconnect_error: (err: Error) => void;
  reconnect_failed: () => void;
}

type Auth = { [key: string]: any } | ((send: (auth: object) => void) => void);

export interface SocketOptions {
  auth: Auth;
  /** Times to send an event again until it is acknowledged. */
  retries: number;
  /** Milliseconds to wait for each acknowledgement. */
  ackTimeout: number;
}

type TransportName = "polling" | "websocket" | "webtransport";

/** See the table of options in README.md. Times are in milliseconds. */
export interface ManagerOptions {
  host: string;
  hostname: string;
  port: string | number;
  secure: boolean;
  query: { [key: string]: any };
  path: string;
  addTrailingSlash: boolean;
  extraHeaders: { [header: string]: string };
  withCredentials: boolean;
  transports: (TransportName | (string & {}))[] | TransportConstructor[];
  transportOptions: { [transport: string]: object };
  tryAllTransports: boolean;
  upgrade: boolean;
  rememberUpgrade: boolean;
  forceBase64: boolean;
  timestampRequests: boolean;
  timestampParam: string;
  requestTimeout: number;
  protocols: string | string[];
  closeOnBeforeunload: boolean;
  useNativeTimers: boolean;
  autoUnref: boolean;
  forceNew: boolean;
  multiplex: boolean;
  autoConnect: boolean;
  reconnection: boolean;
  reconnectionAttempts: number;
  reconnectionDelay: number;
  reconnectionDelayMax: number;
  randomizationFactor: number;
  timeout: number;
  parser: any;
}

/** The Engine.IO connection below a Manager. */
export interface Engine {
  id: string | null | undefined;
  readyState: "opening" | "open" | "closing" | "closed";
  transport: Transport;
  upgrading: boolean;
  binaryType: BinaryType;
  on(event: string, listener: Listener): this;
  once(event: string, listener: Listener): this;
  off(event?: string, listener?: Listener): this;
  send(data: string | ArrayBuffer | ArrayBufferView | Blob, options?: { compress?: boolean }, onFlush?: () => void): this;
  write(data: string | ArrayBuffer | ArrayBufferView | Blob, options?: { compress?: boolean }, onFlush?: () => void): this;
  close(): this;
}

export interface Transport {
  readonly name: string;
  readonly writable: boolean;
}

export interface TransportConstructor {
  new (opts: any): Transport;
}

/** One connection, shared by the sockets of its namespaces, and made again when it is lost. */
export class Manager<ListenEvents extends EventsMap = DefaultEvents, EmitEvents extends EventsMap = ListenEvents> extends Emitter<{}, ManagerReservedEvents> {
  constructor(opts: Partial<ManagerOptions>);
  constructor(uri?: string, opts?: Partial<ManagerOptions>);
  engine: Engine;
  opts: Partial<ManagerOptions>;
  reconnection(): boolean;
  reconnection(enabled: boolean): this;
  reconnectionAttempts(): number;
  reconnectionAttempts(count: number): this;
  reconnectionDelay(): number;
  reconnectionDelay(ms: number): this;
  reconnectionDelayMax(): number;
  reconnectionDelayMax(ms: number): this;
  randomizationFactor(): number;
  randomizationFactor(factor: number): this;
  timeout(): number | boolean;
  timeout(ms: number | boolean): this;
  /** Connects. With onResult, a failure is the caller's to handle: there is no other attempt. */
  open(onResult?: (err?: Error) => void): this;
  connect(onResult?: (err?: Error) => void): this;
  /** Closes the connection of all sockets and does not reconnect. */
  disconnect(): void;
  socket(nsp: string, opts?: Partial<SocketOptions>): Socket;
  emit(event: string, ...args: any[]): this;
}

/** One namespace over a Manager's connection. Use io() or Manager.socket() to get one. */
export class Socket<ListenEvents extends EventsMap = DefaultEvents, EmitEvents extends EventsMap = ListenEvents> extends Emitter<ListenEvents, SocketReservedEvents> {
  constructor(io: Manager, nsp: string, opts?: Partial<SocketOptions>);
  readonly io: Manager<ListenEvents, EmitEvents>;
  /** Undefined while disconnected. */
  id: string | undefined;
  connected: boolean;
  readonly disconnected: boolean;
  /** Whether the last connection went on where the one before it ended. */
  recovered: boolean;
  /** Whether the socket reconnects by itself. */
  readonly active: boolean;
  auth: Auth;
  receiveBuffer: any[][];
  sendBuffer: any[];
  connect(): this;
  open(): this;
  disconnect(): this;
  close(): this;
  send(...args: any[]): this;
  emit<Name extends Names<EmitEvents>>(event: Name, ...args: ArgsOf<EmitEvents, Name>): this;
  emitWithAck<Name extends Names<EmitEvents>>(event: Name, ...args: AllButLast<ArgsOf<EmitEvents, Name>>): Promise<Answer<ArgsOf<EmitEvents, Name>>>;
  compress(compress: boolean): this;
  /** The next event may be lost. */
  readonly volatile: this;
  /** The next event's ack gets an error after so many milliseconds at the latest. */
  timeout(ms: number): Socket<ListenEvents, WithErrors<EmitEvents>>;
  onAny(listener: Listener): this;
  prependAny(listener: Listener): this;
  offAny(listener?: Listener): this;
  listenersAny(): Listener[];
  onAnyOutgoing(listener: Listener): this;
  prependAnyOutgoing(listener: Listener): this;
  offAnyOutgoing(listener?: Listener): this;
  listenersAnyOutgoing(): Listener[];
}

/** The socket of a namespace: `io()`, `io("/chat")`, `io("https://example.org/chat", { auth })`. */
export function io(opts?: Partial<ManagerOptions & SocketOptions>): Socket;
export function io(uri?: string, opts?: Partial<ManagerOptions & SocketOptions>): Socket;
export { io as connect, io as default };

/** The revision of the Socket.IO protocol. */
export const protocol: number;

export const XHR: TransportConstructor;
export const NodeXHR: TransportConstructor;
export const Fetch: TransportConstructor;
export const WebSocket: TransportConstructor;
export const NodeWebSocket: TransportConstructor;
export const WebTransport: TransportConstructor;
