// Package tap records what crosses connections: every byte, its direction, its
// time and its place in the stream. It knows bytes, not protocols.
//
// A Tap wraps a net.Listener; what its connections read and write goes into one
// ring of bounded size. Writing to the ring is a copy under a short lock and
// waits for nobody: the oldest events make room for the newest. Readers follow
// the ring at their own pace and learn what they missed. When a connection has
// closed, nothing of it is left but its events in the ring.
package tap

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Config bounds what a Tap holds. The zero value is the default.
type Config struct {
	MaxBytes  int // captured bytes held, rounded up to a power of two; 0 is 4 MiB
	MaxEvents int // events held, rounded up to a power of two; 0 is 16384

	// CountOnly counts bytes and connections and records no events.
	CountOnly bool
}

// Direction is seen from the server, whose listener is tapped.
type Direction uint8

// The directions.
const (
	In  Direction = iota // client → server: what the server read
	Out                  // server → client: what the server wrote
)

// String is "in" or "out".
func (d Direction) String() string {
	if d == In {
		return "in"
	}
	return "out"
}

// Peer is one connection, as its events name it.
type Peer struct {
	ID            uint64 // counts from 1, in the order of acceptance
	Local, Remote net.Addr
	Opened        time.Time
}

// Counters are bytes and connections so far.
type Counters struct {
	In, Out int64 // bytes that were read, and written
	Open    int   // connections now
	Total   int64 // connections ever
	Dropped int64 // bytes that no reader can see: they came in a piece larger than half the ring
}

// Tap records the connections that are given to it.
type Tap struct {
	countOnly bool
	ids       atomic.Uint64

	mu       sync.Mutex // guards what follows; nothing waits while holding it
	ring     ring
	readers  []*Reader
	open     map[uint64]*Conn
	counters Counters
}

// New returns a Tap without connections.
func New(c Config) *Tap {
	if c.MaxBytes == 0 {
		c.MaxBytes = 4 << 20
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 16384
	}
	return &Tap{countOnly: c.CountOnly, ring: newRing(c.MaxBytes, c.MaxEvents), open: map[uint64]*Conn{}}
}

// Counters returns the sums over all connections.
func (t *Tap) Counters() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counters
	c.Open = len(t.open)
	return c
}

// ConnCounters are the bytes of one open connection.
type ConnCounters struct {
	Peer    *Peer
	In, Out int64
}

// Conns returns the counters of the connections that are open, in no order.
func (t *Tap) Conns() []ConnCounters {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]ConnCounters, 0, len(t.open))
	for _, c := range t.open {
		all = append(all, ConnCounters{c.peer, c.passed[In], c.passed[Out]})
	}
	return all
}

// add puts an event of c into the ring. The caller holds t.mu.
func (t *Tap) add(c *Conn, e entry, p []byte) uint64 {
	if t.countOnly || c.muted {
		return none
	}
	e.peer = c.peer
	seq, kept := t.ring.add(e, p)
	t.counters.Dropped += int64(len(p) - kept)
	if !e.pending {
		t.signal()
	}
	return seq
}

// signal wakes the readers that have enough to read. The caller holds t.mu.
func (t *Tap) signal() {
	for _, r := range t.readers {
		if r.due() {
			r.wake()
		}
	}
}
