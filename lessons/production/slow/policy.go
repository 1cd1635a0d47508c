package slow

import (
	"errors"
	"time"
)

// A Policy says what the server does with a message for a client that has not taken the messages
// before it.
type Policy string

// The policies, by their names on the wire.
const (
	Block      Policy = "block"      // wait for the client
	Grow       Policy = "grow"       // queue without a bound, up to growLimit
	DropOldest Policy = "drop"       // queue a few messages, and drop the oldest for the newest
	Disconnect Policy = "disconnect" // queue some messages, and then disconnect the client
)

// Bounds of the policies.
const (
	writeTime = 10 * time.Second // of one write; a longer one ends the connection
	// of one write under Grow, where growLimit is to end the connection
	growTime    = 10 * time.Minute
	growWarning = 4 << 20 // bytes in one queue from which the page warns
	// bytes in one queue at which Grow gives up, so that the lab survives
	growLimit = 16 << 20
	mostKept  = 4 // messages in a queue of DropOldest
	// messages in a queue of Disconnect, unless they came in one burst:
	mostWaiting = 32
	burstTime   = time.Second // the oldest of them must have waited for this long
)

// The reasons why the server ends a connection.
var (
	errTooSlow   = errors.New("too slow: 32 messages are unread")
	errTooMuch   = errors.New("too slow: 16 MiB are unread")
	errStuck     = errors.New("too slow: nothing was read for 10 s")
	errGoingAway = errors.New("the server is closing")
)

// policies are the broadcasts of the four policies.
var policies = map[Policy]func([]*client, message){
	Block:      block,
	Grow:       grow,
	DropOldest: dropOldest,
	Disconnect: disconnect,
}

// block writes to one client after the other. A write to a client that does not read blocks the
// loop, so that all other clients wait, too.
func block(clients []*client, m message) {
	for _, c := range clients {
		c.write(m)
	}
}

// grow queues the message for each client. Nobody waits, and a queue takes all the memory that
// there is.
func grow(clients []*client, m message) {
	for _, c := range clients {
		c.queue.push(m)
		if c.queue.size() > growLimit {
			c.end(errTooMuch)
		}
	}
}

// dropOldest queues the message and drops the oldest ones, so that a slow client gets fewer values
// but fresh ones.
func dropOldest(clients []*client, m message) {
	for _, c := range clients {
		c.queue.push(m)
		for c.queue.len() > mostKept {
			c.queue.drop()
		}
	}
}

// disconnect queues the message, or ends the connection of a client that is too far behind and
// makes no progress. The client may reconnect and ask for what it missed.
func disconnect(clients []*client, m message) {
	for _, c := range clients {
		if c.queue.len() >= mostWaiting && c.queue.age() > burstTime {
			c.end(errTooSlow)
			continue
		}
		c.queue.push(m)
	}
}
