package websocket

import (
	"context"
	"net/http"

	"realtimelab/internal/feed"
)

// Echo is the smallest server that speaks both ways:
//
//	GET  /ws                 WebSocket: each message back, as it came, text or binary
//	POST /cut?client=NAME    cuts the connections that were opened with ?client=NAME
type Echo struct {
	*endpoint
	routes feed.Routes
}

// NewEcho makes an echo server.
func NewEcho(cfg Config) *Echo {
	e := &Echo{endpoint: newEndpoint(cfg)}
	e.routes = feed.Routes{
		"/ws":  {http.MethodGet: e.connect},
		"/cut": {http.MethodPost: e.cuts.ServeCut},
	}
	return e
}

func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.routes.ServeHTTP(w, r) }

// connect reads, and hands each message to the writer. While the writer's queue is
// full nothing is read, so a client that sends without reading is soon held back
// by TCP itself.
func (e *Echo) connect(w http.ResponseWriter, r *http.Request) {
	e.serve(w, r, func(c *conn) error {
		return c.serve(func(m message) error {
			select {
			case c.out <- m:
				return nil
			case <-c.ctx.Done():
				return context.Cause(c.ctx)
			}
		}, nil)
	})
}

// Clients counts the connections.
func (e *Echo) Clients() int { return e.peers.count() }

// Close ends every connection with 1001 and waits for them; what is left when ctx
// ends is cut.
func (e *Echo) Close(ctx context.Context) error {
	e.peers.stop(func(c *conn) { c.end(errGoingAway) })
	return e.peers.wait(ctx)
}
