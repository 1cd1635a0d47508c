package sio

import (
	"realtimelab/lessons/socketio/event"
	"realtimelab/lessons/socketio/siopacket"
)

// Hooks are functions for metrics and logs, for all clients and namespaces of a server. Each may be
// nil, which costs nothing. A hook runs on the goroutine whose work it reports, so it must not
// block. Several may run at once. This package holds no lock while a hook runs. A panic is logged
// and has no other effect.
//
// The size of an event, in bytes, counts its name and arguments as JSON, and its binary data. A
// client can send an event with any name, so a metric by name needs a list of known names.
type Hooks struct {
	// Connected is called when a client has opened a connection, before anything is read from it.
	Connected func(c Conn)

	// Disconnected is called once when a connection has closed; handlers of its sockets may still
	// be running. err is the cause, or nil. If the server closed the client because it reads too
	// slowly, errors.Is(err, engineio.ErrSlowClient) is true; if the client violated the protocol,
	// err says how.
	Disconnected func(c Conn, reason Reason, err error)

	// Received is called with each event from a client, even without a handler. It runs before the
	// functions of OnAny, on the goroutine of the socket's handlers.
	Received func(s *Socket, name string, size int)

	// Sent is called with each event that has been queued for clients of this server, on the
	// goroutine of Emit or, for a broadcast from another server, of the adapter. A broadcast is one
	// call, with the number of sockets that receive it, which may be 0.
	Sent func(n *Namespace, name string, size, sockets int)
}

// sent calls the hook Sent, if there is one.
func (n *Namespace) sent(p siopacket.Packet, sockets int) {
	if sent := n.server.config.Hooks.Sent; sent != nil {
		n.server.guard(func() { sent(n, event.Of(p).Name, p.Size(), sockets) }, func() {})
	}
}
