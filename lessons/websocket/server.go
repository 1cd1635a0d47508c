// Package websocket is the lesson on the raw WebSocket: an echo and a chat room on
// gorilla/websocket, with the handshake and the closing in the open. The frames themselves are in
// the package frame.
//
// gorilla finds most violations of the RFC in a frame and closes with 1002. The rest
// is checked here: shortest lengths and close frames by the
// guard, UTF-8 and the size of a message after inflating by the reader.
package websocket

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/wire"
)

// Config holds the bounds of a WebSocket server. The zero value is the default.
type Config struct {
	Feed feed.Config // of the chat
	// other origins whose pages may connect, such as "https://example.com"; "*" means all
	Origins []string
	// bytes in one message of a client, larger ones close with 1009; 0 is 64 KiB
	MaxMessage   int64
	PingInterval time.Duration // 0 is 25 s
	PongTimeout  time.Duration // silence after a ping that ends the connection; 0 is 20 s
	WriteTimeout time.Duration // how long a client may leave a write unread; 0 is 10 s
	CloseTimeout time.Duration // how long a client may take to answer a close frame; 0 is 1 s
	Compression  bool          // agrees to permessage-deflate (RFC 7692), without context takeover
	CompressFrom int           // the smallest message to compress, in bytes; 0 is 256
	Log          *slog.Logger  // nil logs nothing
}

func (c Config) withDefaults() Config {
	c.MaxMessage = cmp.Or(c.MaxMessage, wire.MaxBody)
	c.PingInterval = cmp.Or(c.PingInterval, 25*time.Second)
	c.PongTimeout = cmp.Or(c.PongTimeout, 20*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 10*time.Second)
	c.CloseTimeout = cmp.Or(c.CloseTimeout, time.Second)
	c.CompressFrom = cmp.Or(c.CompressFrom, 256)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	return c
}

// writeBuffers are shared: a connection uses one only while it writes.
var writeBuffers sync.Pool

// endpoint holds the shared part of echo and chat: the upgrade, and all connections.
type endpoint struct {
	cfg      Config
	upgrader websocket.Upgrader
	peers    *peers
	aborts   wire.Aborts
}

func newEndpoint(cfg Config) *endpoint {
	cfg = cfg.withDefaults()
	return &endpoint{cfg: cfg, peers: newPeers(), upgrader: websocket.Upgrader{
		ReadBufferSize:    1 << 10,
		WriteBufferPool:   &writeBuffers,
		EnableCompression: cfg.Compression,
		CheckOrigin:       func(*http.Request) bool { return true }, // refuseHandshake has checked
	}}
}

// serve upgrades the request and runs the connection to its end, on a goroutine of its own: the
// handler returns, so that net/http frees the request and its buffers, which a long-lived
// connection no longer needs.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request, run func(*conn) error) {
	if refuseHandshake(w, r, e.cfg.Origins) {
		return
	}
	ws, err := e.upgrader.Upgrade(guarded{w}, r, nil)
	if err != nil {
		return // gorilla has answered
	}
	c := newConn(ws, e.cfg)
	forget := e.aborts.Add(r, c.reset)
	client := r.RemoteAddr
	e.peers.run(c, func() {
		defer forget()
		why := run(c)
		e.cfg.Log.Info("connection ended", "client", client, "reason", why)
	})
}
