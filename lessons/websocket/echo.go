package websocket

import (
	"context"
	"net/http"

	"realtimelab/internal/feed"
)

// Echo is a minimal WebSocket server:
//
//	GET  /ws                 WebSocket: each message back, as it came, text or binary
//	POST /cut?client=NAME    cuts the connections that were opened with ?client=NAME
type Echo struct {
	*endpoint
	routes feed.Routes
}

// NewEcho returns an echo server.
func NewEcho(cfg Config) *Echo {
	e := &Echo{endpoint: newEndpoint(cfg)}
	e.routes = feed.Routes{
		"/ws":  {http.MethodGet: e.connect},
		"/cut": {http.MethodPost: e.cuts.ServeCut},
	}
	return e
}

func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.routes.ServeHTTP(w, r) }

// connect reads, and hands each message to the writer. It reads on when the message is
// written: whatever ends the connection, each message before it has had its echo. And a
// client that sends without reading is soon held back by TCP itself.
func (e *Echo) connect(w http.ResponseWriter, r *http.Request) {
	e.serve(w, r, func(c *conn) error {
		written := make(chan struct{}, 1)
		return c.serve(func(m message) error {
			m.written = written
			c.out <- m // never full: the message before is written
			select {
			case <-written:
				return nil
			case <-c.ctx.Done():
				return context.Cause(c.ctx)
			}
		}, nil)
	})
}

// Clients returns the number of connections.
func (e *Echo) Clients() int { return e.peers.count() }

// Close ends every connection with 1001 and waits for them. A connection that has not ended
// after CloseTimeout, or when ctx ends, is cut.
func (e *Echo) Close(ctx context.Context) error {
	e.peers.stop(func(c *conn) {
		c.bound()
		c.end(errGoingAway)
	})
	return e.peers.wait(ctx)
}
