// Package acktimeout asks the other side, and does not wait for ever.
package acktimeout

import (
	"errors"
	"sync"
	"time"
)

// ErrTimeout says that no answer came in time.
var ErrTimeout = errors.New("operation has timed out")

// Acks are the questions of one socket that are under way. NewAcks makes them; they are safe for use by many goroutines.
type Acks struct {
	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan string
}

// NewAcks knows no question.
func NewAcks() *Acks { return &Acks{waiting: map[uint64]chan string{}} }

// Pending is the number of questions that are under way.
func (a *Acks) Pending() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting)
}

// Ask sends a question with an id of its own, and waits for its answer.
func (a *Acks) Ask(send func(id uint64), timeout time.Duration) (string, error) {
	// TODO: this waits for ever, and is not ready for a quick answer.
	a.mu.Lock()
	id := a.last
	a.mu.Unlock()
	send(id)
	answer := make(chan string)
	a.mu.Lock()
	a.waiting[id] = answer
	a.mu.Unlock()
	return <-answer, nil
}

// Answer hands an answer that came to whoever asked for it.
func (a *Acks) Answer(id uint64, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[id] <- text
}
