package load

import (
	"context"
	"math/rand/v2"
	"net/http/cookiejar"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/internal/lang"
)

// A wire is one connection of a client.
type wire interface {
	send(text []byte) error // one message; it does not block
	leave()                 // as a client that has finished
	cut()                   // as a network that fails
}

// A client is one user of the server.
type client struct {
	run    *run
	number int
	slow   bool // reads slowly
	polls  bool // stays on polling

	mu       sync.Mutex
	wire     wire          // nil unless ready
	tried    bool          // made an attempt to connect
	attempts int           // that failed, since it was last ready
	gone     bool          // for good
	storm    bool          // was cut in the storm, and is to come back
	back     time.Duration // when it is to, from the start
	verdict  error         // why the client ended its connection itself

	jar atomic.Pointer[cookiejar.Jar] // nil until the server sets a cookie

	beat atomic.Int64 // when the last heartbeat came, as a time.Duration from the start
}

// room returns the number of the client's room.
func (c *client) room() int {
	if c.run.config.profile.rooms {
		return c.number / c.run.config.RoomSize
	}
	return 0
}

// arrive connects the client. Its latency counts from due. A failed attempt is repeated later.
func (c *client) arrive(ctx context.Context, due time.Duration) {
	r := c.run
	r.tally.connecting.Add(1)
	defer r.tally.connecting.Add(-1)
	try, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	err := r.protocol.open(try, c)
	if ctx.Err() != nil {
		return
	}
	defer c.hasTried()
	if err == nil {
		r.tally.connected(r.elapsed() - due)
		return
	}
	if try.Err() != nil {
		err = &failure{CauseTimeout, err}
	}
	r.tally.failed(phaseConnect, err)
	c.retry()
}

// hasTried counts the client's first attempt.
func (c *client) hasTried() {
	c.mu.Lock()
	first := !c.tried
	c.tried = true
	c.mu.Unlock()
	if first {
		c.run.tally.tried.Add(1)
	}
}

// joins makes a wire the client's connection: it is ready. It reports false if the client has left.
func (c *client) joins(w wire) bool {
	r := c.run
	c.beat.Store(int64(r.elapsed()))
	c.mu.Lock()
	gone, replaced, returned, back := c.gone, c.wire != nil, c.storm, c.back
	if !gone {
		c.wire, c.attempts, c.storm, c.verdict = w, 0, false, nil
	}
	c.mu.Unlock()
	if gone {
		return false
	}
	if !replaced { // by a client whose cut connection has not ended yet
		r.tally.held(c, +1)
	}
	if returned {
		r.tally.returned(r.elapsed() - back)
	}
	return true
}

// lost handles the end of a connection. The wire calls it once.
func (c *client) lost(w wire, err error) {
	r := c.run
	c.mu.Lock()
	was := c.wire == w
	if was {
		c.wire = nil
	}
	intended := c.gone || c.storm || !was
	if c.verdict != nil {
		err = c.verdict
	}
	c.mu.Unlock()
	if was {
		r.tally.held(c, -1)
	}
	if r.ctx.Err() != nil || intended {
		return
	}
	r.tally.failed(phaseHold, err)
	c.retry()
}

// retry connects the client again after a delay: 1 s, doubled with each failure up to 5 s, and with
// jitter of one half, as the official client does.
func (c *client) retry() {
	r := c.run
	c.mu.Lock()
	n := c.attempts
	c.attempts++
	gone := c.gone
	c.mu.Unlock()
	if r.config.NoReconnect || gone {
		return
	}
	delay := min(time.Second<<min(n, 3), 5*time.Second)
	delay = time.Duration(float64(delay) * (0.5 + rand.Float64()))
	due := r.elapsed() + delay
	r.agenda.at(due, func(ctx context.Context) { c.arrive(ctx, due) })
}

// connection returns the client's wire, or nil.
func (c *client) connection() wire {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wire
}

// leave closes the client's connection for good.
func (c *client) leave() {
	c.mu.Lock()
	c.gone = true
	w := c.wire
	c.mu.Unlock()
	if w != nil {
		w.leave()
	}
}

// drop cuts the client's connection, which comes back when it is due. It reports false if the
// client is not connected.
func (c *client) drop(due time.Duration) bool {
	c.mu.Lock()
	w := c.wire
	c.storm, c.back = w != nil, due
	c.mu.Unlock()
	if w == nil {
		return false // it tries to connect already
	}
	w.cut()
	c.run.agenda.at(due, func(ctx context.Context) { c.arrive(ctx, due) })
	return true
}

// abort cuts the connection for a reason that the client has seen.
func (c *client) abort(reason error) {
	c.mu.Lock()
	w := c.wire
	c.verdict = reason
	c.mu.Unlock()
	if w != nil {
		w.cut()
	}
}

var errNotConnected = lang.Errorf("the client is not connected", "客户端没有连接")

// send sends a message to the server.
func (c *client) send(text []byte) error {
	w := c.connection()
	if w == nil {
		return errNotConnected
	}
	return w.send(text)
}

// hear takes a message from the server.
func (c *client) hear(now time.Time, data []byte, binary bool) error {
	return c.run.protocol.hear(c, now, data, binary)
}

// labels counts the labels in a message. In a profile with acknowledgements, they do not count: an
// echoed event does not acknowledge the one that was sent.
func (c *client) labels(now time.Time, data []byte) {
	r := c.run
	r.tally.messages.Add(1)
	if r.config.profile.acks {
		return
	}
	for n, rest := r.labeler.next(data); n >= 0; n, rest = r.labeler.next(rest) {
		r.tally.deliver(c, n, now.Sub(r.began))
	}
}
