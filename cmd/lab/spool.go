package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"realtimelab/internal/lang"
)

// maxSpool bounds the bytes that are queued for a slow terminal.
const maxSpool = 1 << 20

// spool is a writer that never blocks its callers, so that a stopped terminal or a pipe without a
// reader cannot stop a demo. When maxSpool bytes are queued, it drops further writes, and later
// reports how many it dropped.
type spool struct {
	out  io.Writer
	wake chan struct{} // capacity 1
	done chan struct{}

	mu      sync.Mutex // guards the fields below
	waiting []byte
	dropped int // writes dropped since the last take
	closed  bool
}

// newSpool returns a spool that writes to out until close.
func newSpool(out io.Writer) *spool {
	s := &spool{out: out, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spool) run() {
	defer close(s.done)
	for {
		text, closed := s.take()
		if len(text) > 0 {
			s.out.Write(text)
			continue
		}
		if closed {
			return
		}
		<-s.wake
	}
}

// take returns the queued text.
func (s *spool) take() (text []byte, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, s.waiting = s.waiting, nil
	if s.dropped > 0 {
		text = fmt.Appendf(text,
			"lab: %s dropped here, because they arrived faster than they could be written\n",
			lang.Counted(s.dropped, "line"))
		s.dropped = 0
	}
	return text, s.closed
}

// Write queues p, which must be complete lines. It never blocks and never fails.
func (s *spool) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiting)+len(p) > maxSpool || s.dropped > 0 {
		s.dropped++ // until the writer has caught up, so that there is only one gap
		return len(p), nil
	}
	s.waiting = append(s.waiting, p...)
	s.signal()
	return len(p), nil
}

func (s *spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close writes the remaining text, or gives up after a short time.
func (s *spool) close() {
	s.mu.Lock()
	s.closed = true
	s.signal()
	s.mu.Unlock()
	select {
	case <-s.done:
	case <-time.After(200 * time.Millisecond):
	}
}
