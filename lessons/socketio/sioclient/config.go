// Package sioclient is a Socket.IO v5 client over Engine.IO v4. It follows the
// protocol documents and, where they are silent, the official client.
//
//	s, err := sioclient.Dial(ctx, "http://127.0.0.1:3000", sioclient.Config{})
//	if err != nil {
//		return err
//	}
//	defer s.Close()
//	s.On("chat message", func(msg string) { fmt.Println(msg) })
//	s.Emit("chat message", "hello")
package sioclient

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

// The names of the transports.
const (
	Polling   = "polling"
	WebSocket = "websocket"
)

// Config of a Manager. The zero value is the official client's defaults.
type Config struct {
	// Path of the server. Default "/socket.io/".
	Path string

	// Transports in the order in which they are tried: the first opens the
	// session, and if it is Polling and WebSocket is among the others, the
	// session is then upgraded. Default polling, websocket.
	Transports []string

	// NoUpgrade keeps a session on the transport it opened with.
	NoUpgrade bool

	// Query and Header are added to every request. A query of the URL takes
	// the place of Query. An Accept-Encoding may offer gzip and deflate; without
	// one, gzip is offered.
	Query  url.Values
	Header http.Header

	// Auth returns the payload of CONNECT: anything that is a JSON object. It
	// is asked each time.
	Auth func() any

	// NetDialContext opens the connections. Default a net.Dialer's.
	NetDialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// TLS is used for https and wss. Nil is the default.
	TLS *tls.Config

	// Jar keeps cookies, for sticky sessions. Nil keeps none.
	Jar http.CookieJar

	// NoReconnect leaves a lost connection lost.
	NoReconnect bool

	// ReconnectionAttempts before it gives up. Default 0: no bound.
	ReconnectionAttempts int

	// ReconnectionDelay before the first attempt. It doubles with each, up to
	// ReconnectionDelayMax. Default 1 s and 5 s.
	ReconnectionDelay, ReconnectionDelayMax time.Duration

	// RandomizationFactor makes a delay shorter or longer by up to this part
	// of it. Default 0.5. Negative is none.
	RandomizationFactor float64

	// Timeout of an attempt to connect. Default 20 s.
	Timeout time.Duration

	// AckTimeout is how long EmitWithAck waits at most, and how long each try
	// takes with Retries. Default 0: no bound but the context's.
	AckTimeout time.Duration

	// Retries of an event that is not acknowledged within AckTimeout. With
	// it, the events of a socket are sent one at a time, in order, and each
	// must be acknowledged by the server. Without AckTimeout an event is sent
	// again after each loss of the connection. Default 0: events are not retried.
	Retries int

	// MaxMessage is the largest message or polling answer that is taken from
	// the server, in bytes. Default 64 MiB.
	MaxMessage int

	// MaxAttachments of one packet, each at most MaxMessage. Default 10.
	MaxAttachments int

	// MaxPending bounds the events of one socket that wait for its handlers.
	// When it is reached, nothing more is read from the server until one has
	// run: an answer that the running handler waits for is not heard behind
	// more events than that, nor that the connection is lost, so give
	// EmitWithAck a context that ends, or set AckTimeout. Default 1024.
	MaxPending int

	// Log takes the errors that no handler is told of. Default slog.Default().
	Log *slog.Logger
}

func (c Config) withDefaults() Config {
	setDefault(&c.Path, "/socket.io/")
	setDefault(&c.ReconnectionDelay, time.Second)
	setDefault(&c.ReconnectionDelayMax, 5*time.Second)
	setDefault(&c.RandomizationFactor, 0.5)
	setDefault(&c.Timeout, 20*time.Second)
	setDefault(&c.MaxMessage, 64<<20)
	setDefault(&c.MaxPending, 1024)
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
