package tap

import "time"

// A Kind is the kind of an event.
type Kind uint8

// The kinds of events.
const (
	Opened Kind = iota // the connection was accepted
	Data               // bytes were read, or passed to the kernel
	Unsent             // a write failed: the stream's bytes from Offset on were not sent
	Ended              // one direction ended with a FIN, as far as the server can tell
	Reset              // one side reset the connection, as far as the server can tell
	Closed             // the server closed its socket; the connection's last event
)

var kindNames = [...]string{"opened", "data", "unsent", "ended", "reset", "closed"}

// String returns the kind's name in lower case.
func (k Kind) String() string { return kindNames[k] }

// An Event is one thing that happened on one connection. A connection's events are in the order in
// which they happened: bytes that the server wrote come before the client's answer to them.
type Event struct {
	Seq  uint64 // number of the event among all events of the Tap
	Peer *Peer
	Time time.Time
	Kind Kind
	Dir  Direction

	Offset int64  // of Bytes in the stream of its direction
	Size   int    // bytes that crossed
	Bytes  []byte // the bytes; fewer than Size if the piece was too large to keep
}
