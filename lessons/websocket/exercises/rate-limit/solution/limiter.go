// Package ratelimit bounds how fast each client may send.
package ratelimit

import (
	"fmt"
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

// bucket is the token bucket of one client. Its tokens are kept as time: one token is Every.
type bucket struct {
	tokens time.Duration
	at     time.Time // of the last refill
}

const full = Burst * Every

// NewLimiter returns a limiter that has seen no clients. Now is its clock.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, buckets: map[string]*bucket{}}
}

// Allow reports whether the client may send a message now. If not, refusal is the JSON that the
// client is sent instead.
func (l *Limiter) Allow(client string) (refusal string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b := l.buckets[client]
	if b == nil {
		if wait := l.makeRoom(now); wait > 0 {
			return refuse(wait), false
		}
		b = &bucket{tokens: full, at: now}
		l.buckets[client] = b
	}
	b.refill(now)
	if b.tokens < Every {
		return refuse(Every - b.tokens), false
	}
	b.tokens -= Every
	return "", true
}

func (b *bucket) refill(now time.Time) {
	b.tokens = min(full, b.tokens+now.Sub(b.at))
	b.at = now
}

// makeRoom forgets the clients whose buckets are full. Without such a client, it returns the time
// until the first bucket is full.
func (l *Limiter) makeRoom(now time.Time) (wait time.Duration) {
	if len(l.buckets) < MaxClients {
		return 0
	}
	wait = full
	for client, b := range l.buckets {
		b.refill(now)
		wait = min(wait, full-b.tokens)
		if b.tokens == full {
			delete(l.buckets, client)
		}
	}
	return wait
}

func refuse(wait time.Duration) string {
	// rounded up: a client that comes too early is refused again
	ms := (wait + time.Millisecond - 1) / time.Millisecond
	return fmt.Sprintf(`{"error":"too fast","retryAfter":%d}`, ms)
}

// Len returns the number of clients that the limiter remembers.
func (l *Limiter) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}
