package websocket

import (
	"context"
	"sync"
)

// peers is the connections of one server, for counting and for the end. It is no
// hub: messages do not pass through it. The zero value is ready.
type peers struct {
	wg sync.WaitGroup // one for each connection that runs

	mu     sync.Mutex
	conns  map[*conn]struct{}
	closed bool
}

// run starts a connection's goroutine. If the server is closing, the client is told so at once.
func (p *peers) run(c *conn, serve func()) {
	if !p.add(c) {
		c.end(errGoingAway)
	}
	go func() {
		defer p.remove(c)
		serve()
	}()
}

func (p *peers) add(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conns == nil {
		p.conns = map[*conn]struct{}{}
	}
	p.conns[c] = struct{}{}
	p.wg.Add(1)
	return !p.closed
}

func (p *peers) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	p.wg.Done()
}

func (p *peers) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns)
}

// stop refuses connections from now on and calls fn for those there are.
func (p *peers) stop(fn func(*conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.conns {
		fn(c)
	}
}

// wait returns when all connections are gone. When ctx ends first, the rest are
// cut, and its error is returned.
func (p *peers) wait(ctx context.Context) error {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		p.wg.Wait()
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		p.stop((*conn).cut)
		<-gone
		return ctx.Err()
	}
}
