package tap

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"time"
)

// Listener returns l with every accepted connection recorded.
func (t *Tap) Listener(l net.Listener) net.Listener { return &tapListener{l, t, ""} }

// SideListener is like Listener, for one side of a proxy. The connections of ServerSide are
// recorded like all others, but no Counters and no Tally counts them, because their traffic is
// already counted on the other side.
func (t *Tap) SideListener(l net.Listener, side Side) net.Listener {
	return &tapListener{l, t, side}
}

type tapListener struct {
	net.Listener
	tap  *Tap
	side Side
}

func (l *tapListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.tap.conn(c, l.side), nil
}

// A Conn is a recorded connection. Otherwise it behaves like the connection it wraps.
type Conn struct {
	net.Conn
	tap    *Tap
	peer   *Peer
	socket socket

	reads, writes Direction // of what Read returns, and of what Write takes

	writing sync.Mutex // held during a write and while recording it
	runs    []run      // of the write under way; guarded by writing

	// Guarded by tap.mu.
	passed  [2]int64   // recorded bytes in each Direction
	omitter Omitter    // nil once the rest is decided; see muted
	muted   bool       // the rest is omitted
	held    [2][]piece // already crossed, but the omitter needs more to decide
	waits   bool       // the client's are released when Out begins
	shown   bool       // its Opened event was recorded
	omitted bool       // some of its bytes were omitted
	ended   [2]bool    // that direction has ended
	aborted bool       // the connection was reset, or the kernel gave up on it
	closed  bool
	claims  int64
}

// run is a stretch of a write that was either recorded or omitted.
type run struct {
	size     int
	recorded bool
}

// piece holds the bytes of one read or write.
type piece struct {
	time  time.Time
	bytes []byte
}

// Conn returns c wrapped so that it is recorded.
func (t *Tap) Conn(c net.Conn) *Conn { return t.conn(c, "") }

// Dialed returns a connection that this program opened as the client, wrapped so that it is
// recorded. Its writes are In and its reads are Out, as a server would record them. In its Peer,
// Local is the server and Remote the client.
func (t *Tap) Dialed(c net.Conn) *Conn {
	wrapped := &Conn{Conn: c, tap: t, socket: newSocket(c), reads: Out, writes: In}
	wrapped.peer = &Peer{Local: c.RemoteAddr(), Remote: c.LocalAddr(), Opened: time.Now(),
		Dialed: true}
	return t.begin(wrapped)
}

func (t *Tap) conn(c net.Conn, side Side) *Conn {
	wrapped := &Conn{Conn: c, tap: t, socket: newSocket(c), reads: In, writes: Out}
	wrapped.peer = &Peer{Local: c.LocalAddr(), Remote: c.RemoteAddr(), Opened: time.Now(),
		Side: side}
	return t.begin(wrapped)
}

// begin records that the connection was opened, or leaves that to its Omitter.
func (t *Tap) begin(wrapped *Conn) *Conn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.omit != nil {
		wrapped.omitter = t.omit()
	} else {
		wrapped.show()
	}
	return wrapped
}

// show records once that the connection was opened. With an Omitter, the first recorded event calls
// it, so a connection with only omitted bytes leaves no trace. The caller holds tap.mu.
func (c *Conn) show() {
	if c.shown {
		return
	}
	c.number()
	c.tap.add(c, entry{time: c.peer.Opened, kind: Opened}, nil)
}

// number gives the connection its ID, unless it comes from a file, and counts it. The caller holds
// tap.mu.
func (c *Conn) number() {
	c.shown = true
	if c.peer.ID == 0 {
		c.peer.ID = c.tap.shown + 1
	}
	c.tap.shown = max(c.tap.shown, c.peer.ID)
	if c.counts() {
		c.tap.counters.Total++
	}
	c.tap.open[c] = struct{}{}
}

// Peer returns the Peer that identifies the connection in its events.
func (c *Conn) Peer() *Peer { return c.peer }

// NetConn returns the wrapped connection, whose reads and writes are not recorded.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Read reads from the connection and records the bytes.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 && err == nil {
		return n, err
	}
	c.locked(func(now time.Time) {
		if c.closed {
			return
		}
		if n > 0 {
			c.cross(now, c.reads, p[:n])
		}
		switch {
		case errors.Is(err, io.EOF):
			c.end(now, c.reads)
		case err != nil:
			c.failed(now, err)
		}
	})
	return n, err
}

// Write records p before it writes it, so that the other side's answer cannot come before p in the
// ring. If some bytes are not written, an Unsent event takes them back.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.locked(func(now time.Time) {
		c.runs = c.runs[:0]
		if !c.closed {
			c.cross(now, c.writes, p)
		}
	})
	n, err := c.Conn.Write(p)
	if err != nil || n < len(p) {
		c.locked(func(now time.Time) {
			c.unsend(now, len(p)-n)
			c.failed(now, err)
		})
	}
	return n, err
}

// CloseWrite closes this side's half of the connection.
func (c *Conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.locked(func(now time.Time) { c.end(now, c.writes) })
	return half.CloseWrite()
}

// Close records how the connection ends and closes it.
func (c *Conn) Close() error {
	fate := c.socket.fate()
	c.locked(func(now time.Time) {
		if c.closed {
			return
		}
		c.closed = true
		c.releaseAll()
		c.endAs(now, fate)
		c.note(entry{time: now, kind: Closed, dir: c.writes})
		if c.shown {
			delete(c.tap.open, c)
			c.tap.settle(c)
		}
	})
	return c.Conn.Close()
}

