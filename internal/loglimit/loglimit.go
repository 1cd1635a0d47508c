// Package loglimit bounds how often a line is logged.
package loglimit

import (
	"sync"
	"time"
)

// A Limit allows a number of lines in a window of time, which begins with the first of them, and
// counts the others. The zero value is ready. Its methods may be called from any goroutine.
type Limit struct {
	mu      sync.Mutex
	since   time.Time // when the window began
	lines   int       // in this window
	dropped int       // not reported yet
}

// Allow reports whether a line may be written now: at most lines of them in one window. If so,
// dropped is the number of lines that were not allowed since the last report; the caller reports
// it.
func (l *Limit) Allow(lines int, window time.Duration) (dropped int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) >= window {
		l.since, l.lines = now, 0
	}
	if l.lines >= lines {
		l.dropped++
		return 0, false
	}
	l.lines++
	dropped, l.dropped = l.dropped, 0
	return dropped, true
}

// TakeDropped returns the number of lines that were dropped and not reported yet. The caller
// reports it, so it counts as reported.
func (l *Limit) TakeDropped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	dropped := l.dropped
	l.dropped = 0
	return dropped
}
