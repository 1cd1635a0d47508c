// Package engineio is an Engine.IO v4 server: sessions that carry messages over
// HTTP long-polling, over WebSocket, and across the upgrade from one to the
// other. It follows the Engine.IO protocol document, revision 4, and, where that
// is silent, the official server. It knows nothing of Socket.IO.
package engineio

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The names of the transports, as they stand in the query string.
const (
	Polling   = "polling"
	WebSocket = "websocket"
	// WebTransport is served by Server.ServeWebTransport, to which another server brings
	// the streams. It is off unless Config.Transports names it.
	WebTransport = "webtransport"
)

// Config of a Server. The zero value is the official server's defaults.
type Config struct {
	// OnSession is called with each new session before anything is read from
	// it. It must set the session's callbacks and return without blocking.
	OnSession func(*Session)

	// PingInterval is the time from the handshake, or from a pong, to the next
	// ping. Default 25 s.
	PingInterval time.Duration

	// PingTimeout is how long a client may take to answer a ping. Default 20 s.
	PingTimeout time.Duration

	// UpgradeTimeout is how long an upgrade may take from its handshake to its
	// last packet. Default 10 s.
	UpgradeTimeout time.Duration

	// MaxPayload is the largest polling body and WebSocket message that a
	// client may send, in bytes. Default 1,000,000.
	MaxPayload int

	// MaxQueue bounds what waits to be written to one session, in bytes: those of
	// the packets, and 64 for each. A session that would exceed it is closed with
	// ErrSlowClient. A single message may be larger when nothing else waits.
	// Default 4 MiB.
	MaxQueue int

	// Transports that a client may open a session with. Default polling and
	// websocket.
	Transports []string

	// NoUpgrades keeps a session on the transport it opened with.
	NoUpgrades bool

	// AllowEIO3 lets in clients that speak revision 3 of the protocol: those of
	// Socket.IO 1 and 2.
	AllowEIO3 bool

	// AllowRequest, if set, is asked about each handshake that is otherwise
	// well formed. Its error refuses the client: 403 with code 4 and the
	// error's message, or "Forbidden" where that is empty. It may block.
	AllowRequest func(*http.Request) error

	// InitialHeaders and Headers, if set, may change the headers of an answer:
	// the first those of a session's first answer, the second those of every
	// answer of a session, the first included. An answer over WebSocket is the
	// one that switches protocols.
	InitialHeaders func(http.Header, *http.Request)
	Headers        func(http.Header, *http.Request)

	// OnConnectionError, if set, is told of each request that is refused
	// because no session can take it.
	OnConnectionError func(ConnectionError)

	// Cookie for sticky sessions. Default nil: none.
	Cookie *Cookie

	// HTTPCompression of what polls fetch. Default on.
	HTTPCompression HTTPCompression

	// PerMessageDeflate compresses what goes over WebSocket, with the clients
	// that offer it. Default nil: off.
	PerMessageDeflate *PerMessageDeflate

	// CORS lets pages of other origins in. Default nil: none.
	CORS *CORS

	// Log takes what no caller can be told. Default slog.Default().
	Log *slog.Logger
}

// closeTimeout bounds the wait for the other side to take part in a close: for
// the poll that fetches the close packet, and for the peer's close frame.
const closeTimeout = 30 * time.Second

func (c Config) withDefaults() Config {
	setDefault(&c.PingInterval, 25*time.Second)
	setDefault(&c.PingTimeout, 20*time.Second)
	setDefault(&c.UpgradeTimeout, 10*time.Second)
	setDefault(&c.MaxPayload, 1_000_000)
	setDefault(&c.MaxQueue, 4<<20)
	setDefault(&c.Log, slog.Default())
	if c.Transports == nil {
		c.Transports = []string{Polling, WebSocket}
	}
	c.HTTPCompression = c.HTTPCompression.withDefaults()
	if c.PerMessageDeflate != nil {
		deflate := c.PerMessageDeflate.withDefaults()
		c.PerMessageDeflate = &deflate
	}
	if c.Cookie != nil {
		cookie := c.Cookie.withDefaults()
		c.Cookie = &cookie
	}
	return c
}

// upgrades lists the transports that a session may leave polling for, as JSON without
// the brackets.
func (c *Config) upgrades() string {
	var list []string
	for _, transport := range []string{WebSocket, WebTransport} {
		if c.offers(transport) && !c.NoUpgrades {
			list = append(list, `"`+transport+`"`)
		}
	}
	return strings.Join(list, ",")
}

func (c *Config) offers(transport string) bool { return slices.Contains(c.Transports, transport) }

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
