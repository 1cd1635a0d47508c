// Package tap records the traffic of connections: every byte with its direction, its time and its
// place in the stream. It does not interpret protocols.
//
// A Tap wraps a net.Listener and records what its connections read and write in one ring of bounded
// size. Recording is a copy under a short lock and never waits for a reader: new events overwrite
// the oldest. Readers follow the ring at their own pace and can ask how many events they missed.
// After a connection closes, only its events in the ring remain.
package tap

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Config sets the limits of a Tap. The zero value is the default.
type Config struct {
	MaxBytes  int // captured bytes in memory, rounded up to a power of two; 0 means 4 MiB
	MaxEvents int // events in memory, rounded up to a power of two; 0 means 16384

	// CountOnly counts bytes and connections and records no events.
	CountOnly bool

	// Omit returns the Omitter for a new connection. Nil records everything.
	Omit func() Omitter
}

// A Direction is seen from the server: its listener is tapped, or its client's connections are.
type Direction uint8

// The directions.
const (
	In  Direction = iota // client → server
	Out                  // server → client
)

// String returns "in" or "out".
func (d Direction) String() string {
	if d == In {
		return "in"
	}
	return "out"
}

// A Peer identifies one connection in its events.
type Peer struct {
	ID            uint64 // counts from 1, in the order of the Opened events
	Local, Remote net.Addr
	Opened        time.Time
	Side          Side
	Dialed        bool // recorded by the client, see Tap.Dialed

	owner atomic.Pointer[string] // nil until an owner claims it
}

// A Side says which side of a proxy a connection is on. It is empty without a proxy.
type Side string

// The sides of a proxy.
const (
	ClientSide Side = "client" // between a client and the proxy
	ServerSide Side = "server" // between the proxy and the server
)

// Counters counts bytes and connections so far.
type Counters struct {
	In, Out int64 // bytes read, and bytes written
	Open    int   // connections open now
	Total   int64 // connections so far
	// bytes that were not kept, because they came in a piece larger than half the ring
	Dropped int64
}

// A Tap records its connections.
type Tap struct {
	countOnly bool
	omit      func() Omitter
	claimed   atomic.Int64

	mu       sync.Mutex // guards the fields below; holders do not block
	ring     ring
	readers  []*Reader
	open     map[*Conn]struct{} // shown connections only
	shown    uint64             // connections so far
	tallies  map[string]*Tally
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
	return &Tap{
		countOnly: c.CountOnly, omit: c.Omit, ring: newRing(c.MaxBytes, c.MaxEvents),
		open: map[*Conn]struct{}{}, tallies: map[string]*Tally{},
	}
}

// Counters returns the sums over all connections.
func (t *Tap) Counters() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.counters
	for conn := range t.open {
		if conn.counts() {
			c.Open++
		}
	}
	return c
}

// ConnCounters counts the bytes of one open connection.
type ConnCounters struct {
	Peer    *Peer
	In, Out int64
}

// Conns returns the counters of the open connections in no particular order.
func (t *Tap) Conns() []ConnCounters {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]ConnCounters, 0, len(t.open))
	for c := range t.open {
		all = append(all, ConnCounters{c.peer, c.passed[In], c.passed[Out]})
	}
	return all
}

// add adds an event of c to the ring and wakes the readers that have enough to read. The caller
// holds t.mu.
func (t *Tap) add(c *Conn, e entry, p []byte) {
	if t.countOnly {
		return
	}
	e.peer = c.peer
	kept := t.ring.add(e, p)
	t.counters.Dropped += int64(len(p) - kept)
	for _, r := range t.readers {
		if r.due() {
			r.wake()
		}
	}
}
