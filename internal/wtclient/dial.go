// Package wtclient opens WebTransport sessions, each on a QUIC connection of its own.
package wtclient

import (
	"context"
	"crypto/tls"
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

// A RefusedError is a server's HTTP answer other than one that opens a session.
type RefusedError struct {
	Status int
	Body   []byte // its beginning
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// A Session is a WebTransport session with its connection.
type Session struct {
	*webtransport.Session
	quic    *quic.Conn
	udp     net.PacketConn
	closing sync.Once
}

// Dial opens a session at an https URL. A nil config is the default of crypto/tls. ctx bounds only
// the dialing. The error is a *RefusedError, ctx's cause, or an error of the network or of TLS.
func Dial(ctx context.Context, url string, header http.Header, config *tls.Config) (*Session,
	error) {
	s := &Session{}
	if err := s.dial(ctx, url, header, config); err != nil {
		s.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return s, nil
}

func (s *Session) dial(ctx context.Context, address string, header http.Header,
	config *tls.Config) (err error) {
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
	if s.udp, err = net.ListenUDP("udp", nil); err != nil {
		return err
	}
	s.quic, err = quic.Dial(ctx, s.udp, server, config, &quic.Config{
		EnableDatagrams: true, EnableStreamResetPartialDelivery: true, KeepAlivePeriod: keepAlive,
	})
	if err != nil {
		return err
	}
	// ctx does not end the wait for the server's answer.
	stop := context.AfterFunc(ctx, func() {
		_ = s.quic.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeRequestCanceled), "")
	})
	defer stop()
	client, err := (&webtransport.Transport{}).NewClientConn(s.quic)
	if err != nil {
		return err
	}
	res, session, err := client.Dial(ctx, address, header)
	if err != nil && res != nil && res.StatusCode >= 300 {
		body, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		return &RefusedError{res.StatusCode, body}
	}
	if s.Session = session; err == nil && !stop() {
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

// Close ends the session with code 0, and its connection. Data on its way may be lost. It may be
// called more than once.
func (s *Session) Close() {
	s.closing.Do(func() {
		if s.Session != nil {
			_ = s.CloseWithError(0, "")
		}
		if s.quic != nil {
			_ = s.quic.CloseWithError(quic.ApplicationErrorCode(http3.ErrCodeNoError), "")
		}
		if s.udp != nil {
			_ = s.udp.Close()
		}
	})
}
