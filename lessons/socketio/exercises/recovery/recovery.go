// Package recovery replays what a socket has missed.
package recovery

import "time"

// MaxAge is how long a client may have been away.
const MaxAge = 2 * time.Minute

// Packet is one entry of the log of what was sent.
type Packet struct {
	Offset string
	Rooms  []string // for those in one of these; none means for everyone
	Except []string // ids of sockets that were left out
	Data   string
	At     time.Time
}

// Socket is the one that comes back.
type Socket struct {
	ID    string
	Rooms []string
}

// Missed returns what the socket has missed since it got the packet with the offset. The log is in
// order. ok tells whether the log reaches back that far.
func Missed(log []Packet, offset string, s Socket, now time.Time) (packets []Packet, ok bool) {
	// TODO: this replays everything to everyone.
	return log, true
}
