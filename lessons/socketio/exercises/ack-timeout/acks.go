// Package acktimeout waits for acknowledgements, each with a timeout.
package acktimeout

import (
	"errors"
	"sync"
	"time"
)

// ErrTimeout says that no answer came in time.
var ErrTimeout = errors.New("operation has timed out")

// Acks tracks the questions of one socket that await an answer. NewAcks makes one; it is safe for
// use by many goroutines.
type Acks struct {
	mu      sync.Mutex
	last    uint64
	waiting map[uint64]chan string
}

// NewAcks returns an Acks without questions.
func NewAcks() *Acks { return &Acks{waiting: map[uint64]chan string{}} }

// Pending returns the number of questions that await an answer.
func (a *Acks) Pending() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.waiting)
}

// Ask sends a question with a unique id, and blocks until its answer arrives or the timeout is
// over.
func (a *Acks) Ask(send func(id uint64), timeout time.Duration) (string, error) {
	// TODO: this waits forever, and is not ready for a quick answer.
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

// Answer passes an answer to the Ask with that id. It never blocks.
func (a *Acks) Answer(id uint64, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting[id] <- text
}
