// Package siowebtransport brings WebTransport to a Socket.IO server, and to the Go client with
// Dial: HTTP/3 and the sessions on it are quic-go's.
//
//	io := sio.NewServer(sio.Config{Engine: engineio.Config{
//		Transports: []string{engineio.Polling, engineio.WebSocket, engineio.WebTransport},
//	}})
//	wt := siowebtransport.NewServer(io, siowebtransport.Config{TLS: tlsConfig})
//	go wt.Serve(udp)
//
// A client that began over polling is then offered the upgrade, and one that names the transport
// begins with it. Browsers connect to the port of the server's URL: listen on the same port for UDP
// as for TCP.
package siowebtransport

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"

	"realtimelab/internal/loglimit"
	"realtimelab/internal/quicconns"
	"realtimelab/internal/tasks"
)

// A Target takes the streams and the other requests: a *sio.Server or an *engineio.Server.
type Target interface {
	http.Handler

	// ServeWebTransport takes the first stream of a session that r has opened, and owns conn.
	ServeWebTransport(conn net.Conn, r *http.Request)
}

// Config configures a Server.
type Config struct {
	// TLS has the certificate; the rest is set as HTTP/3 needs it. A browser must trust the
	// certificate, or get its hash from the page: see NewCertificate.
	TLS *tls.Config

	// CheckOrigin reports whether the page that opens a session may. Default: a page of the same
	// host and port. A page that may not is refused with status 403. Browsers report that as a
	// network error, such as ERR_QUIC_PROTOCOL_ERROR; Log has the reason.
	CheckOrigin func(*http.Request) bool

	// StreamTimeout is how long a client may take to open its stream. Default 10 s.
	StreamTimeout time.Duration

	// Log receives a line for each session that is refused, at most 10 lines in 10 s. Default
	// slog.Default().
	Log *slog.Logger
}

// A Server speaks HTTP/3 and WebTransport. Other requests than those for WebTransport sessions go
// to the target's ServeHTTP: polling over HTTP/3. Its methods may be called from any goroutine.
type Server struct {
	target  Target
	timeout time.Duration
	wt      webtransport.Server

	log   *slog.Logger
	lines loglimit.Limit

	lingering tasks.Group // the sessions that end
	conns     quicconns.Set
}

// NewServer makes a server. Close ends it.
func NewServer(target Target, config Config) *Server {
	s := &Server{target: target, timeout: cmp.Or(config.StreamTimeout, 10*time.Second),
		log: cmp.Or(config.Log, slog.Default())}
	s.wt = webtransport.Server{
		H3: &http3.Server{TLSConfig: http3.ConfigureTLSConfig(config.TLS),
			Handler: http.HandlerFunc(s.serve), ConnContext: s.conns.Add},
		CheckOrigin: config.CheckOrigin,
	}
	return s
}

// Serve serves what comes to conn, which stays the caller's, until Close. It always
// returns an error.
func (s *Server) Serve(conn net.PacketConn) error { return s.wt.Serve(conn) }

// Reset closes every connection at a local address with an error, without a word of Socket.IO.
// Clients may reconnect at once.
func (s *Server) Reset(local net.Addr) { s.conns.Reset(local) }

// Close cuts every connection and waits for the goroutines of the server. Call the target's own
// Close or Shutdown first, which ends the sessions. Serve must have begun: Close does not wait for
// a call of Serve that is just beginning.
func (s *Server) Close() error {
	err := s.wt.Close()
	_ = s.lingering.Wait(context.Background()) // which never ends
	return err
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		s.target.ServeHTTP(w, r)
		return
	}
	session, err := s.wt.Upgrade(w, r)
	if err != nil {
		s.logRefusal(r, err)
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.timeout)
	defer cancel()
	stream, err := session.AcceptStream(ctx)
	if err != nil {
		s.logRefusal(r, fmt.Errorf("no stream: %w", err))
		session.CloseWithError(0, "")
		return
	}
	r.RequestURI = r.URL.RequestURI() // http3 has the authority there
	request := w.(http3.HTTPStreamer).HTTPStream()
	s.target.ServeWebTransport(&conn{Stream: stream, session: session, request: request, server: s},
		r)
}

// logRefusal writes why a session is not served. Parts of it are texts of the client.
func (s *Server) logRefusal(r *http.Request, err error) {
	dropped, ok := s.lines.Allow(10, 10*time.Second)
	if !ok {
		return
	}
	text := func(s string) string { return fmt.Sprintf("%.200q", s) }
	s.log.Warn("WebTransport session refused", "remote", r.RemoteAddr, "host", text(r.Host),
		"origin", text(r.Header.Get("Origin")), "err", text(err.Error()), "dropped", dropped)
}
