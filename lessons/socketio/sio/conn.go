package sio

import (
	"context"
	"net/http"

	"realtimelab/lessons/socketio/event"
)

// Conn is the Engine.IO connection of one client. The client's sockets in all namespaces share it.
// Its methods may be called from any goroutine, also after its end.
type Conn struct{ client *client }

// Conn returns the connection that carries the socket. Its Close cuts the client off without a
// DISCONNECT packet; Disconnect(true) sends one first.
func (s *Socket) Conn() Conn { return Conn{s.client} }

// ID returns the connection's sid, which only the server and this client know. It is not a socket's
// id.
func (c Conn) ID() string { return c.client.session.ID() }

// Protocol returns the revision of Engine.IO that the client speaks: 4, or 3 for clients of
// Socket.IO 1 and 2.
func (c Conn) Protocol() int { return c.client.session.Protocol() }

// Transport returns the name of the transport in use: "polling", "websocket" or "webtransport".
func (c Conn) Transport() string { return c.client.session.Transport() }

// Close closes the connection. All its sockets end with ForcedClose, and the client connects again.
// Messages sent before still go out. Close waits neither for that nor for the handlers.
func (c Conn) Close() { c.client.session.Close() }

// OnClose adds a function that is called once when the connection has ended, with the reason and
// the error behind it: an error of engineio or of the network, or nil. The handlers of its sockets
// may still run. A panic is logged. Added later, it is not called. It is kept until the connection
// ends: since a client can join a namespace again and again over one connection, a function that is
// added for each socket has to be removed with the socket. The func returned removes it.
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

// OnUpgrade adds a function that is called with the transport's name when the connection has
// changed to it, which it does once at most. A panic closes the connection. Added later, it is not
// called. The func returned removes it: see OnClose.
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

// Request returns the HTTP request of the handshake, as the middlewares of net/http have left it:
// its header, URL, TLS state, and the values of its context, where they keep a user or a session.
// Its body is empty. The client's sockets share it, so it must not be changed. It is the same over
// every transport, and stays that of the handshake after an upgrade.
func (s *Socket) Request() *http.Request { return s.client.session.Request() }

// Context returns a context that ends when the socket does: before the functions of OnDisconnecting
// run, and also when a middleware refuses the socket or the client goes before it was let in. It
// has the values of Request's context, and its cause is ErrDisconnected. Use it in handlers and
// middlewares for work that is done for this client only: the client is read meanwhile, so that its
// leaving ends the work, see On.
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
