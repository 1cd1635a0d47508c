package xray

import (
	"time"

	"realtimelab/internal/tap"
)

// decoder turns events into rows. It does no I/O.
type decoder struct {
	conns    map[uint64]*connDecoder
	sessions sessions
	rows     []*Row
	lastID   uint64
	lab      string // prefix of the lab's own paths, if any
	omitted  string // prefix of the paths whose rows are hidden, if any

	rebuilt  bool         // the bytes were rebuilt from messages, so there are no TCP rows
	counter  *HeadCounter // if set, the decoder only counts heads
	quiet    bool         // follow the framing but make no rows
	requests int64
	skimmed  int64

	maxPending int
	pending    int // bytes of unfinished units: the sum of conn.pending
}

func newDecoder(maxPending, maxSessions int) *decoder {
	return &decoder{conns: map[uint64]*connDecoder{}, sessions: newSessions(maxSessions),
		maxPending: maxPending}
}

// take returns the rows made since the last call.
func (d *decoder) take() []*Row {
	rows := d.rows
	d.rows = nil
	return rows
}

// event reads one event from the tap.
func (d *decoder) event(e tap.Event) {
	c := d.conn(e)
	if d.quiet {
		d.skimmed += int64(e.Size)
	}
	c.now = e.Time
	switch e.Kind {
	case tap.Opened:
		c.row(&Row{Layer: TCP, tap: e.Kind.String(), Dir: tap.In,
			Summary: say("connection %d opened from %v", "连接 %d 已建立，来自 %v", c.peer.ID,
				c.peer.Remote)})
	case tap.Data:
		c.data(e)
	case tap.Unsent:
		c.unsent(e)
	case tap.Ended:
		c.ended(e.Dir)
	case tap.Reset:
		c.reset(e.Dir)
	case tap.Closed:
		c.closed()
	}
	d.account(c, e.Kind)
}

// conn finds the event's connection. If its first bytes were not recorded, its traffic is shown as
// bytes.
func (d *decoder) conn(e tap.Event) *connDecoder {
	c := d.conns[e.Peer.ID]
	if c == nil {
		c = newConnDecoder(d, e.Peer)
		d.conns[e.Peer.ID] = c
		if first := e.Kind == tap.Data && e.Offset == 0; e.Kind != tap.Opened && !first {
			for _, s := range c.streams {
				s.at, s.end = e.Offset, e.Offset
				s.giveUp(say("the beginning of this connection was not recorded",
					"这个连接的开头没有被记录下来"))
			}
		}
	}
	return c
}

func (d *decoder) forget(c *connDecoder) {
	d.pending -= c.pending
	c.pending = 0
	delete(d.conns, c.peer.ID)
}

// account limits the memory of unfinished units. It stops reading the connection that exceeds the
// limit.
func (d *decoder) account(c *connDecoder, kind tap.Kind) {
	if kind == tap.Closed {
		d.forget(c)
		return
	}
	d.pending -= c.pending
	c.pending = c.held()
	if d.pending+c.pending > d.maxPending && c.pending > 0 {
		for _, s := range c.streams {
			s.giveUp(say("too many unfinished messages are being held",
				"未完成的消息占用的内存太多"))
		}
		c.pending = c.held()
	}
	d.pending += c.pending
}

// emit assigns a row its id and stores it.
func (d *decoder) emit(r *Row) {
	d.lastID++
	r.ID = d.lastID
	d.rows = append(d.rows, r)
}

// since formats a duration for a learner.
func since(from, to time.Time) string {
	d := max(to.Sub(from), 0)
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}
