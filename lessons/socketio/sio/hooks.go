package sio

import (
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Hooks are functions for metrics and logs, for all clients and namespaces of a server. Each may be
// nil, which costs nothing. A hook runs on the goroutine whose work it reports, which waits for it:
// a hook must not block. Several may run at once. No lock of this package is held. A panic is
// logged and has no other effect.
//
// The size of an event, in bytes, is that of its name and arguments as JSON and of its binary data.
// The name of an event that a client has sent can be any string: a metric by name needs a list of
// known names.
type Hooks struct {
	// Connected is called when a client has opened a connection, before anything is read from it.
	Connected func(c Conn)

	// Disconnected is called once when a connection has ended, while the last handlers of its sockets
	// may still run. err says more than the reason, or is nil: for a client that has been closed
	// because it reads too slowly, errors.Is(err, engineio.ErrSlowClient) holds; for one that has
	// broken the protocol, err says how.
	Disconnected func(c Conn, reason Reason, err error)

	// Received is called with each event from a client, whether there is a handler or not, when it is
	// its turn: before the functions of OnAny, on the goroutine of the socket's handlers.
	Received func(s *Socket, name string, size int)

	// Sent is called with each event that has been queued for clients of this server, on the goroutine
	// of Emit or, for a broadcast from another server, of the adapter. A broadcast is one call, with
	// the number of sockets that receive it, which may be 0.
	Sent func(n *Namespace, name string, size, sockets int)
}

// sent calls the hook Sent, if there is one.
func (n *Namespace) sent(p siopacket.Packet, sockets int) {
	if sent := n.server.config.Hooks.Sent; sent != nil {
		n.server.guard(func() { sent(n, event.Of(p).Name, p.Size(), sockets) }, func() {})
	}
}
