package httpserver

import (
	"maps"
	"net"
	"slices"
	"sync"

	"realtimelab/internal/accept"
)

// Track returns l with its connections registered, so that Close can close them all. net/http no
// longer knows the connections that a handler has hijacked. Accept retries after temporary errors.
// With Config.TLS, the connections carry plain bytes over TLS.
func (s *Server) Track(l net.Listener) net.Listener {
	return &trackedListener{accept.Retry(l, s.log), s}
}

type trackedListener struct {
	net.Listener
	server *Server
}

func (l *trackedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	tracked := &trackedConn{tcp, &l.server.conns}
	l.server.conns.add(tracked)
	if l.server.tls != nil {
		return l.server.newTLSConn(tracked), nil
	}
	return tracked, nil
}

// trackedConn is a TCP connection that removes itself from the set when it is closed.
type trackedConn struct {
	*net.TCPConn
	conns *conns
}

func (c *trackedConn) Close() error {
	c.conns.remove(c)
	return c.TCPConn.Close()
}

// conns is the set of a server's open connections.
type conns struct {
	mu     sync.Mutex
	open   map[*trackedConn]struct{}
	closed bool
}

func (s *conns) add(c *trackedConn) {
	s.mu.Lock()
	if s.open == nil {
		s.open = map[*trackedConn]struct{}{}
	}
	s.open[c] = struct{}{}
	closed := s.closed
	s.mu.Unlock()
	if closed {
		c.TCPConn.Close()
	}
}

func (s *conns) remove(c *trackedConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, c)
}

// closeAll closes all open connections, and add closes later ones at once. Each owner still calls
// its own Close.
func (s *conns) closeAll() {
	s.mu.Lock()
	s.closed = true
	open := slices.Collect(maps.Keys(s.open))
	s.mu.Unlock()
	for _, c := range open {
		c.TCPConn.Close()
	}
}
