// Package feedtest holds the tests that every transport of a feed must pass.
package feedtest

import (
	"bufio"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Server serves a handler on a real loopback listener whose connections can be aborted.
type Server struct {
	URL  string
	Addr string

	server *http.Server
	served chan struct{}

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Serve starts a Server, ended with the test. At the end, closeHandler is called first: it notifies
// the handler's clients.
func Serve(t testing.TB, handler http.Handler, closeHandler func(context.Context) error) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &Server{
		Addr:   l.Addr().String(),
		URL:    "http://" + l.Addr().String(),
		served: make(chan struct{}),
		conns:  map[net.Conn]struct{}{},
	}
	s.server = &http.Server{Handler: handler, ConnState: s.track}
	go func() {
		defer close(s.served)
		_ = s.server.Serve(l)
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, closeHandler(ctx))
		require.NoError(t, s.server.Shutdown(ctx))
		<-s.served
	})
	return s
}

func (s *Server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateClosed {
		delete(s.conns, conn)
	} else {
		s.conns[conn] = struct{}{}
	}
}

// Abort closes one connection, if any is open, without an HTTP response or a WebSocket close frame.
func (s *Server) Abort(rng *rand.Rand) {
	s.mu.Lock()
	conns := slices.Collect(maps.Keys(s.conns))
	s.mu.Unlock()
	if len(conns) == 0 {
		return
	}
	conn := conns[rng.IntN(len(conns))]
	if rng.IntN(2) == 0 {
		_ = conn.(*net.TCPConn).SetLinger(0) // sends RST instead of FIN
	}
	_ = conn.Close()
	s.track(conn, http.StateClosed)
}

// Do sends a request, written as on the wire but with "\n" for the line ends, and returns the
// answer with its whole body. "HOST" in it is the server's address.
func (s *Server) Do(t testing.TB, request string) (*http.Response, string) {
	t.Helper()
	conn := s.Dial(t, request)
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp, string(body)
}

// Dial sends a request like Do and lets the caller read the answer. The connection is closed with
// the test.
func (s *Server) Dial(t testing.TB, request string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	tcp := conn.(*net.TCPConn)
	require.NoError(t, tcp.SetDeadline(time.Now().Add(30*time.Second)))
	head, body, _ := strings.Cut(request, "\n\n")
	head = strings.ReplaceAll(strings.ReplaceAll(head, "HOST", s.Addr), "\n", "\r\n")
	_, err = io.WriteString(tcp, head+"\r\n\r\n"+body)
	require.NoError(t, err)
	return tcp
}

// HTTPClient returns a new client whose idle connections end with the test.
func HTTPClient(t testing.TB) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// A RoundTrip answers the requests of an http.Client instead of a network.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f RoundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
