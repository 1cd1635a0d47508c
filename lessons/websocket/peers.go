package websocket

import (
	"context"
	"sync"
)

// peers is the connections of one server, for counting and for the end. It is no
// hub: messages do not pass through it.
type peers struct {
	mu     sync.Mutex
	empty  sync.Cond // of mu: the last connection has gone
	conns  map[*conn]struct{}
	closed bool
}

func newPeers() *peers {
	p := &peers{conns: map[*conn]struct{}{}}
	p.empty.L = &p.mu
	return p
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
	p.conns[c] = struct{}{}
	return !p.closed
}

func (p *peers) remove(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	if len(p.conns) == 0 {
		p.empty.Broadcast()
	}
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
	inTime := context.AfterFunc(ctx, func() { p.stop((*conn).cut) })
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.conns) > 0 {
		p.empty.Wait()
	}
	if inTime() {
		return nil
	}
	return ctx.Err()
}
