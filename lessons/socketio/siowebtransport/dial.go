package siowebtransport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/quic-go/webtransport-go"

	"realtimelab/internal/wtclient"
)

// Dial opens a WebTransport session at an https URL, and a bidirectional stream in it, on a QUIC
// connection of its own. It is a sioclient.Config.DialWebTransport:
//
//	s, err := sioclient.Dial(ctx, "https://127.0.0.1:3000", sioclient.Config{
//		Transports:       []string{sioclient.WebTransport},
//		DialWebTransport: siowebtransport.Dial,
//	})
//
// A nil config is the default of crypto/tls. Read returns io.EOF when the server has ended the
// stream, or the session with code 0. CloseWrite ends the stream in one direction; Close ends the
// session and the connection, and may lose data on its way.
func Dial(ctx context.Context, url string, header http.Header, config *tls.Config) (net.Conn,
	error) {
	session, err := wtclient.Dial(ctx, url, header, config)
	if err != nil {
		return nil, fmt.Errorf("siowebtransport: %w", err)
	}
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		session.Close()
		return nil, fmt.Errorf("siowebtransport: %w", err)
	}
	return &clientConn{stream, session}, nil
}

// clientConn is the client's stream as a net.Conn.
type clientConn struct {
	*webtransport.Stream
	session *wtclient.Session
}

func (c *clientConn) LocalAddr() net.Addr  { return c.session.LocalAddr() }
func (c *clientConn) RemoteAddr() net.Addr { return c.session.RemoteAddr() }

func (c *clientConn) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	var ended *webtransport.SessionError
	if errors.As(err, &ended) && ended.Remote && ended.ErrorCode == 0 {
		err = io.EOF
	}
	return n, err
}

// CloseWrite ends the stream from this side.
func (c *clientConn) CloseWrite() error { return c.Stream.Close() }

// Close ends the session and its connection.
func (c *clientConn) Close() error {
	c.session.Close()
	return nil
}
