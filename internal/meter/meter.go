// Package meter counts the traffic of a server's connections, and can cut them.
package meter

import (
	"net"
	"sync"
	"sync/atomic"

	"realtimelab/internal/tap"
	"realtimelab/internal/tcpreset"
	"realtimelab/internal/xray"
)

// Counts holds the traffic so far.
type Counts struct {
	In          int64 `json:"in"` // bytes
	Out         int64 `json:"out"`
	HeadersIn   int64 `json:"headers_in"` // of In: HTTP heads
	HeadersOut  int64 `json:"headers_out"`
	Requests    int64 `json:"requests"`
	Connections int64 `json:"connections"`
	Writing     int64 `json:"writing"` // writes that have begun and are not counted yet
}

// Meter counts the traffic of a listener's connections, and can cut them.
type Meter struct {
	wire *tap.Tap
	line *meteredListener
}

// New counts the connections that l accepts through Listener.
func New(l net.Listener) *Meter { return newMeter(l, tap.New(tap.Config{CountOnly: true})) }

func newMeter(l net.Listener, wire *tap.Tap) *Meter {
	return &Meter{wire,
		&meteredListener{Listener: wire.Listener(l), open: map[*meteredConn]struct{}{}}}
}

// Listener returns the listener to serve.
func (m *Meter) Listener() net.Listener { return m.line }

// Tap returns the tap that counts, and that records for a Server of ServeRecorded.
func (m *Meter) Tap() *tap.Tap { return m.wire }

// Count returns the traffic so far. A peer may receive the bytes of the Writing before they are
// counted.
func (m *Meter) Count() Counts {
	// first: if it is zero, the figures below include everything that has begun by now
	writing := m.line.writing.Load()
	m.line.counting.Lock()
	n := m.line.counts
	m.line.counting.Unlock()
	n.Connections, n.Writing = m.wire.Counters().Total, writing
	return n
}

// Down resets every connection, and every new one until Up.
func (m *Meter) Down() { m.line.setDown() }

// Up accepts connections again.
func (m *Meter) Up() { m.line.setUp() }

// meteredListener wraps connections that a Tap recorded to count their heads. It can reset
// them all.
type meteredListener struct {
	net.Listener
	writing atomic.Int64 // writes that are not counted yet

	counting sync.Mutex
	counts   Counts // without Connections and Writing

	mu   sync.Mutex
	down bool
	open map[*meteredConn]struct{}
}

func (l *meteredListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		recorded, ok := c.(*tap.Conn)
		if !ok {
			return c, nil
		}
		counted := &meteredConn{Conn: recorded, from: l, heads: xray.NewHeadCounter()}
		if l.enter(counted) {
			return counted, nil
		}
		counted.reset()
	}
}

// enter counts a connection as open, unless the line is down.
func (l *meteredListener) enter(c *meteredConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.down {
		l.open[c] = struct{}{}
	}
	return !l.down
}

// setDown resets every connection, and every new one until setUp.
func (l *meteredListener) setDown() {
	l.mu.Lock()
	l.down = true
	var all []*meteredConn
	for c := range l.open {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		c.reset()
	}
}

func (l *meteredListener) setUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// meteredConn is a tap.Conn whose heads are counted.
type meteredConn struct {
	*tap.Conn
	from *meteredListener

	mu    sync.Mutex
	heads *xray.HeadCounter
}

func (c *meteredConn) Close() error {
	c.from.mu.Lock()
	delete(c.from.open, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

// reset closes the connection so that the client's next read fails.
func (c *meteredConn) reset() { tcpreset.Close(c) }

// count counts bytes and their heads in one step, so that no Counts has only the ones or the
// others.
func (c *meteredConn) count(dir tap.Direction, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bytes, requests := c.heads.Bytes[dir], c.heads.Requests()
	c.heads.Feed(dir, p)
	c.from.counting.Lock()
	defer c.from.counting.Unlock()
	n := &c.from.counts
	size, heads := &n.In, &n.HeadersIn
	if dir == tap.Out {
		size, heads = &n.Out, &n.HeadersOut
	}
	*size += int64(len(p))
	*heads += c.heads.Bytes[dir] - bytes
	n.Requests += c.heads.Requests() - requests
}

func (c *meteredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.count(tap.In, p[:n])
	return n, err
}

func (c *meteredConn) Write(p []byte) (int, error) {
	c.from.writing.Add(1)
	defer c.from.writing.Add(-1)
	n, err := c.Conn.Write(p)
	c.count(tap.Out, p[:n])
	return n, err
}
