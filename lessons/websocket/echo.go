package websocket

import (
	"context"
	"net/http"

	"realtimelab/internal/feed/wire"
)

// Echo is a minimal WebSocket server:
//
//	GET  /ws                 WebSocket: each message back, as it came, text or binary
//	POST /cut?client=NAME    aborts the connections that were opened with ?client=NAME
type Echo struct {
	*endpoint
	routes wire.Routes
}

// NewEcho returns an echo server.
func NewEcho(cfg Config) *Echo {
	e := &Echo{endpoint: newEndpoint(cfg)}
	e.routes = wire.Routes{
		"/ws":  {http.MethodGet: e.connect},
		"/cut": {http.MethodPost: e.aborts.ServeHTTP},
	}
	return e
}

func (e *Echo) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.routes.ServeHTTP(w, r) }

// connect passes each message to the writer, and reads on when the message is written. So every
// message has its echo before the connection ends, and TCP slows down a client that sends without
// reading.
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
// after CloseTimeout, or when ctx ends, is aborted.
func (e *Echo) Close(ctx context.Context) error {
	e.peers.stop(func(c *conn) {
		c.bound()
		c.end(errGoingAway)
	})
	return e.peers.wait(ctx)
}
