package main

import (
	"io"
	"sync/atomic"
	"time"
)

// spool writes for those who must not wait: what comes while too much waits to
// be written is dropped and counted. A terminal that is stopped, or a pipe that
// nobody reads, then stops no demo.
type spool struct {
	out     io.Writer
	waiting chan []byte
	dropped atomic.Int64 // writes
	stopped chan struct{}
	done    chan struct{}
}

// newSpool writes to out until close.
func newSpool(out io.Writer) *spool {
	s := &spool{out: out, waiting: make(chan []byte, 4096), stopped: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spool) run() {
	defer close(s.done)
	for {
		select {
		case p := <-s.waiting:
			s.out.Write(p)
		case <-s.stopped:
			for {
				select {
				case p := <-s.waiting:
					s.out.Write(p)
				default:
					return
				}
			}
		}
	}
}

// Write never waits and never fails.
func (s *spool) Write(p []byte) (int, error) {
	select {
	case s.waiting <- append([]byte(nil), p...):
	default:
		s.dropped.Add(1)
	}
	return len(p), nil
}

// close writes the rest, or gives up after a moment. Nothing may be written
// after it.
func (s *spool) close() {
	close(s.stopped)
	select {
	case <-s.done:
	case <-time.After(200 * time.Millisecond):
	}
}
