// Package engineio is an Engine.IO v4 server: sessions that carry messages over
// HTTP long-polling, over WebSocket, and across the upgrade from one to the
// other. It follows the Engine.IO protocol document, revision 4, and, where that
// is silent, the official server. It knows nothing of Socket.IO.
package engineio

import (
	"log/slog"
	"time"
)

// The names of the transports, as they stand in the query string.
const (
	Polling   = "polling"
	WebSocket = "websocket"
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

	// MaxQueue bounds what waits to be written to one session, in bytes of
	// packets. A session that would exceed it is closed with ErrSlowClient. A
	// single message may be larger when nothing else waits. Default 4 MiB.
	MaxQueue int

	// Transports that a client may use. Default polling and websocket.
	Transports []string

	// NoUpgrades keeps a session on the transport it opened with.
	NoUpgrades bool

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
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
