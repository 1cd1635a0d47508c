package main

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/internal/lang"
)

// maxSpool bounds the bytes that are queued for a slow terminal.
const maxSpool = 1 << 20

// spool is a writer that never blocks its callers, so that a stopped terminal or a pipe without a
// reader cannot stop a demo. When maxSpool bytes are queued, it drops further writes, and later
// reports how many it dropped.
type spool struct {
	out    io.Writer
	wake   chan struct{} // capacity 1
	done   chan struct{}
	queue  lineQueue
	closed atomic.Bool
}

// newSpool returns a spool that writes to out until close.
func newSpool(out io.Writer) *spool {
	s := &spool{out: out, wake: make(chan struct{}, 1), done: make(chan struct{}),
		queue: lineQueue{most: maxSpool}}
	go s.run()
	return s
}

func (s *spool) run() {
	defer close(s.done)
	for {
		closed := s.closed.Load() // first: what was written before close is in the text
		if text := s.take(); len(text) > 0 {
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
func (s *spool) take() []byte {
	text, dropped := s.queue.take()
	if dropped > 0 {
		text = fmt.Appendf(text,
			"lab: %s dropped here, because they arrived faster than they could be written\n",
			lang.Counted(dropped, "line"))
	}
	return text
}

// Write queues p, which must be complete lines. It never blocks and never fails.
func (s *spool) Write(p []byte) (int, error) {
	s.queue.put(p)
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
	s.closed.Store(true)
	s.signal()
	select {
	case <-s.done:
	case <-time.After(200 * time.Millisecond):
	}
}

// lineQueue holds complete lines, up to a bound. When it is full, it drops what comes until it is
// taken, so that there is only one gap.
type lineQueue struct {
	most int // bytes

	mu      sync.Mutex // guards what follows
	text    []byte
	dropped int // writes since the last take
}

func (q *lineQueue) put(p []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.dropped > 0 || len(q.text)+len(p) > q.most {
		q.dropped++
		return
	}
	q.text = append(q.text, p...)
}

// take empties the queue. It returns the text, and how many writes are missing after it.
func (q *lineQueue) take() (text []byte, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	text, dropped = q.text, q.dropped
	q.text, q.dropped = nil, 0
	return text, dropped
}
