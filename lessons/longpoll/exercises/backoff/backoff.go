// Package backoff decides how long a client waits before it tries again.
package backoff

import "time"

// The limit of the wait: First for attempt 0, and never more than Longest.
const (
	First   = 500 * time.Millisecond
	Longest = 30 * time.Second
)

// Delay returns the wait before a retry: between half of the limit and the limit, as random
// chooses. attempt is the number of failed retries in a row. random returns a number from 0 up to,
// but not including, 1.
func Delay(attempt int, random func() float64) time.Duration {
	// TODO: double the limit with each attempt, stop at Longest, and let random choose the wait.
	return min(First, Longest)
}
