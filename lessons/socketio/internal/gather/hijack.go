package gather

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// A Set holds the connections of a server that are not closed yet. The zero value is ready. Its
// methods may be called from any goroutine.
type Set struct {
	mu    sync.Mutex
	conns map[*Conn]struct{}
}

// Add makes a Conn of a connection, and holds it until its Close. Its reader first gets early, what
// the peer has sent already.
func (s *Set) Add(conn net.Conn, early []byte) *Conn {
	var c *Conn
	c = NewConn(conn, early, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.conns, c)
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		s.conns = map[*Conn]struct{}{}
	}
	s.conns[c] = struct{}{}
	return c
}

// Expire bounds the rest of each connection's life: see Conn.Expire.
func (s *Set) Expire(after time.Duration) {
	s.mu.Lock()
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	for _, c := range conns {
		c.Expire(after)
	}
}

// A Hijacker is a ResponseWriter for gorilla/websocket's Upgrader. Its Hijack puts the connection
// into Set, and returns a Conn.
type Hijacker struct {
	http.ResponseWriter
	Set     *Set
	OnTaken func() // called by Hijack when the connection has been taken over; may be nil

	Conn *Conn // set by Hijack
	Err  error // why Hijack has failed
}

// Hijack implements http.Hijacker. It finds the server's own ResponseWriter below the writers of
// middlewares, through their method Unwrap. The error names a writer without that method.
func (h *Hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		inner := h.ResponseWriter
		for wrapped, ok := inner.(unwrapper); ok; wrapped, ok = inner.(unwrapper) {
			inner = wrapped.Unwrap()
		}
		h.Err = fmt.Errorf(
			"a %T cannot be taken over for a WebSocket: a middleware's ResponseWriter needs "+
				"the method Unwrap() http.ResponseWriter, and the request HTTP/1.1: %w", inner, err)
		return nil, nil, h.Err
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	h.Conn = h.Set.Add(conn, early)
	if h.OnTaken != nil {
		h.OnTaken()
	}
	return h.Conn, bufio.NewReadWriter(bufio.NewReaderSize(h.Conn, 16),
		bufio.NewWriterSize(h.Conn, 16)), nil
}

// unwrapper is a middleware's ResponseWriter, as http.ResponseController wants it.
type unwrapper interface{ Unwrap() http.ResponseWriter }
