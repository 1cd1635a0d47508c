package engineio

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"realtimelab/lessons/socketio/cors"
)

// The names of the transports, as in the query string.
const (
	Polling   = "polling"
	WebSocket = "websocket"
	// WebTransport needs an HTTP/3 server, which passes its streams to Server.ServeWebTransport. It
	// is off unless Config.Transports contains it.
	WebTransport = "webtransport"
)

// Config configures a Server. NewServer copies it. The zero value of a field means its default,
// which is that of the official server. The functions are called from several goroutines at once.
type Config struct {
	// OnSession is called with each new session before anything is read from it, on the goroutine
	// of the handshake. It sets the session's functions, and must not block. Messages that it sends
	// follow the handshake's answer: over polling, with the next poll. If it panics, the session
	// ends and the panic is logged. Required.
	OnSession func(*Session)

	// PingInterval is the time from the handshake, or from a pong, to the next ping. Default 25 s.
	PingInterval time.Duration

	// PingTimeout is the time within which a client must answer a ping. Default 20 s.
	PingTimeout time.Duration

	// UpgradeTimeout bounds an upgrade, from its handshake to its last packet. Default 10 s.
	UpgradeTimeout time.Duration

	// MaxPayload bounds a polling body and a WebSocket message, in bytes. Default 1,000,000.
	MaxPayload int

	// MaxQueue bounds the queue of one client, in bytes, with 64 added for each message. Default 64
	// MiB, which leaves room for a large burst, such as a history. A message that would exceed it
	// closes the session with ErrSlowClient; in an empty queue, a single message may be larger. All
	// recipients of a broadcast share its memory. The kernel's buffers of up to a few MB fill
	// first, so with little traffic, a client that reads nothing ends by PingTimeout.
	MaxQueue int

	// StallTimeout is how long a client may read nothing while its queue is larger than a sixteenth
	// of MaxQueue. After that, the next message closes the session with ErrSlowClient. Default 10
	// s.
	StallTimeout time.Duration

	// Transports that a client may open or upgrade to. Default polling and websocket.
	Transports []string

	// NoUpgrades keeps a session on the transport it opened with.
	NoUpgrades bool

	// AllowEIO3 accepts clients with revision 3 of the protocol: Socket.IO 1 and 2.
	AllowEIO3 bool

	// AllowJSONP accepts clients that poll with script tags (the parameter j), as pages of any
	// origin can. AllowEIO3 implies it. Default off: such a request is refused as a bad request.
	AllowJSONP bool

	// AllowRequest, if set, is called for each well-formed handshake. If it returns an error, the
	// client is refused: 403 with code 4 and the error's message, or "Forbidden" if that is empty.
	// It may block.
	//
	// Without it, a page of any origin can open a WebSocket with its visitor's cookies (cross-site
	// WebSocket hijacking), because browsers do not apply CORS to WebSockets. A server that uses
	// cookies must check the Origin header here. The official server has the same default.
	AllowRequest func(*http.Request) error

	// InitialHeaders, if set, may change the headers of a session's first answer; Headers, if set,
	// may change the headers of every answer, including the first. Over WebSocket, it is the 101
	// answer. A panic of either ends the session.
	InitialHeaders func(http.Header, *http.Request)
	Headers        func(http.Header, *http.Request)

	// OnConnectionError, if set, is called with each refused request, before the answer is written.
	OnConnectionError func(ConnectionError)

	// MaxHandshake is the maximum size of a handshake: the bytes of the request target and of all
	// headers, which the session keeps for Session.Request. A larger one is refused with status
	// 431. Default 16 KiB.
	MaxHandshake int

	// Cookie tells a load balancer which server holds a session (sticky sessions). The answer to
	// the handshake sets it, over polling and WebSocket, with the sid as its value. Name defaults
	// to "io"; the other fields are sent unchanged. Default nil: no cookie. The official server's
	// cookie is
	//
	//	&http.Cookie{Name: "io", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	Cookie *http.Cookie

	// GenerateID, if set, returns the sid of a new session. It may block. A sid gives access to its
	// session, so it must be hard to guess, and unique in the cluster. If it returns an error, an
	// empty sid, or one in use, the client is refused: 400 with code 3. Default: 128 random bits as
	// 22 characters.
	GenerateID func(*http.Request) (string, error)

	// InitialPacket, if set, follows each session's open packet; over polling, in the same answer.
	InitialPacket *Message

	// HTTPCompression compresses the answers to polls. Default on.
	HTTPCompression HTTPCompression

	// PerMessageDeflate compresses WebSocket messages, for clients that offer it. Default nil: off.
	PerMessageDeflate *PerMessageDeflate

	// CORS allows pages of other origins to read answers to polls. Default nil: it allows none.
	// CORS does not apply to WebSockets: see AllowRequest.
	CORS *cors.Policy

	// Log receives panics of the program's functions, and errors of connections that cannot be
	// hijacked for a WebSocket. Default slog.Default().
	Log *slog.Logger
}

// HTTPCompression compresses the answers to polls, with gzip or deflate as the client prefers.
type HTTPCompression struct {
	// Off sends all answers uncompressed.
	Off bool

	// Threshold is the minimum size of a compressed answer, in bytes. Default 1024; a negative
	// value means 0.
	Threshold int
}

// PerMessageDeflate compresses messages over WebSocket (RFC 7692). It works without context
// takeover, so a message is compressed once for all recipients, and a connection needs no memory
// for a window. A client that limits the server's window gets no compression.
type PerMessageDeflate struct {
	// Threshold is the minimum size of a compressed message, in bytes. Default 1024; a negative
	// value means 0.
	Threshold int
}

const compressionThreshold = 1024

func (c Config) withDefaults() Config {
	c.PingInterval = cmp.Or(c.PingInterval, 25*time.Second)
	c.PingTimeout = cmp.Or(c.PingTimeout, 20*time.Second)
	c.UpgradeTimeout = cmp.Or(c.UpgradeTimeout, 10*time.Second)
	c.MaxPayload = cmp.Or(c.MaxPayload, 1_000_000)
	c.MaxQueue = cmp.Or(c.MaxQueue, 64<<20)
	c.StallTimeout = cmp.Or(c.StallTimeout, 10*time.Second)
	c.MaxHandshake = cmp.Or(c.MaxHandshake, 16<<10)
	c.Log = cmp.Or(c.Log, slog.Default())
	if c.Transports == nil {
		c.Transports = []string{Polling, WebSocket}
	}
	c.HTTPCompression.Threshold = cmp.Or(c.HTTPCompression.Threshold, compressionThreshold)
	if c.PerMessageDeflate != nil {
		c.PerMessageDeflate = &PerMessageDeflate{Threshold: cmp.Or(c.PerMessageDeflate.Threshold,
			compressionThreshold)}
	}
	return c
}

func (c *Config) offers(transport string) bool { return slices.Contains(c.Transports, transport) }
