package slow

import (
	"sync"
	"time"
)

// A queue holds the messages that the server has for a client and has not written yet, oldest
// first.
type queue struct {
	more chan struct{} // capacity 1: the queue may have a message

	mu       sync.Mutex // guards what follows
	messages []message
	since    []time.Time // when each was queued
	bytes    int
	dropped  int64 // messages that the client will never get
}

func newQueue() *queue { return &queue{more: make(chan struct{}, 1)} }

// push appends a message. It does not block.
func (q *queue) push(m message) {
	q.mu.Lock()
	q.messages = append(q.messages, m)
	q.since = append(q.since, time.Now())
	q.bytes += len(m.text)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// pop removes the oldest message. It returns false if the queue is empty.
func (q *queue) pop() (message, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.first()
}

// first removes the oldest message. The caller holds mu.
func (q *queue) first() (message, bool) {
	if len(q.messages) == 0 {
		return message{}, false
	}
	m := q.messages[0]
	q.messages[0] = message{} // lets go of its bytes
	q.messages, q.since = q.messages[1:], q.since[1:]
	q.bytes -= len(m.text)
	return m, true
}

// drop discards the oldest message, if there is one.
func (q *queue) drop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, ok := q.first(); ok {
		q.dropped++
	}
}

// clear discards all messages.
func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropped += int64(len(q.messages))
	q.messages, q.since, q.bytes = nil, nil, 0
}

// len returns the number of messages.
func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}

// age returns how long the oldest message has waited, or 0 if the queue is empty.
func (q *queue) age() time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.since) == 0 {
		return 0
	}
	return time.Since(q.since[0])
}

// size returns the bytes of all messages.
func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// depth describes the queue at one moment.
func (q *queue) depth() (messages, bytes int, dropped int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages), q.bytes, q.dropped
}
