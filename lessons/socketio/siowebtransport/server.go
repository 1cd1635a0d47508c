// Package siowebtransport brings WebTransport to a Socket.IO server: HTTP/3 and the
// sessions on it are quic-go's.
//
//	io := sio.NewServer(sio.Config{Engine: engineio.Config{
//		Transports: []string{engineio.Polling, engineio.WebSocket, engineio.WebTransport},
//	}})
//	wt := siowebtransport.NewServer(io, siowebtransport.Config{TLS: tlsConfig})
//	go wt.Serve(udp)
//
// A client that began over polling is then offered the upgrade, and one that names the
// transport begins with it. It asks the port of the page for it: let udp have the port
// of the HTTP server.
package siowebtransport

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

// Target is what takes the streams and the other requests: a *sio.Server or an
// *engineio.Server.
type Target interface {
	http.Handler
	ServeWebTransport(conn net.Conn, r *http.Request)
}

// Config of a Server.
type Config struct {
	// TLS has the certificate; the rest is set as HTTP/3 needs it. A browser must trust
	// the certificate, or be told its hash: see NewCertificate.
	TLS *tls.Config

	// CheckOrigin reports whether the page that opens a session may. Default: a page of
	// the same host and port.
	CheckOrigin func(*http.Request) bool

	// StreamTimeout is how long a client may take to open its stream. Default 10 s.
	StreamTimeout time.Duration
}

// Server speaks HTTP/3 and WebTransport. What is no WebTransport session goes to the
// target's ServeHTTP: polling over HTTP/3.
type Server struct {
	target  Target
	timeout time.Duration
	wt      webtransport.Server

	lingering sync.WaitGroup // the sessions that end
}

// NewServer makes a server. Close ends it.
func NewServer(target Target, config Config) *Server {
	s := &Server{target: target, timeout: config.StreamTimeout}
	if s.timeout == 0 {
		s.timeout = 10 * time.Second
	}
	s.wt = webtransport.Server{
		H3:          &http3.Server{TLSConfig: http3.ConfigureTLSConfig(config.TLS), Handler: http.HandlerFunc(s.serve)},
		CheckOrigin: config.CheckOrigin,
	}
	return s
}

// Serve serves what comes to conn, which stays the caller's, until Close. It always
// returns an error.
func (s *Server) Serve(conn net.PacketConn) error { return s.wt.Serve(conn) }

// Close cuts every connection and waits for what the server started. The target's own
// Close comes before, so that the clients are told. Serve must have begun: Close does not
// wait for one that is just beginning.
func (s *Server) Close() error {
	err := s.wt.Close()
	s.lingering.Wait()
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		s.target.ServeHTTP(w, r)
		return
	}
	session, err := s.wt.Upgrade(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	stream, err := session.AcceptStream(ctx)
	if err != nil {
		session.CloseWithError(0, "")
		return
	}
	r.RequestURI = r.URL.RequestURI() // http3 has the authority there
	request := w.(http3.HTTPStreamer).HTTPStream()
	s.target.ServeWebTransport(&conn{Stream: stream, session: session, request: request, server: s}, r)
}
