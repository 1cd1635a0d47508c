package compare

import (
	"bytes"
	"net"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"

	"realtimelab/internal/feed"
	"realtimelab/internal/tap"
)

// heads counts HTTP heads: how many, and their bytes, request line and empty line
// included. Index by tap.Direction.
type heads struct {
	count, bytes [2]atomic.Int64
}

// Meter counts what crosses the connections of a listener, and can cut them.
type Meter struct {
	wire *tap.Tap
	line *listener
}

// NewMeter counts the connections that l accepts through Listener.
func NewMeter(l net.Listener) *Meter {
	wire := tap.New(tap.Config{CountOnly: true})
	return &Meter{wire, newListener(wire.Listener(l), &heads{})}
}

// Listener is the one to serve.
func (m *Meter) Listener() net.Listener { return m.line }

// Count returns what has crossed so far. A peer can have received the bytes of the Writing before
// they are counted.
func (m *Meter) Count() Snapshot {
	writing := m.line.writing.Load() // first: what had begun by now is in the figures below, if this is zero
	n, heads := m.wire.Counters(), m.line.heads
	return Snapshot{
		In: n.In, Out: n.Out, Connections: n.Total, Goroutines: runtime.NumGoroutine(),
		HeadersIn: heads.bytes[tap.In].Load(), HeadersOut: heads.bytes[tap.Out].Load(), Requests: heads.count[tap.In].Load(),
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
	heads   *heads
	writing atomic.Int64 // writes that are not counted yet

	mu    sync.Mutex
	isCut bool
	open  map[*conn]struct{}
}

func newListener(l net.Listener, h *heads) *listener {
	return &listener{Listener: l, heads: h, open: map[*conn]struct{}{}}
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
		counted := &conn{Conn: recorded, from: l, split: [2]splitter{{heads: l.heads}, {heads: l.heads, dir: tap.Out}}}
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

// conn is a tap.Conn whose bytes pass two splitters.
type conn struct {
	*tap.Conn
	from  *listener
	mu    [2]sync.Mutex
	split [2]splitter
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
	c.mu[dir].Lock()
	defer c.mu[dir].Unlock()
	c.split[dir].take(p)
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

// splitter follows one direction of an HTTP/1.1 connection (RFC 9112): heads with a
// body by Content-Length or in chunks. What follows a 101, or a request that asks
// for an upgrade, is no HTTP.
type splitter struct {
	heads *heads
	dir   tap.Direction

	line    []byte // the line that is not yet whole
	inBody  bool
	raw     bool
	body    int // bytes of body, or of a chunk and its CRLF, to come
	chunked bool
	last    bool // the last chunk's size was read: trailers end the body
	upgrade bool // this head switches protocols
	length  int  // what this head's Content-Length says
}

func (s *splitter) take(p []byte) {
	for len(p) > 0 && !s.raw {
		if s.body > 0 {
			n := min(s.body, len(p))
			s.body, p = s.body-n, p[n:]
			s.inBody = s.body > 0 || s.chunked
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.countHead(len(p))
			s.line = append(s.line, p...)
			return
		}
		s.countHead(end + 1)
		line := bytes.TrimRight(append(s.line, p[:end]...), "\r")
		s.line, p = nil, p[end+1:]
		if s.inBody {
			s.chunkLine(line)
		} else {
			s.headLine(line)
		}
	}
}

func (s *splitter) countHead(n int) {
	if !s.inBody {
		s.heads.bytes[s.dir].Add(int64(n))
	}
}

func (s *splitter) headLine(line []byte) {
	name, value, found := bytes.Cut(line, []byte(":"))
	value = bytes.ToLower(bytes.TrimSpace(value))
	switch {
	case len(line) == 0:
		s.endHead()
	case bytes.HasPrefix(line, []byte("HTTP/1.1 101")):
		s.upgrade = true
	case found && bytes.EqualFold(name, []byte("Upgrade")) && s.dir == tap.In:
		s.upgrade = true
	case found && bytes.EqualFold(name, []byte("Content-Length")):
		s.length, _ = strconv.Atoi(string(value))
	case found && bytes.EqualFold(name, []byte("Transfer-Encoding")):
		s.chunked = bytes.Equal(value, []byte("chunked"))
	}
}

func (s *splitter) endHead() {
	s.heads.count[s.dir].Add(1)
	s.raw = s.upgrade
	s.body = s.length
	s.inBody = s.chunked || s.body > 0
	s.length, s.last = 0, false
}

// chunkLine takes a line between chunks: a size, or a trailer after the last.
func (s *splitter) chunkLine(line []byte) {
	if s.last {
		if len(line) == 0 {
			s.inBody, s.chunked = false, false
		}
		return
	}
	size, _, _ := bytes.Cut(line, []byte(";"))
	n, err := strconv.ParseInt(string(size), 16, 32)
	switch {
	case err != nil:
		s.raw = true // not HTTP: count no more
	case n == 0:
		s.last = true
	default:
		s.body = int(n) + len("\r\n")
	}
}
