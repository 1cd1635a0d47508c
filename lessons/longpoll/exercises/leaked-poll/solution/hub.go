// Package leakedpoll hands messages to the polls that wait for one.
package leakedpoll

import (
	"context"
	"sync"
)

// Message is what is handed out.
type Message struct{ Text string }

// Hub knows the polls that wait. NewHub makes one.
type Hub struct {
	mu      sync.Mutex
	waiting map[chan Message]bool
}

// NewHub makes a hub that nobody waits at.
func NewHub() *Hub { return &Hub{waiting: map[chan Message]bool{}} }

// Wait returns the next message, or false when ctx ends first.
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

// Publish hands the message to every poll that waits.
func (h *Hub) Publish(m Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for ch := range h.waiting {
		ch <- m
		delete(h.waiting, ch)
	}
}

// Waiting is the number of polls that wait.
func (h *Hub) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting)
}
