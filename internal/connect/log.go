package connect

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Bounds of a Log: events, and bytes of their arguments. The oldest are dropped.
const (
	maxEvents   = 10000
	maxArgBytes = 32 << 20
)

// A Log holds what happened, in order. Its methods may be called from any goroutine.
type Log struct {
	mu      sync.Mutex // guards what follows
	events  []Event
	first   uint64 // number of events[0]
	bytes   int
	changed chan struct{} // closed and replaced with each event
	names   []string      // of events, in the order in which they were first seen
	closed  bool
}

func newLog() *Log { return &Log{changed: make(chan struct{})} }

// maxNames bounds the event names that completion offers.
const maxNames = 200

func (l *Log) add(e Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.events = append(l.events, e)
	l.bytes += argBytes(e)
	for len(l.events) > maxEvents || l.bytes > maxArgBytes && len(l.events) > 1 {
		l.bytes -= argBytes(l.events[0])
		l.events[0] = Event{}
		l.events, l.first = l.events[1:], l.first+1
	}
	named := e.Kind == Sent || e.Kind == Received
	if named && !e.Ack && len(l.names) < maxNames && !slices.Contains(l.names, e.Name) {
		l.names = append(l.names, e.Name)
	}
	l.wake()
}

// wake wakes the readers. The caller holds mu.
func (l *Log) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// close ends the Log: readers get the rest, and later events are dropped.
func (l *Log) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		l.wake()
	}
}

// Names returns the names of the events seen so far.
func (l *Log) Names() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.names)
}

// end returns the number of the next event.
func (l *Log) end() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first + uint64(len(l.events))
}

// from returns the events from a number on and the number of the first of them, which is larger if
// older ones were dropped. Without any, it returns a channel that is closed with the next, or nil
// if the Log is closed.
func (l *Log) from(n uint64) (events []Event, at uint64, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n = max(n, l.first)
	if i := n - l.first; i < uint64(len(l.events)) {
		return slices.Clone(l.events[i:]), n, nil
	}
	if l.closed {
		return nil, n, nil
	}
	return nil, n, l.changed
}

// A Reader follows a Log from its beginning. Only one goroutine may use it.
type Reader struct {
	log     *Log
	next    uint64
	Dropped uint64 // events that were dropped before they were read
}

// NewReader returns a Reader that starts with the oldest event.
func (l *Log) NewReader() *Reader { return &Reader{log: l} }

// Read waits for the next events. It returns none when the Log has ended or ctx has.
func (r *Reader) Read(ctx context.Context) []Event {
	for {
		events, at, changed := r.log.from(r.next)
		if len(events) > 0 {
			r.Dropped += at - r.next
			r.next = at + uint64(len(events))
			return events
		}
		if changed == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

func argBytes(e Event) (n int) {
	for _, arg := range e.Args {
		n += len(arg.Text)
		for _, data := range arg.Attachments {
			n += len(data)
		}
	}
	return n
}
