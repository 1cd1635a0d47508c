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
	answer := make(chan string, 1) // Answer never waits
	a.mu.Lock()
	id := a.last
	a.last++
	a.waiting[id] = answer // before the question goes out: the answer may be quick
	a.mu.Unlock()
	defer a.forget(id)
	send(id)
	select {
	case text := <-answer:
		return text, nil
	case <-time.After(timeout):
		return "", ErrTimeout
	}
}

func (a *Acks) forget(id uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.waiting, id)
}

// Answer passes an answer to the Ask with that id. It never blocks.
func (a *Acks) Answer(id uint64, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer, asked := a.waiting[id]; asked {
		delete(a.waiting, id) // a second answer finds nothing
		answer <- text
	}
}
