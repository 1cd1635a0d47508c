// Package meter counts what crosses the connections of a server, and can cut them.
package meter

import (
	"net"
	"sync"
	"sync/atomic"

	"realtimelab/internal/feed"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// Counts is what has crossed so far.
type Counts struct {
	In          int64 `json:"in"` // bytes
	Out         int64 `json:"out"`
	HeadersIn   int64 `json:"headers_in"` // of In: HTTP heads
	HeadersOut  int64 `json:"headers_out"`
	Requests    int64 `json:"requests"`
	Connections int64 `json:"connections"`
	Writing     int64 `json:"writing"` // writes that have begun and are not counted yet
}

// Meter counts what crosses the connections of a listener, and can cut them.
type Meter struct {
	wire *tap.Tap
	line *listener
}

// New counts the connections that l accepts through Listener.
func New(l net.Listener) *Meter { return newMeter(l, tap.New(tap.Config{CountOnly: true})) }

func newMeter(l net.Listener, wire *tap.Tap) *Meter {
	return &Meter{wire, &listener{Listener: wire.Listener(l), open: map[*conn]struct{}{}}}
}

// Listener is the one to serve.
func (m *Meter) Listener() net.Listener { return m.line }

// Tap returns the tap that counts, and that records for a Server of ServeRecorded.
func (m *Meter) Tap() *tap.Tap { return m.wire }

// Count returns what has crossed so far. A peer can have received the bytes of the Writing before
// they are counted.
func (m *Meter) Count() Counts {
	writing := m.line.writing.Load() // first: what had begun by now is in the figures below, if this is zero
	n, line := m.wire.Counters(), m.line
	return Counts{
		In: n.In, Out: n.Out, Connections: n.Total,
		HeadersIn: line.heads[tap.In].Load(), HeadersOut: line.heads[tap.Out].Load(), Requests: line.requests.Load(),
		Writing: writing,
	}
}

// Cut resets every connection, and those that come until Mend.
func (m *Meter) Cut() { m.line.cut() }

// Mend ends a cut.
func (m *Meter) Mend() { m.line.mend() }

// listener wraps connections that a Tap recorded to count their heads. It can cut
// them all.
type listener struct {
	net.Listener
	heads    [2]atomic.Int64 // bytes of HTTP heads, by tap.Direction
	requests atomic.Int64
	writing  atomic.Int64 // writes that are not counted yet

	mu    sync.Mutex
	isCut bool
	open  map[*conn]struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		recorded, ok := c.(*tap.Conn)
		if !ok {
			return c, nil
		}
		counted := &conn{Conn: recorded, from: l, heads: xray.NewHeadCounter()}
		if l.enter(counted) {
			return counted, nil
		}
		counted.reset()
	}
}

// enter counts a connection as open, unless the line is cut.
func (l *listener) enter(c *conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isCut {
		l.open[c] = struct{}{}
	}
	return !l.isCut
}

// cut resets every connection, and those that come until mend.
func (l *listener) cut() {
	l.mu.Lock()
	l.isCut = true
	var all []*conn
	for c := range l.open {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		c.reset()
	}
}

func (l *listener) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.isCut = false
}

// conn is a tap.Conn whose heads are counted.
type conn struct {
	*tap.Conn
	from *listener

	mu    sync.Mutex
	heads *xray.HeadCounter
}

func (c *conn) Close() error {
	c.from.mu.Lock()
	delete(c.from.open, c)
	c.from.mu.Unlock()
	return c.Conn.Close()
}

// reset closes the connection so that the client's next read fails.
func (c *conn) reset() { feed.Reset(c) }

func (c *conn) feed(dir tap.Direction, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	bytes, requests := c.heads.Bytes[dir], c.heads.Requests()
	c.heads.Feed(dir, p)
	c.from.heads[dir].Add(c.heads.Bytes[dir] - bytes)
	c.from.requests.Add(c.heads.Requests() - requests)
}

func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.feed(tap.In, p[:n])
	return n, err
}

func (c *conn) Write(p []byte) (int, error) {
	c.from.writing.Add(1)
	defer c.from.writing.Add(-1)
	n, err := c.Conn.Write(p)
	c.feed(tap.Out, p[:n])
	return n, err
}
