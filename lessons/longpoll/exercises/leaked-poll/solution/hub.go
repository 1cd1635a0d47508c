// Package leakedpoll hands messages to the polls that wait for one.
package leakedpoll

import (
	"context"
	"sync"
)

// A Message is one chat message.
type Message struct{ Text string }

// A Hub keeps the polls that wait. Create one with NewHub.
type Hub struct {
	mu      sync.Mutex
	waiting map[chan Message]bool
}

// NewHub returns a hub without polls.
func NewHub() *Hub { return &Hub{waiting: map[chan Message]bool{}} }

// Wait returns the next message, or false if ctx ends first. It leaves nothing behind in the hub.
func (h *Hub) Wait(ctx context.Context) (Message, bool) {
	ch := make(chan Message, 1) // room for the one message: Publish never waits
	h.mu.Lock()
	h.waiting[ch] = true
	h.mu.Unlock()
	select {
	case m := <-ch:
		return m, true
	case <-ctx.Done():
		h.mu.Lock()
		delete(h.waiting, ch)
		h.mu.Unlock()
		return Message{}, false
	}
}

// Publish hands the message to every poll that waits. It does not wait for any of them.
func (h *Hub) Publish(m Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.waiting {
		ch <- m
		delete(h.waiting, ch)
	}
}

// Waiting returns the number of polls that wait.
func (h *Hub) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting)
}
