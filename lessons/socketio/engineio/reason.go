package engineio

import "errors"

// Reason says why a session closed, in the official server's words. This list
// is closed.
type Reason string

const (
	// TransportError: the connection broke, or the client broke the protocol.
	TransportError Reason = "transport error"
	// TransportClose: the client closed, by a close packet or its connection.
	TransportClose Reason = "transport close"
	// ForcedClose: this side called Session.Close.
	ForcedClose Reason = "forced close"
	// PingTimeout: the client did not answer a ping in time.
	PingTimeout Reason = "ping timeout"
	// ParseError: the client sent what is not a packet.
	ParseError Reason = "parse error"
	// ServerClose: Server.Close was called.
	ServerClose Reason = "server shutting down"
)

// What a Reason's error says more precisely. Sending to a closed session
// returns ErrClosed.
var (
	ErrClosed        = errors.New("engineio: session closed")
	ErrSlowClient    = errors.New("engineio: the client reads too slowly: its queue is full")
	ErrOverlap       = errors.New("engineio: overlap from client: a second request of the same kind")
	ErrPollCancelled = errors.New("engineio: poll connection closed prematurely")
	ErrHeartbeat     = errors.New("engineio: invalid heartbeat direction")
	ErrContentType   = errors.New("engineio: invalid content type")
	ErrNotUTF8       = errors.New("engineio: text message is not UTF-8")
)
