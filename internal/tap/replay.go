package tap

import "time"

// A Replayed is a connection whose events come from a file. Its methods record events with the
// given times, as a Conn does for the wire. The caller calls them in the order of the times.
type Replayed struct{ conn *Conn }

// Replay returns a connection of that peer. begun means that its beginning is in the file; Replay
// then records that it was opened. A Peer without an ID gets the next one.
func (t *Tap) Replay(p *Peer, begun bool) *Replayed {
	c := &Conn{tap: t, peer: p}
	t.mu.Lock()
	defer t.mu.Unlock()
	if begun {
		c.show()
	} else {
		c.number()
	}
	return &Replayed{c}
}

// Peer returns the Peer that identifies the connection in its events.
func (r *Replayed) Peer() *Peer { return r.conn.peer }

// Data records bytes that crossed.
func (r *Replayed) Data(at time.Time, dir Direction, p []byte) {
	r.locked(func(c *Conn) { c.record(entry{time: at, kind: Data, dir: dir}, p) })
}

// Skip moves past n bytes that crossed and are not in the file.
func (r *Replayed) Skip(dir Direction, n int64) {
	r.locked(func(c *Conn) { c.passed[dir] += n })
}

// Unsent takes back the last n bytes of the server's, which a failed write did not send.
func (r *Replayed) Unsent(at time.Time, n int) {
	r.locked(func(c *Conn) {
		n = int(min(int64(n), c.passed[Out]))
		c.count(Out, -n)
		c.note(entry{time: at, kind: Unsent, dir: Out, offset: c.passed[Out], size: n})
	})
}

// End records the FIN of a direction.
func (r *Replayed) End(at time.Time, dir Direction) {
	r.locked(func(c *Conn) { c.end(at, dir) })
}

// Reset records that the side sending in direction dir has reset the connection.
func (r *Replayed) Reset(at time.Time, dir Direction) {
	r.locked(func(c *Conn) {
		if !c.aborted {
			c.reset(at, dir)
		}
	})
}

// Close records that the connection is closed. It is the connection's last event.
func (r *Replayed) Close(at time.Time) {
	r.locked(func(c *Conn) {
		c.closed = true
		c.note(entry{time: at, kind: Closed, dir: Out})
		delete(c.tap.open, c)
		c.tap.settle(c)
	})
}

// locked calls do with tap.mu held, unless the connection is closed.
func (r *Replayed) locked(do func(*Conn)) {
	t := r.conn.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	if !r.conn.closed {
		do(r.conn)
	}
}
