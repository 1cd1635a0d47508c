// Package ratelimit bounds how fast each client may send.
package ratelimit

import (
	"sync"
	"time"
)

// The limits.
const (
	Burst      = 5                      // messages that a client may send at once
	Every      = 200 * time.Millisecond // the time after which it may send one more
	MaxClients = 1000                   // clients that are remembered at the same time
)

// Limiter has a token bucket for each client. It is safe for use by many goroutines.
type Limiter struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
}

// bucket is the token bucket of one client.
type bucket struct {
	// TODO
}

// NewLimiter returns a limiter that has seen no clients. Now is its clock.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, buckets: map[string]*bucket{}}
}

// Allow reports whether the client may send a message now. If not, refusal is the JSON that the
// client is sent instead.
func (l *Limiter) Allow(client string) (refusal string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// TODO
	return "", true
}

// Len returns the number of clients that the limiter remembers.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}
