package sio

import (
	"errors"

	"realtimelab/lessons/socketio/engineio"
)

// Reason says why a socket disconnected, in the official server's words. This
// list is closed.
type Reason string

// The reasons of the transport are those of engineio.
const (
	TransportError            = Reason(engineio.TransportError)
	TransportClose            = Reason(engineio.TransportClose)
	ForcedClose               = Reason(engineio.ForcedClose)
	PingTimeout               = Reason(engineio.PingTimeout)
	ParseError                = Reason(engineio.ParseError)
	ServerShuttingDown        = Reason(engineio.ServerClose)
	ClientNamespaceDisconnect = Reason("client namespace disconnect")
	ServerNamespaceDisconnect = Reason("server namespace disconnect")
	ForcedServerClose         = Reason("forced server close")
)

// Errors of emitting.
var (
	ErrDisconnected  = errors.New("sio: socket has been disconnected")
	ErrReservedEvent = errors.New("sio: the event name is reserved")
)
