// Package unboundedqueue holds the messages that wait to be written to a client.
package unboundedqueue

import (
	"errors"
	"sync"
)

// Limit is the largest number of messages that may wait for one client.
const Limit = 64

// ErrSlow says that the client does not keep up.
var ErrSlow = errors.New("the client is too slow")

// Queue holds the messages of one client, made by NewQueue. It is safe for use by many goroutines.
type Queue struct {
	mu       sync.Mutex
	more     *sync.Cond
	messages []string
	over     bool // it was full once
}

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	q := &Queue{}
	q.more = sync.NewCond(&q.mu)
	return q
}

// Push adds a message. It never blocks.
func (q *Queue) Push(m string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.over || len(q.messages) == Limit {
		q.over, q.messages = true, nil
		q.more.Broadcast()
		return ErrSlow
	}
	q.messages = append(q.messages, m)
	q.more.Signal()
	return nil
}

// Pop takes the oldest message, and blocks while the queue is empty. It returns false when the
// queue is over.
func (q *Queue) Pop() (m string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.messages) == 0 && !q.over {
		q.more.Wait()
	}
	if q.over {
		return "", false
	}
	m = q.messages[0]
	q.messages = q.messages[1:]
	return m, true
}

// Len returns the number of messages that wait.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.messages)
}
