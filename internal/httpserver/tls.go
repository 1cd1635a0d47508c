package httpserver

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
)

// TLS ends in the listener, below wrappers such as the wire tap, so that a tap records plain bytes.
// net/http then sees the wrapper instead of a *tls.Conn: it knows neither the protocol that ALPN
// chose nor that there is TLS. So the server recognises HTTP/2 by the connection preface (RFC 9113
// §3.4), which net/http calls unencrypted HTTP/2. This keeps net/http's graceful shutdown, limits
// and ConnContext; http2.Server.ServeConn would need an accept loop of our own for them. A tlsConn
// performs the handshake in its first Read, under net/http's deadline for a request's head.
// withTLS sets Request.TLS.

// secure makes s speak TLS with c.
func (s *Server) secure(c *tls.Config) {
	s.tls = c.Clone()
	if s.tls.NextProtos == nil {
		s.tls.NextProtos = []string{"h2", "http/1.1"}
	}
	s.http.Protocols = &http.Protocols{}
	s.http.Protocols.SetHTTP1(true)
	s.http.Protocols.SetUnencryptedHTTP2(true)
	s.http.HTTP2 = &http.HTTP2Config{WriteByteTimeout: stallTime}
	s.http.Handler = withTLS(s.http.Handler)
	inner := s.http.ConnContext
	s.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		c = c.(*aheadConn).Conn // as its listener made it
		if inner != nil {
			ctx = inner(ctx, c)
		}
		return context.WithValue(ctx, tlsKey{}, tlsBelow(c))
	}
}

// ahead is a listener whose connections read ahead. net/http reads a frame of HTTP/2 in two pieces,
// and the preface in three, which a tap would record as pieces of the stream.
type ahead struct{ net.Listener }

func (l ahead) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &aheadConn{c, bufio.NewReader(c)}, nil
}

type aheadConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *aheadConn) Read(p []byte) (int, error) { return c.reader.Read(p) }

// CloseWrite tells the client that no more data follows.
func (c *aheadConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// NetConn returns the connection as its listener made it.
func (c *aheadConn) NetConn() net.Conn { return c.Conn }

type tlsKey struct{}

// withTLS sets Request.TLS.
func withTLS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, _ := r.Context().Value(tlsKey{}).(*tlsConn); c != nil {
			state := c.tls.ConnectionState()
			r.TLS = &state
		}
		next.ServeHTTP(w, r)
	})
}

// tlsBelow returns the tlsConn below wrappers, or nil.
func tlsBelow(c net.Conn) *tlsConn {
	for {
		if t, ok := c.(*tlsConn); ok {
			return t
		}
		wrapper, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return nil
		}
		c = wrapper.NetConn()
	}
}

// A tlsConn is the server's side of a TLS connection. Its first Read performs the handshake.
type tlsConn struct {
	net.Conn // tls, whose other methods it hides
	tls      *tls.Conn
	tcp      opening
	hosts    Hosts
	log      *slog.Logger
	opened   sync.Once
	err      error // of the handshake

	mu    sync.Mutex
	abort bool // Close resets the connection
}

// opening is a connection whose first byte can be looked at.
type opening struct {
	*trackedConn
	reader *bufio.Reader // of a few bytes, so that most reads pass it by
}

func (o opening) Read(p []byte) (int, error) { return o.reader.Read(p) }

func (s *Server) newTLSConn(c *trackedConn) *tlsConn {
	tcp := opening{c, bufio.NewReaderSize(c, 16)}
	secured := tls.Server(tcp, s.tls)
	return &tlsConn{Conn: secured, tls: secured, tcp: tcp, hosts: s.hosts, log: s.log}
}

// Read reads plain bytes. A failed handshake looks like the end of the connection.
func (c *tlsConn) Read(p []byte) (int, error) {
	c.opened.Do(c.open)
	if c.err != nil {
		return 0, io.EOF
	}
	return c.tls.Read(p)
}

// handshakeRecord is the first byte of a client that speaks TLS (RFC 8446 §5.1).
const handshakeRecord = 0x16

// open performs the handshake, or redirects a client that speaks plain HTTP to https.
func (c *tlsConn) open() {
	var first []byte
	if first, c.err = c.tcp.reader.Peek(1); c.err != nil {
		return
	}
	if first[0] != handshakeRecord {
		c.err = errPlain
		c.redirect()
	} else {
		c.err = c.tls.Handshake()
	}
	if c.err != nil {
		c.log.Debug("TLS handshake failed", "remote", c.RemoteAddr(), "error", c.err)
	}
}

var errPlain = errors.New("the client does not speak TLS")

func (c *tlsConn) redirect() {
	r, err := http.ReadRequest(bufio.NewReader(io.LimitReader(c.tcp, MaxHead)))
	if err != nil {
		return
	}
	answer := http.Response{StatusCode: http.StatusMisdirectedRequest, ProtoMajor: 1, ProtoMinor: 1,
		Close: true, Header: http.Header{"Cache-Control": {"no-store"}}}
	if c.hosts.Allow(r.Host) {
		answer.StatusCode = http.StatusTemporaryRedirect
		answer.Header.Set("Location", "https://"+r.Host+r.URL.RequestURI())
	}
	_ = answer.Write(c.tcp)
}

// SetLinger sets how Close ends the connection. With 0, Close resets it and sends no close_notify.
func (c *tlsConn) SetLinger(sec int) error {
	c.mu.Lock()
	c.abort = sec == 0
	c.mu.Unlock()
	return c.tcp.SetLinger(sec)
}

// Close closes the connection.
func (c *tlsConn) Close() error {
	c.mu.Lock()
	abort := c.abort
	c.mu.Unlock()
	if abort {
		return c.tcp.Close()
	}
	return c.tls.Close()
}

// CloseWrite tells the client that no more data follows.
func (c *tlsConn) CloseWrite() error { return c.tls.CloseWrite() }

// NetConn returns the *tls.Conn.
func (c *tlsConn) NetConn() net.Conn { return c.tls }

// Scheme returns the scheme of the request's URL: https or http.
func Scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}
