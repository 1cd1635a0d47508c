package socketio

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"

	"realtimelab/internal/feed"
)

// errCut ends a request whose page asked for it.
var errCut = errors.New("cut on request")

// withCut adds POST /cut?client=NAME to a demo. It aborts the TCP connections on which the client
// with ?client=NAME holds a request or a WebSocket: a reset, and no close frame or close packet.
// Both sides see what they see when a connection breaks.
func withCut(io http.Handler) http.Handler {
	var cuts feed.Cuts
	routes := feed.Routes{"/cut": {http.MethodPost: cuts.ServeCut}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/cut":
			routes.ServeHTTP(w, r)
		case r.URL.Query().Has("client"):
			serveCuttable(io, &cuts, w, r)
		default:
			io.ServeHTTP(w, r)
		}
	})
}

// serveCuttable serves one request. A cut cancels it, and then resets its connection, unless that
// became a WebSocket, which is cut by itself.
func serveCuttable(io http.Handler, cuts *feed.Cuts, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	held := &cuttableRequest{ResponseWriter: w, request: r, cuts: cuts}
	held.forget = cuts.Add(r, func() { cancel(errCut) })
	io.ServeHTTP(held, r.WithContext(ctx))
	held.forget()
	if held.hijacked || !errors.Is(context.Cause(ctx), errCut) {
		return
	}
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		feed.Reset(conn)
		return
	}
	panic(http.ErrAbortHandler)
}

// cuttableRequest is the ResponseWriter of a request that may become a WebSocket.
type cuttableRequest struct {
	http.ResponseWriter
	request *http.Request
	cuts    *feed.Cuts

	forget   func()
	hijacked bool
}

// Unwrap is for http.ResponseController.
func (c *cuttableRequest) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Hijack registers the connection for a cut instead of the request.
func (c *cuttableRequest) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c.hijacked = true
	c.forget()
	return &cuttableConn{Conn: conn, forget: c.cuts.Add(c.request, func() { feed.Reset(conn) })}, buffered, nil
}

// cuttableConn is a WebSocket's connection, registered until it is closed.
type cuttableConn struct {
	net.Conn
	forget func()
}

// NetConn returns the connection under c.
func (c *cuttableConn) NetConn() net.Conn { return c.Conn }

// Close closes the connection, which can be cut no longer.
func (c *cuttableConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

// CloseWrite closes the sending half where the connection can.
func (c *cuttableConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
