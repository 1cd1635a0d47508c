package socketio

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"

	"realtimelab/internal/feed/wire"
	"realtimelab/internal/tcpreset"
)

// errAborted ends a request whose page asked for it.
var errAborted = errors.New("aborted on request")

// withAborts adds POST /cut?client=NAME to a demo. It aborts the TCP connections on which the
// client with ?client=NAME holds a request or a WebSocket: a reset, and no close frame or packet.
// Both sides see what they see when a connection breaks.
func withAborts(io http.Handler) http.Handler {
	var aborts wire.Aborts
	routes := wire.Routes{"/cut": {http.MethodPost: aborts.ServeHTTP}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/cut":
			routes.ServeHTTP(w, r)
		case r.URL.Query().Has("client"):
			serveAbortable(io, &aborts, w, r)
		default:
			io.ServeHTTP(w, r)
		}
	})
}

// serveAbortable serves one request. An abort cancels it, and then resets its connection,
// unless that became a WebSocket, which has an abort of its own.
func serveAbortable(io http.Handler, aborts *wire.Aborts, w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	held := &abortableRequest{ResponseWriter: w, request: r, aborts: aborts}
	held.forget = aborts.Add(r, func() { cancel(errAborted) })
	io.ServeHTTP(held, r.WithContext(ctx))
	held.forget()
	if held.hijacked || !errors.Is(context.Cause(ctx), errAborted) {
		return
	}
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		tcpreset.Close(conn)
		return
	}
	panic(http.ErrAbortHandler)
}

// abortableRequest is the ResponseWriter of a request that may become a WebSocket.
type abortableRequest struct {
	http.ResponseWriter
	request *http.Request
	aborts  *wire.Aborts

	forget   func()
	hijacked bool
}

// Unwrap is for http.ResponseController.
func (c *abortableRequest) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// Hijack registers the connection instead of the request.
func (c *abortableRequest) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c.hijacked = true
	c.forget()
	return &abortableConn{Conn: conn, forget: c.aborts.Add(c.request, func() {
		tcpreset.Close(conn)
	})}, buffered, nil
}

// abortableConn is a WebSocket's connection, registered until it is closed.
type abortableConn struct {
	net.Conn
	forget func()
}

// NetConn returns the connection under c.
func (c *abortableConn) NetConn() net.Conn { return c.Conn }

// Close closes the connection, which can no longer be aborted.
func (c *abortableConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

// CloseWrite closes the sending half where the connection can.
func (c *abortableConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}
