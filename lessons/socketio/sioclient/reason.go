package sioclient

// A Reason says why a socket was disconnected, in the official client's words.
type Reason string

// All reasons. The client does not reconnect after ServerDisconnect, ClientDisconnect and
// ForcedClose.
const (
	ServerDisconnect Reason = "io server disconnect" // the server disconnected the socket
	ClientDisconnect Reason = "io client disconnect" // Disconnect was called
	// the server sent nothing for its pingInterval and pingTimeout
	PingTimeout    Reason = "ping timeout"
	TransportClose Reason = "transport close" // the connection was closed
	TransportError Reason = "transport error" // the connection failed
	ForcedClose    Reason = "forced close"    // Manager.Close was called
	ParseError     Reason = "parse error"     // the server broke the protocol
)
