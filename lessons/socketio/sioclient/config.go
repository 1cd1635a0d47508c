// Package sioclient is a client of Socket.IO 3 and 4 (protocol revision 5, over Engine.IO 4), and
// with Config.EIO of Socket.IO 1 and 2. It follows the protocol documents and, where they are
// silent, the official client.
//
// New returns a Socket, On adds its handlers, Connect connects it, and then Emit, EmitWithAck and
// Ask send. In this order, no event is missed:
//
//	s, err := sioclient.New("http://127.0.0.1:3000", sioclient.Config{})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	s.On("chat message", func(msg string) { fmt.Println(msg) })
//	if err := s.Connect(ctx); err != nil {
//		return err
//	}
//	s.Emit("chat message", "hello")
//
// Dial is New and Connect in one, with the handlers in Config.Setup. Socket.Manager creates sockets
// of other namespaces on the same connection. The examples show authentication, acknowledgements
// and reconnection.
//
// Caveats:
//   - Delivery is at-most-once: events in transit may be lost with the connection. See
//     Config.Retries for at-least-once, and the server's connection state recovery.
//   - Handlers run one at a time. A slow handler delays the later events. When Config.MaxPending
//     events wait, the client stops reading from the server.
//   - If a server reads less than 4 KiB in 30 s while the client writes over WebSocket, the
//     connection ends with TransportError.
//   - Events wait in memory until they can be sent. When Config.MaxQueue bytes wait, Emit returns
//     ErrQueueFull: call Socket.Flush between the parts of a large burst.
//   - WebTransport needs a dialer, because QUIC is not in the standard library: see
//     Config.DialWebTransport.
package sioclient

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The names of the transports.
const (
	Polling      = "polling"
	WebSocket    = "websocket"
	WebTransport = "webtransport"
)

