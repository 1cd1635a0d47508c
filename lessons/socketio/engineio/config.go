package engineio

import (
	"cmp"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"realtimelab/lessons/socketio/cors"
)

// The names of the transports, as they stand in the query string.
const (
	Polling   = "polling"
	WebSocket = "websocket"
	// WebTransport is served by Server.ServeWebTransport, to which another server brings the
	// streams. It is off unless Config.Transports names it.
	WebTransport = "webtransport"
)

// Config configures a Server. NewServer copies it. A field's zero value stands for its default,
// which is that of the official server. The functions are called from several goroutines at once.
type Config struct {
	// OnSession is called with each new session before anything is read from it, from the goroutine
	// of the handshake. It sets the session's functions, and must not block. Its messages follow
	// the handshake's answer: over polling, with the next poll. If it panics, the session ends and
	// the panic is logged. Required.
	OnSession func(*Session)

	// PingInterval is the time from the handshake, or from a pong, to the next ping. Default 25 s.
	PingInterval time.Duration

	// PingTimeout is how long a client may take to answer a ping. Default 20 s.
	PingTimeout time.Duration

	// UpgradeTimeout bounds an upgrade, from its handshake to its last packet. Default 10 s.
	UpgradeTimeout time.Duration

	// MaxPayload bounds a polling body and a WebSocket message, in bytes. Default 1,000,000.
	MaxPayload int

	// MaxQueue bounds the messages that wait for one client, in bytes, with 64 added for each.
	// Default 64 MiB, which leaves room for a large burst, such as a history. A message that would
	// exceed it closes the session with ErrSlowClient; a single one may be larger when nothing else
	// waits. The messages of a broadcast are shared by its recipients. The kernel's buffers, up to
	// some MB, fill first, so a client that reads nothing of little traffic ends by PingTimeout.
	MaxQueue int

	// StallTimeout is how long a client may take nothing while more than a sixteenth of MaxQueue
	// waits for it. Then the next message closes the session with ErrSlowClient. Default 10 s.
	StallTimeout time.Duration

	// Transports that a client may open or upgrade to. Default polling and websocket.
	Transports []string

	// NoUpgrades keeps a session on the transport it opened with.
	NoUpgrades bool

	// AllowEIO3 lets in clients that speak revision 3 of the protocol: Socket.IO 1 and 2.
	AllowEIO3 bool

	// AllowJSONP lets in clients that poll by script tags (the parameter j), which any page of any
	// origin can do. AllowEIO3 implies it. Default off: such a request is a bad request.
	AllowJSONP bool

	// AllowRequest, if set, is asked about each handshake that is otherwise well formed. Its error
	// refuses the client: 403 with code 4 and the error's message, or "Forbidden" where that is
	// empty. It may block.
	//
	// Without it, pages of every origin may open a WebSocket and act with the cookies of their
	// visitor (cross-site WebSocket hijacking): browsers do not apply CORS to WebSockets. A server
	// with cookies must compare the Origin header here. This is also the official server's default.
	AllowRequest func(*http.Request) error

	// InitialHeaders, if set, may change the headers of a session's first answer; Headers, if set,
	// may change the headers of every answer, the first included. Over WebSocket the answer is the
	// one that switches protocols. A panic of either ends the session.
	InitialHeaders func(http.Header, *http.Request)
	Headers        func(http.Header, *http.Request)

	// OnConnectionError, if set, is called with each refused request, before the answer is written.
	OnConnectionError func(ConnectionError)

	// MaxHandshake is the largest handshake, counting the bytes of the request target and of all
	// headers: the session keeps them for Session.Request. A larger one is refused with status
	// 431. Default 16 KiB.
	MaxHandshake int

	// Cookie tells a load balancer which server holds a session (sticky sessions). The answer to
	// the handshake sets it, over polling and WebSocket, with the sid as its value. Name defaults
	// to "io"; the other fields are sent as they are. Default nil: none. The official server's
	// cookie is
	//
	//	&http.Cookie{Name: "io", Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	Cookie *http.Cookie

	// GenerateID, if set, returns the sid of a new session. It may block. A sid gives access to its
	// session, so it must be hard to guess, and no two sessions of the cluster may share one. An
	// error, an empty sid, or one that is in use refuses the client: 400 with code 3. Default: 128
	// random bits as 22 characters.
	GenerateID func(*http.Request) (string, error)

	// InitialPacket, if set, follows each session's open packet; over polling, in the same answer.
	InitialPacket *Message

	// HTTPCompression compresses the answers to polls. Default on.
	HTTPCompression HTTPCompression

	// PerMessageDeflate compresses WebSocket messages, for clients that offer it. Default nil: off.
	PerMessageDeflate *PerMessageDeflate

	// CORS lets pages of other origins read answers to polls. Default nil: none may. WebSockets are
	// not its matter: see AllowRequest.
	CORS *cors.Policy

	// Log receives panics of the program's functions, and connections that cannot be taken over for
	// a WebSocket. Default slog.Default().
	Log *slog.Logger
}

// HTTPCompression compresses the answers to polls, with gzip or deflate as the client prefers.
type HTTPCompression struct {
	// Off sends all answers uncompressed.
	Off bool

	// Threshold is the size in bytes from which on an answer is compressed. Default 1024; negative: 0.
	Threshold int
}

// PerMessageDeflate compresses messages over WebSocket: RFC 7692, without context takeover, so that
// a message is compressed once for all its recipients and a connection keeps no window. A client
// that limits the server's window is not offered compression.
type PerMessageDeflate struct {
	// Threshold is the size in bytes from which on a message is compressed. Default 1024; negative: 0.
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
		c.PerMessageDeflate = &PerMessageDeflate{Threshold: cmp.Or(c.PerMessageDeflate.Threshold, compressionThreshold)}
	}
	return c
}

func (c *Config) offers(transport string) bool { return slices.Contains(c.Transports, transport) }
