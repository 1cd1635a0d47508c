// Package quicconns keeps the connections of a QUIC server, so that they can be reset.
package quicconns

import (
	"context"
	"net"
	"sync"

	"github.com/quic-go/quic-go"
)

// A Set holds the open connections of a server. The zero value is ready. Its methods may be called
// from any goroutine.
type Set struct {
	mu    sync.Mutex
	conns map[*quic.Conn]struct{}
}

// Add adds a connection until it ends. It is an http3.Server.ConnContext.
func (s *Set) Add(ctx context.Context, c *quic.Conn) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = map[*quic.Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
	context.AfterFunc(c.Context(), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, c)
	})
	return ctx
}

// Reset closes the connections at a local address at once, with an error.
func (s *Set) Reset(local net.Addr) {
	s.mu.Lock()
	var all []*quic.Conn
	for c := range s.conns {
		if c.LocalAddr().String() == local.String() {
			all = append(all, c)
		}
	}
	s.mu.Unlock()
	for _, c := range all {
		_ = c.CloseWithError(internalError, "reset")
	}
}

// internalError is H3_INTERNAL_ERROR of RFC 9114.
const internalError = 0x102
