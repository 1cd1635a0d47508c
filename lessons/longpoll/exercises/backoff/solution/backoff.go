// Package backoff decides how long a client waits before it tries again.
package backoff

import "time"

// The bounds of the whole wait, before chance.
const (
	First   = 500 * time.Millisecond
	Longest = 30 * time.Second
)

// Delay is the wait before a retry; attempt counts the failures in a row before this one, from 0. random returns a number
// from 0 up to, but not including, 1.
func Delay(attempt int, random func() float64) time.Duration {
	whole := First
	for ; attempt > 0 && whole < Longest; attempt-- {
		whole *= 2
	}
	whole = min(whole, Longest)
	half := whole / 2
	return half + time.Duration(random()*float64(half))
}
