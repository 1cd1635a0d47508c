package sio

import (
	"errors"

	"realtimelab/lessons/socketio/engineio"
)

// Reason says why a socket has ended, in the official server's words. The constants are all
// reasons.
type Reason string

// All reasons. Those of the connection are engineio's. A client reconnects by itself after all of
// them except ServerNamespaceDisconnect and ClientNamespaceDisconnect.
const (
	// TransportError: the connection failed, or the client broke the protocol of the transport.
	TransportError Reason = Reason(engineio.TransportError)

	// TransportClose: the client, or a proxy, closed the connection.
	TransportClose Reason = Reason(engineio.TransportClose)

	// ForcedClose: this server closed the connection, by Conn.Close or after a handler's panic.
	ForcedClose Reason = Reason(engineio.ForcedClose)

	// PingTimeout: the client did not answer a heartbeat in time, see engineio.Config.PingTimeout.
	PingTimeout Reason = Reason(engineio.PingTimeout)

	// ParseError: the client sent an invalid Engine.IO packet.
	ParseError Reason = Reason(engineio.ParseError)

	// ServerShuttingDown: Server.Close or Server.Shutdown was called.
	ServerShuttingDown Reason = Reason(engineio.ServerClose)

	// ClientNamespaceDisconnect: the client left the namespace.
	ClientNamespaceDisconnect Reason = "client namespace disconnect"

	// ServerNamespaceDisconnect: Socket.Disconnect or DisconnectSockets was called.
	ServerNamespaceDisconnect Reason = "server namespace disconnect"

	// ForcedServerClose: the client sent an invalid Socket.IO packet, or one out of order.
	ForcedServerClose Reason = "forced server close"
)

// Errors of sending. ErrDisconnected says that the socket has ended; ErrReservedEvent, that the
// client or the server uses an event of that name for itself ("connect", "disconnect" and so on).
var (
	ErrDisconnected  = errors.New("sio: socket has been disconnected")
	ErrReservedEvent = errors.New("sio: the event name is reserved")
)
