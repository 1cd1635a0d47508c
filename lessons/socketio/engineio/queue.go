package engineio

import "time"

// A queue holds the messages that wait to be written to one client, in order. Session.mu guards it.
// One goroutine at a time writes what it takes out.
type queue struct {
	limit int           // of bytes
	stall time.Duration // without progress

	messages []*Message
	bytes    int // cost of messages
	writing  bool
	broken   bool       // nothing more is written: see fail
	full     bool       // add has refused a message, and refuses all others
	inFlight int        // cost of what is being written
	spare    []*Message // a slice to use again

	crowded time.Time     // since when much waits and the client has taken nothing; zero if not so
	empty   chan struct{} // what whenEmpty has returned; nil before, and once it is closed
}

const (
	messageCost = 64       // roughly the memory that a message holds besides its bytes
	maxWrite    = 64 << 10 // how much one write takes out of a queue, in bytes, except for a larger message
	maxSpare    = 64       // the capacity of the slice that is kept between writes
)

// add appends a message. It returns ErrSlowClient if too much waits: more than the limit, or more
// than a sixteenth of it while the client takes nothing for too long. After that it refuses every
// message, so that the client gets no message behind one that is missing.
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

// push appends one of the protocol's own messages, whatever waits. It does nothing right behind the
// same message: a client decides how many pings the server answers, and one pong answers all.
func (q *queue) push(m *Message) {
	if n := len(q.messages); n == 0 || q.messages[n-1] != m {
		q.messages = append(q.messages, m)
		q.bytes += m.cost()
	}
}

// waiting is the number of bytes that the client has not taken.
func (q *queue) waiting() int { return q.bytes + q.inFlight }

// take removes as many messages as one write carries, at least one. done gives the slice back.
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

// progress says that the client has taken something.
func (q *queue) progress() { q.crowded = time.Time{} }

// done says that the client has taken all of a batch.
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

// whenEmpty returns a channel that is closed when nothing waits, nothing can be written any longer,
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

// fail says that nothing more is written.
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
