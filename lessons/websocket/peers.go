package websocket

import (
	"context"
	"maps"
	"slices"
	"sync"

	"realtimelab/internal/tasks"
)

// peers holds the connections of one server, to count and to close them. It is not a
// hub: messages do not pass through it.
type peers struct {
	running tasks.Group

	mu     sync.Mutex // guards what follows
	conns  map[*conn]struct{}
	closed bool
}

func newPeers() *peers { return &peers{conns: map[*conn]struct{}{}} }

// run serves a connection in a goroutine of its own. If the server is closing, the connection ends
// with errGoingAway at once.
func (p *peers) run(c *conn, serve func()) {
	p.running.Go(func() {
		if !p.add(c) {
			c.end(errGoingAway)
		}
		defer p.remove(c)
		serve()
	})
}

func (p *peers) add(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = struct{}{}
	return !p.closed
}

func (p *peers) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

func (p *peers) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// stop refuses new connections from now on and calls fn for each open one, without the lock: fn may
// close a connection, and closing may take its time.
func (p *peers) stop(fn func(*conn)) {
	p.mu.Lock()
	p.closed = true
	open := slices.Collect(maps.Keys(p.conns))
	p.mu.Unlock()
	for _, c := range open {
		fn(c)
	}
}

// wait returns when all connections are gone. When ctx ends first, the rest are
// aborted, and its error is returned.
func (p *peers) wait(ctx context.Context) error {
	err := p.running.Wait(ctx)
	if err != nil {
		p.stop((*conn).abort)
		_ = p.running.Wait(context.Background()) // which never ends
	}
	return err
}
