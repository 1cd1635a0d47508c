package sio

import (
	"context"
	"net/http"

	"realtimelab/lessons/socketio/event"
)

// Conn is the Engine.IO connection of one client. The client's sockets in all namespaces share it.
// Its methods may be called from any goroutine, even after it has closed.
type Conn struct{ client *client }

// Conn returns the connection that carries the socket. Its Close sends no DISCONNECT packet;
// Disconnect(true) sends one first.
func (s *Socket) Conn() Conn { return Conn{s.client} }

// ID returns the connection's sid, which only the server and this client know. It is not a socket's
// id.
func (c Conn) ID() string { return c.client.session.ID() }

// Protocol returns the revision of Engine.IO that the client speaks: 4, or 3 for clients of
// Socket.IO 1 and 2.
func (c Conn) Protocol() int { return c.client.session.Protocol() }

// Transport returns the name of the transport in use: "polling", "websocket" or "webtransport".
func (c Conn) Transport() string { return c.client.session.Transport() }

// Close closes the connection. All its sockets end with ForcedClose, and the client reconnects.
// Messages that were sent before still go out. Close does not wait for them or for the handlers.
func (c Conn) Close() { c.client.session.Close() }

// OnClose adds a function that is called once when the connection has closed, with the reason and
// its cause: an error of engineio or of the network, or nil. Handlers of its sockets may still be
// running. A panic of the function is logged. If the connection has already closed, it is not
// called. The returned func removes it. A client can join a namespace repeatedly over one
// connection, so a function that is added for each socket must be removed when the socket ends.
func (c Conn) OnClose(f func(Reason, error)) (off func()) {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	c.client.onClose = event.With(c.client.onClose, &f, false)
	return func() {
		c.client.mu.Lock()
		defer c.client.mu.Unlock()
		c.client.onClose = event.Without(c.client.onClose, &f)
	}
}

// OnUpgrade adds a function that is called with the new transport's name after an upgrade, which
// happens at most once. A panic of the function closes the connection. If the upgrade has already
// happened, it is not called. The returned func removes it: see OnClose.
func (c Conn) OnUpgrade(f func(transport string)) (off func()) {
	c.client.mu.Lock()
	defer c.client.mu.Unlock()
	c.client.onUpgrade = event.With(c.client.onUpgrade, &f, false)
	c.client.session.OnUpgrade(func(transport string) {
		c.client.mu.Lock()
		functions := c.client.onUpgrade
		c.client.mu.Unlock()
		for _, f := range functions {
			c.client.server.guard(func() { (*f)(transport) }, c.client.session.Close)
		}
	})
	return func() {
		c.client.mu.Lock()
		defer c.client.mu.Unlock()
		c.client.onUpgrade = event.Without(c.client.onUpgrade, &f)
	}
}

// Request returns the HTTP request of the handshake, after any net/http middleware: its header,
// URL, TLS state, and the values of its context, such as a user or a session. Its body is empty.
// All sockets of the client share it, so it must not be changed. An upgrade does not change it.
func (s *Socket) Request() *http.Request { return s.client.session.Request() }

// Context returns a context that ends with the socket: before the functions of OnDisconnecting run,
// or when a middleware refuses the socket, or when the client disconnects before it was admitted.
// It has the values of Request's context, and its cause is ErrDisconnected. Use it in handlers and
// middlewares for work that only this client needs: the server keeps reading, so it notices when
// the client disconnects, and the work ends. See On.
func (s *Socket) Context() context.Context {
	s.client.session.ReadOn()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.context == nil {
		s.context, s.cancel = context.WithCancelCause(s.Request().Context())
		if s.ended {
			s.cancel(ErrDisconnected)
		}
	}
	return s.context
}
