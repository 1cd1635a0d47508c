package slow

import (
	"context"
	"net"
	"sync"
	"time"
)

// unlimited is the rate of a reader that reads as fast as it can.
const unlimited = -1

// A pace limits how fast bytes are read. Its rate may change at any time.
type pace struct {
	mu      sync.Mutex
	rate    int           // bytes a second; 0 stops
	changed chan struct{} // closed when the rate changes
}

func newPace(rate int) *pace { return &pace{rate: rate, changed: make(chan struct{})} }

// set changes the rate.
func (p *pace) set(rate int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate = rate
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pace) now() (rate int, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rate, p.changed
}

// spend waits as long as n bytes take at the rate. If ctx ends, the error is its cause.
func (p *pace) spend(ctx context.Context, n int) error {
	left := float64(n)
	for left > 0 {
		rate, changed := p.now()
		if rate == unlimited {
			return nil
		}
		began := time.Now()
		var done <-chan time.Time // nil, and so never ready, at rate 0
		if rate > 0 {
			done = time.After(time.Duration(left / float64(rate) * float64(time.Second)))
		}
		select {
		case <-done:
			return nil
		case <-changed:
			left -= float64(rate) * time.Since(began).Seconds()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// chunk is how many bytes are read at once, at most.
const chunk = 1 << 10

// A pacedConn limits the rate of reading. Unread bytes stay in the kernel's buffers, which fill.
type pacedConn struct {
	net.Conn
	pace *pace
	ctx  context.Context // ends a wait
	on   bool            // false during the handshake, which is read at once
}

func (c *pacedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p[:min(len(p), chunk)])
	if !c.on {
		return n, err
	}
	if waited := c.pace.spend(c.ctx, n); waited != nil {
		return n, waited
	}
	return n, err
}