// Config configures a Manager and its sockets. The zero value has the official client's defaults.
// New and NewManager copy it; its Query, Header and functions must not be changed afterwards.
type Config struct {
	// Path is the path of Socket.IO on the server. Leading and trailing slashes are optional.
	// Default "/socket.io/".
	Path string

	// Transports lists the allowed transports. The first opens the session. If that is Polling, the
	// session is then upgraded to one of the others: to WebTransport if it answers within 200 ms,
	// otherwise to the first that answers. Default polling, websocket.
	Transports []string

	// NoUpgrade keeps a session on the transport that opened it.
	NoUpgrade bool

	// EIO is the revision of Engine.IO: 4, or 3 for a server of Socket.IO 1 or 2. Such a server has
	// no payload of CONNECT, so Auth is not used, and no WebTransport. Default 4.
	EIO int

	// Query and Header are sent with every request. A query of the URL replaces Query. An
	// Accept-Encoding in Header may offer gzip and deflate; without one, the client offers gzip.
	Query  url.Values
	Header http.Header

	// Auth returns the payload of CONNECT: a value that is a JSON object, or nil. The client calls
	// it for each CONNECT: for each namespace and after each reconnection, from several goroutines.
	// If it panics, the attempt fails. Socket.SetAuth replaces it for one namespace.
	Auth func() any

	// Setup, if not nil, is called by New and Dial with the new socket, before anything is sent:
	// call On, OnConnect and the like in it. NewManager does not call it.
	Setup func(*Socket)

	// NetDialContext opens the connections. Default a net.Dialer's DialContext.
	NetDialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// NetDialTLSContext opens the connections of https and wss, and must complete their TLS
	// handshake. If it is nil, NetDialContext and TLS are used.
	NetDialTLSContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// DialWebTransport opens a WebTransport session at an https URL and a bidirectional stream in
	// it. Closing the connection must end the session; its Read must return io.EOF when the server
	// has ended it without an error. siowebtransport.Dial is such a function. DialWebTransport is
	// required if Transports contains WebTransport, which uses TLS even if the URL of the server
	// does not.
	DialWebTransport func(ctx context.Context, url string, header http.Header,
		config *tls.Config) (net.Conn, error)

	// TLS configures https, wss and WebTransport. Default: the zero value of tls.Config.
	TLS *tls.Config

	// Jar stores cookies, for sticky sessions. If it is nil, cookies are ignored.
	Jar http.CookieJar

	// NoReconnect turns reconnection off, and limits Open to one attempt.
	NoReconnect bool

	// ReconnectionAttempts is the number of attempts in a row before the client gives up. Default
	// 0: unlimited.
	ReconnectionAttempts int

	// ReconnectionDelay is the wait before the first attempt. It doubles with each failure, up to
	// ReconnectionDelayMax. Default 1 s and 5 s. With a negative ReconnectionDelay the client
	// reconnects at once.
	ReconnectionDelay, ReconnectionDelayMax time.Duration

	// RandomizationFactor is the jitter: each delay is shortened or lengthened by up to this
	// fraction of itself. Default 0.5. A negative factor turns jitter off.
	RandomizationFactor float64

	// Timeout bounds each attempt to open the connection. Default 20 s. Only the context of Connect
	// or Dial bounds the subsequent wait for the answer to CONNECT.
	Timeout time.Duration

	// AckTimeout bounds the wait of EmitWithAck, and with Retries that of each try. Default 0: only
	// the context bounds it.
	AckTimeout time.Duration

	// Retries is the number of times that the client sends an event again if it was not
	// acknowledged within AckTimeout. With Retries, the events of a socket are sent one at a time,
	// in order, and the server must acknowledge each. Without AckTimeout, the client sends an event
	// again after each loss of the connection, without a limit. Default 0: each event is sent once.
	Retries int

	// MaxMessage is the size of the largest message or polling answer from the server, in bytes. A
	// larger one ends the connection. Default 64 MiB.
	MaxMessage int

	// MaxAttachments bounds the attachments of one packet, each of at most MaxMessage. A packet
	// with more ends the connection with ParseError. Default 10.
	MaxAttachments int

	// MaxPending bounds the events of one socket that wait for its handlers; MaxMessage bounds
	// their bytes. At either bound the client stops reading from the server until a handler has
	// returned, and its ping timeout stops too. Until then, a handler cannot receive an
	// acknowledgement or notice a lost connection: give EmitWithAck a context that ends, or set
	// AckTimeout. Default 1024.
	MaxPending int

	// MaxQueue bounds the queued events in bytes, with 64 added for each packet. An event is queued
	// until its socket is connected and the event is written; with Retries, until it is
	// acknowledged. When the queue is full, Emit returns ErrQueueFull, and acknowledgements are
	// dropped and reported to OnError. A single event may be larger. Default 64 MiB.
	MaxQueue int

	// Strict refuses an event whose number of arguments is not that of its handler's parameters:
	// see Socket.On.
	Strict bool

	// Log receives panics of handlers, and the errors of events if Socket.OnError has no function;
	// at most ten lines in ten seconds for each socket. Default slog.Default().
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	setDefault(&c.Path, "/socket.io/")
	if c.Path = "/" + strings.Trim(c.Path, "/") + "/"; c.Path == "//" {
		c.Path = "/"
	}
	setDefault(&c.EIO, 4)
	setDefault(&c.ReconnectionDelay, time.Second)
	setDefault(&c.ReconnectionDelayMax, 5*time.Second)
	setDefault(&c.RandomizationFactor, 0.5)
	setDefault(&c.Timeout, 20*time.Second)
	setDefault(&c.MaxMessage, 64<<20)
	setDefault(&c.MaxPending, 1024)
	setDefault(&c.MaxQueue, 64<<20)
	setDefault(&c.Log, slog.Default())
	if c.Transports == nil {
		c.Transports = []string{Polling, WebSocket}
	}
	if c.NetDialContext == nil {
		c.NetDialContext = (&net.Dialer{}).DialContext
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
