package longpoll

import (
	"sync"
	"time"
)

// presence estimates the number of clients from recent requests, by address and port: a
// browser keeps its TCP connection between polls.
type presence struct {
	within time.Duration

	mu   sync.Mutex
	last map[string]time.Time
}

func newPresence(within time.Duration) *presence {
	return &presence{within: within, last: map[string]time.Time{}}
}

func (p *presence) note(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.last[addr]; !known {
		p.forget()
	}
	p.last[addr] = time.Now()
}

func (p *presence) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget()
	return len(p.last)
}

// forget runs under mu.
func (p *presence) forget() {
	for addr, at := range p.last {
		if time.Since(at) > p.within {
			delete(p.last, addr)
		}
	}
}
