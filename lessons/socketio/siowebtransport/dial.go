package siowebtransport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

// keepAlive is less than the 30 s after which a QUIC connection without traffic ends, and many NATs
// forget a UDP client.
const keepAlive = 15 * time.Second

// Dial opens a WebTransport session at an https URL, and a bidirectional stream in it, on a QUIC
// connection of its own. It is a sioclient.Config.DialWebTransport:
//
//	s, err := sioclient.Dial(ctx, "https://127.0.0.1:3000", sioclient.Config{
//		Transports:       []string{sioclient.WebTransport},
//		DialWebTransport: siowebtransport.Dial,
//	})
//
// A nil config is the default of crypto/tls. Read returns io.EOF when the server has ended the stream,
// or the session with code 0. CloseWrite ends the stream in one direction; Close ends the session and
// the connection, and what is on its way is lost.
func Dial(ctx context.Context, url string, header http.Header, config *tls.Config) (net.Conn, error) {
	c := &clientConn{}
	if err := c.dial(ctx, url, header, config); err != nil {
		_ = c.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("siowebtransport: %w", err)
	}
	return c, nil
}

// clientConn is the client's stream as a net.Conn.
type clientConn struct {
	*webtransport.Stream
	session *webtransport.Session
	quic    *quic.Conn
	udp     net.PacketConn
	closing sync.Once
}

func (c *clientConn) dial(ctx context.Context, address string, header http.Header, config *tls.Config) (err error) {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%q: want https://HOST:PORT/PATH", address)
	}
	if config = config.Clone(); config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	config.NextProtos = []string{http3.NextProtoH3}
	server, err := resolve(ctx, u)
	if err != nil {
		return err
	}
	if c.udp, err = net.ListenUDP("udp", nil); err != nil {
		return err
	}
	c.quic, err = quic.Dial(ctx, c.udp, server, config, &quic.Config{
		EnableDatagrams: true, EnableStreamResetPartialDelivery: true, KeepAlivePeriod: keepAlive,
	})
	if err != nil {
		return err
	}
	// The wait for the server's answer does not end with ctx.
	stop := context.AfterFunc(ctx, func() { _ = c.quic.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeRequestCanceled), "") })
	defer stop()
	client, err := (&webtransport.Transport{}).NewClientConn(c.quic)
	if err != nil {
		return err
	}
	res, session, err := client.Dial(ctx, address, header)
	switch {
	case err != nil && res != nil && res.StatusCode >= 300:
		return fmt.Errorf("the server answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
	case err != nil:
		return err
	}
	c.session = session
	if c.Stream, err = session.OpenStreamSync(ctx); err == nil && !stop() {
		err = ctx.Err()
	}
	return err
}

// resolve returns the UDP address of the URL's server, of IPv4 if it has one.
func resolve(ctx context.Context, u *url.URL) (net.Addr, error) {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	n, err := net.DefaultResolver.LookupPort(ctx, "udp", port)
	if err != nil {
		return nil, err
	}
	ips, err := net.DefaultResolver.LookupIPAddr(ctx, u.Hostname())
	if err != nil {
		return nil, err
	}
	ip := ips[max(0, slices.IndexFunc(ips, func(ip net.IPAddr) bool { return ip.IP.To4() != nil }))]
	return &net.UDPAddr{IP: ip.IP, Zone: ip.Zone, Port: n}, nil
}

func (c *clientConn) LocalAddr() net.Addr  { return c.quic.LocalAddr() }
func (c *clientConn) RemoteAddr() net.Addr { return c.quic.RemoteAddr() }

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
	c.closing.Do(func() {
		if c.session != nil {
			_ = c.session.CloseWithError(0, "")
		}
		if c.quic != nil {
			_ = c.quic.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
		}
		if c.udp != nil {
			_ = c.udp.Close()
		}
	})
	return nil
}
