package client

import (
	"context"
	"math/rand/v2"
	"time"
)

// Backoff spaces attempts by exponential backoff with full jitter. Each pause is random, between
// zero and a limit that doubles with each attempt, so that clients that were cut together do not
// reconnect together. The zero value is the default.
type Backoff struct {
	Min, Max time.Duration // limit of the first pause, and of every pause; 0 means 100 ms and 5 s
	Floor    time.Duration // added to each pause
	// each pause is as long as its limit, so clients that were cut together reconnect together
	NoJitter bool

	limit time.Duration // limit of the previous pause
}

// Reset starts again with the shortest limit. Call it after a success.
func (b *Backoff) Reset() { b.limit = 0 }

// Wait pauses before the next attempt. If ctx ends, the error is its cause.
func (b *Backoff) Wait(ctx context.Context) error {
	low, high := b.Min, b.Max
	if low == 0 {
		low = 100 * time.Millisecond
	}
	if high == 0 {
		high = 5 * time.Second
	}
	b.limit = min(max(2*b.limit, low), high)
	pause := b.limit
	if !b.NoJitter {
		pause = rand.N(b.limit + 1)
	}
	timer := time.NewTimer(b.Floor + pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
