package tap

import "time"

// Kind says what happened on a connection.
type Kind uint8

// The kinds of events.
const (
	Opened Kind = iota // the connection was accepted
	Data               // bytes were read, or handed to the kernel
	Unsent             // a write failed: what the stream has from Offset on was never sent
	Ended              // one direction ended: the client's end was read, or the server closed its half
	Closed             // the server closed the connection; its last event
	Muted              // the connection is not recorded any more; its last event
)

var kindNames = [...]string{"opened", "data", "unsent", "ended", "closed", "muted"}

// String is the kind's name in lower case.
func (k Kind) String() string { return kindNames[k] }

// Event is one thing that happened on one connection. The events of a connection
// are in the order in which they happened: bytes that the server wrote stand
// before what its client answered.
type Event struct {
	Seq  uint64 // counts all events of the Tap
	Peer *Peer
	Time time.Time
	Kind Kind
	Dir  Direction

	Offset int64  // of Bytes in the stream of its direction
	Size   int    // bytes that crossed
	Bytes  []byte // the bytes; fewer than Size if the piece was too large to keep
}
