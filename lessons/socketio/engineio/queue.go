package engineio

import "time"

// A queue holds the messages that are to be written to one client, in order. Session.mu guards it.
// One goroutine at a time takes messages and writes them.
type queue struct {
	limit int           // of bytes
	stall time.Duration // maximum time without progress

	messages []*Message
	bytes    int // cost of messages
	writing  bool
	broken   bool       // nothing more can be written: see fail
	full     bool       // add has refused a message, and refuses all later ones
	inFlight int        // cost of the messages being written
	spare    []*Message // a slice for reuse

	crowded time.Time     // start of a stall (a large queue, and no reading), or zero
	empty   chan struct{} // result of whenEmpty; nil before, and after it is closed
}

const (
	messageCost = 64 // roughly the memory of a message without its bytes
	// maximum of one write, in bytes, except for a single larger message
	maxWrite = 64 << 10
	maxSpare = 64 // maximum capacity of the slice kept between writes
)

// add appends a message. It returns ErrSlowClient if the queue exceeds the limit, or a sixteenth of
// it while the client reads nothing for too long. After that, it refuses every message, so that the
// client never gets a message after a missing one.
func (q *queue) add(m *Message) error {
	waiting := q.waiting()
	q.full = q.full || waiting > 0 && waiting+m.cost() > q.limit
	if waiting > q.limit/16 {
		if q.crowded.IsZero() {
			q.crowded = time.Now()
		}
		q.full = q.full || time.Since(q.crowded) > q.stall
	}
	if q.full {
		return ErrSlowClient
	}
	q.messages = append(q.messages, m)
	q.bytes += m.cost()
	return nil
}

// push appends one of the protocol's own messages, regardless of the limit. It does nothing if the
// last message is the same, because a client could otherwise fill the queue with answers to its
// pings.
func (q *queue) push(m *Message) {
	if n := len(q.messages); n == 0 || q.messages[n-1] != m {
		q.messages = append(q.messages, m)
		q.bytes += m.cost()
	}
}

// waiting returns the number of bytes that the client has not read.
func (q *queue) waiting() int { return q.bytes + q.inFlight }

// take removes messages for one write, at least one. done returns the slice for reuse.
func (q *queue) take(maxBytes int) []*Message {
	n, size := 0, 0
	for n < len(q.messages) && (n == 0 || size+q.messages[n].cost() <= maxBytes) {
		size += q.messages[n].cost()
		n++
	}
	batch := q.messages[:n:n]
	if n == len(q.messages) {
		batch, q.messages, q.spare = q.messages, q.spare, nil
	} else {
		q.messages = q.messages[n:]
	}
	q.bytes -= size
	q.inFlight = size
	return batch
}

// progress records that the client has read something.
func (q *queue) progress() { q.crowded = time.Time{} }

// done records that a batch is written.
func (q *queue) done(batch []*Message) {
	clear(batch)
	if cap(batch) <= maxSpare && q.spare == nil {
		q.spare = batch[:0]
	}
	q.inFlight = 0
	q.progress()
	if len(q.messages) == 0 {
		q.signal()
	}
}

// whenEmpty returns a channel that is closed when the queue is empty, nothing more can be written,
// or the session ends.
func (q *queue) whenEmpty() <-chan struct{} {
	if q.empty == nil {
		q.empty = make(chan struct{})
	}
	empty := q.empty
	if q.waiting() == 0 || q.broken {
		q.signal()
	}
	return empty
}

// fail records that nothing more can be written.
func (q *queue) fail() {
	q.broken = true
	q.signal()
}

// signal closes the channel of whenEmpty.
func (q *queue) signal() {
	if q.empty != nil {
		close(q.empty)
		q.empty = nil
	}
}
