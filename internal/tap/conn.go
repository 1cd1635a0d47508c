package tap

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// Listener returns l with every connection that it accepts recorded.
func (t *Tap) Listener(l net.Listener) net.Listener { return &listener{l, t} }

type listener struct {
	net.Listener
	tap *Tap
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.tap.Conn(c), nil
}

// Conn is a recorded connection. It does what the connection under it does.
type Conn struct {
	net.Conn
	tap    *Tap
	peer   *Peer
	socket socket

	writing sync.Mutex // held during a write and what records it

	// Guarded by tap.mu.
	passed [2]int64 // bytes in each Direction
	ended  bool     // the client's end was read
	muted  bool
	closed bool
}

// Conn returns c recorded.
func (t *Tap) Conn(c net.Conn) *Conn {
	wrapped := &Conn{Conn: c, tap: t, socket: newSocket(c)}
	wrapped.peer = &Peer{ID: t.ids.Add(1), Local: c.LocalAddr(), Remote: c.RemoteAddr(), Opened: time.Now()}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counters.Total++
	t.open[wrapped.peer.ID] = wrapped
	t.add(wrapped, entry{time: wrapped.peer.Opened, kind: Opened}, nil)
	return wrapped
}

// Peer is what the connection's events call it.
func (c *Conn) Peer() *Peer { return c.peer }

// NetConn is the connection under c. What is done with it is not recorded.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// Read records what it has read.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 && err == nil {
		return n, err
	}
	now := time.Now()
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	if n > 0 {
		c.record(entry{time: now, kind: Data, dir: In}, p[:n])
	}
	if errors.Is(err, io.EOF) && !c.ended {
		c.ended = true
		c.tap.add(c, entry{time: now, kind: Ended, dir: In, offset: c.passed[In]}, nil)
	}
	return n, err
}

// Write records p and then writes it: the client's answer cannot overtake it in
// the ring. Bytes that were not written are taken back by an Unsent event.
func (c *Conn) Write(p []byte) (int, error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	c.locked(func(now time.Time) {
		if len(p) > 0 {
			c.record(entry{time: now, kind: Data, dir: Out}, p)
		}
	})
	n, err := c.Conn.Write(p)
	if n < len(p) {
		c.locked(func(now time.Time) { c.unsend(now, len(p)-n) })
	}
	return n, err
}

// TryWrite writes as much of p as the kernel takes at once, which may be
// nothing, and never waits. It writes nothing where the system or the connection
// under c has no such call, or while another write is under way.
func (c *Conn) TryWrite(p []byte) (int, error) {
	if len(p) == 0 || !c.socket.ok() || !c.writing.TryLock() {
		return 0, nil
	}
	defer c.writing.Unlock()
	var seq uint64
	c.locked(func(now time.Time) { seq = c.record(entry{time: now, kind: Data, dir: Out, pending: true}, p) })
	n, err := c.socket.tryWrite(p)
	c.locked(func(time.Time) { c.commit(seq, n, len(p)) })
	return n, err
}

// CloseWrite closes the server's half of the connection.
func (c *Conn) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	c.locked(func(now time.Time) { c.tap.add(c, entry{time: now, kind: Ended, dir: Out, offset: c.passed[Out]}, nil) })
	return half.CloseWrite()
}

// Close ends the record and the connection.
func (c *Conn) Close() error {
	c.locked(func(now time.Time) {
		if c.closed {
			return
		}
		c.closed = true
		c.tap.add(c, entry{time: now, kind: Closed, dir: Out}, nil)
		delete(c.tap.open, c.peer.ID)
	})
	return c.Conn.Close()
}

// Mute ends the record of the connection, which goes on. Its bytes are counted
// no more.
func (c *Conn) Mute() {
	c.locked(func(now time.Time) {
		c.tap.add(c, entry{time: now, kind: Muted}, nil)
		c.muted = true
	})
}

func (c *Conn) locked(do func(now time.Time)) {
	now := time.Now()
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	do(now)
}

// record counts p and adds it to the ring, as locked's functions do.
func (c *Conn) record(e entry, p []byte) (seq uint64) {
	e.offset, e.size = c.passed[e.dir], len(p)
	seq = c.tap.add(c, e, p)
	c.count(e.dir, len(p))
	return seq
}

func (c *Conn) count(dir Direction, n int) {
	if c.muted {
		return
	}
	c.passed[dir] += int64(n)
	if dir == In {
		c.tap.counters.In += int64(n)
	} else {
		c.tap.counters.Out += int64(n)
	}
}

// unsend takes back the last n bytes of what was written.
func (c *Conn) unsend(now time.Time, n int) {
	c.count(Out, -n)
	c.tap.add(c, entry{time: now, kind: Unsent, dir: Out, offset: c.passed[Out], size: n}, nil)
}

// commit completes an event that waited to know its size.
func (c *Conn) commit(seq uint64, n, of int) {
	c.count(Out, n-of)
	ring := &c.tap.ring
	if seq == none || seq < ring.first {
		return
	}
	e := ring.at(seq)
	e.pending, e.size, e.kept = false, n, min(e.kept, n)
	c.tap.signal()
}

type contextKey struct{}

// ConnContext is for http.Server.ConnContext: it lets handlers find the
// connection that their request came on.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	if recorded, ok := c.(*Conn); ok {
		return context.WithValue(ctx, contextKey{}, recorded)
	}
	return ctx
}

// FromContext returns the connection of a request, nil if it is not recorded.
func FromContext(ctx context.Context) *Conn {
	c, _ := ctx.Value(contextKey{}).(*Conn)
	return c
}