// endAs records what the wire shows when a connection in state f is closed.
func (c *Conn) endAs(now time.Time, f fate) {
	switch {
	case c.aborted || !f.known:
	case f.reset:
		c.reset(now, c.reads)
	default:
		if f.ended {
			c.end(now, c.reads)
		}
		if c.ended[In] && c.ended[Out] {
			return
		}
		if f.unread || f.abort {
			c.reset(now, c.writes)
		} else {
			c.end(now, c.writes)
		}
	}
}

// end records the end of a direction, which is its FIN.
func (c *Conn) end(now time.Time, dir Direction) {
	if c.ended[dir] || c.aborted {
		return
	}
	c.releaseAll()
	c.ended[dir] = true
	c.note(entry{time: now, kind: Ended, dir: dir, offset: c.passed[dir]})
}

// reset records that the side sending in direction dir has reset the connection.
func (c *Conn) reset(now time.Time, dir Direction) {
	c.releaseAll()
	c.aborted = true
	c.note(entry{time: now, kind: Reset, dir: dir, offset: c.passed[dir]})
}

// failed records what a read or write error reveals about the wire.
func (c *Conn) failed(now time.Time, err error) {
	var errno syscall.Errno
	if c.aborted || c.closed || !errors.As(err, &errno) {
		return
	}
	switch {
	// the other side had closed and answered data with RST
	case isReset(errno), isBrokenPipe(errno) && c.ended[c.reads] && !c.ended[c.writes]:
		c.reset(now, c.reads)
	case !isBrokenPipe(errno): // such as a kernel timeout, which no packet shows
		c.aborted = true
	}
}

// note records an event without bytes, unless the whole connection was omitted.
func (c *Conn) note(e entry) {
	if !c.shown && c.omitted {
		return
	}
	c.show()
	c.tap.add(c, e, nil)
}

func (c *Conn) locked(do func(now time.Time)) {
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	do(time.Now()) // taken with the lock held, so that a connection's times do not decrease
}

// cross splits p into pieces and records the pieces that are not omitted.
func (c *Conn) cross(now time.Time, dir Direction, p []byte) {
	if dir == Out && c.waits {
		c.release(In) // the response has begun, so the request will not become clearer
	}
	for len(p) > 0 {
		n, verdict := len(p), Record
		if c.muted {
			verdict = Omit
		} else if c.omitter != nil {
			n, verdict = c.omitter.Next(dir, p)
		}
		c.take(now, dir, p[:n], verdict)
		p = p[n:]
	}
}

// take records, omits or holds p, as the verdict says.
func (c *Conn) take(now time.Time, dir Direction, p []byte, v Verdict) {
	if v == Wait || v == Hold {
		c.held[dir] = append(c.held[dir], piece{now, append([]byte(nil), p...)})
		c.waits = v == Wait
		if dir == c.writes {
			c.runs = append(c.runs, run{len(p), false})
		}
		return
	}
	recorded := v == Record || v == RecordRest
	held := c.held[dir]
	c.held[dir] = nil
	for _, h := range held {
		c.put(h.time, dir, h.bytes, recorded)
	}
	c.put(now, dir, p, recorded)
	if v == RecordRest || v == OmitRest {
		c.omitter, c.muted = nil, v == OmitRest
	}
}

func (c *Conn) put(now time.Time, dir Direction, p []byte, recorded bool) {
	if dir == c.writes {
		c.runs = append(c.runs, run{len(p), recorded})
	}
	if recorded {
		c.record(entry{time: now, kind: Data, dir: dir}, p)
	} else {
		c.omitted = true
	}
}

// release records the bytes that are waiting for a verdict.
func (c *Conn) release(dir Direction) {
	held := c.held[dir]
	c.held[dir] = nil
	for _, h := range held {
		c.record(entry{time: h.time, kind: Data, dir: dir}, h.bytes)
	}
}

func (c *Conn) releaseAll() {
	c.release(In)
	c.release(Out)
}

// record counts p and adds it to the ring. The caller holds tap.mu.
func (c *Conn) record(e entry, p []byte) {
	c.show()
	e.offset, e.size = c.passed[e.dir], len(p)
	c.tap.add(c, e, p)
	c.count(e.dir, len(p))
}

// counts reports whether the connection is in the counters.
func (c *Conn) counts() bool { return c.peer.Side != ServerSide }

func (c *Conn) count(dir Direction, n int) {
	c.passed[dir] += int64(n)
	if !c.counts() {
		return
	}
	if dir == In {
		c.tap.counters.In += int64(n)
	} else {
		c.tap.counters.Out += int64(n)
	}
}

// unsend takes back the last n bytes of the current write, as far as they were recorded.
func (c *Conn) unsend(now time.Time, n int) {
	c.held[c.writes] = nil // part of this write, or of one just before it
	back := 0
	for i := len(c.runs) - 1; i >= 0 && n > 0; i-- {
		part := min(n, c.runs[i].size)
		if c.runs[i].recorded {
			back += part
		}
		n -= part
	}
	if back > 0 {
		c.count(c.writes, -back)
		c.note(entry{time: now, kind: Unsent, dir: c.writes, offset: c.passed[c.writes],
			size: back})
	}
}

type contextKey struct{}

// ConnContext is an http.Server.ConnContext that lets handlers find the connection of their
// request; see FromContext.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if recorded, ok := c.(*Conn); ok {
		return context.WithValue(ctx, contextKey{}, recorded)
	}
	return ctx
}

// FromContext returns the connection of a request, or nil if it is not recorded.
func FromContext(ctx context.Context) *Conn {
	c, _ := ctx.Value(contextKey{}).(*Conn)
	return c
}
