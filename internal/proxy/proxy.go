// Package proxy forwards TCP connections to a server, byte for byte.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"

	"realtimelab/internal/accept"
	"realtimelab/internal/loglimit"
	"realtimelab/internal/tasks"
)

// A Config configures a Proxy.
type Config struct {
	// Listener accepts the clients' connections. Close closes it.
	Listener net.Listener

	// Target is the URL of the server: http, ws, https or wss, a host, and optionally a port. The
	// proxy speaks TLS to https and wss targets and verifies their certificate. A client gets a 502
	// if the server cannot be reached.
	Target *url.URL

	// Dial connects to the server in place of Target. The client's connection is closed if it
	// fails.
	Dial func(ctx context.Context, client net.Conn) (net.Conn, error)

	Log *slog.Logger

	// TLS is the configuration for https and wss. Nil is the default.
	TLS *tls.Config

	// Linger is how long a client may take to end its half once the server has ended its own;
	// 0 is 30 s. A client that never does would hold its connection forever.
	Linger time.Duration
}

// DialTimeout bounds connecting to the server, including the TLS handshake.
const DialTimeout = 10 * time.Second

// A Proxy forwards bytes between its clients and the target. It changes none of them, not even the
// Host header.
type Proxy struct {
	config   Config
	dial     func(ctx context.Context, client net.Conn) (net.Conn, error)
	ctx      context.Context
	cancel   context.CancelFunc
	warnings loglimit.Limit // about clients that cannot reach the server

	carrying tasks.Group // counts the open connections, and accept

	mu   sync.Mutex
	open map[net.Conn]struct{} // both sides
}

// warnEvery is the minimum time between two log lines about clients that cannot reach the server. A
// polling client would otherwise fill the log.
const warnEvery = 10 * time.Second

// ParseTarget reads a server's URL.
func ParseTarget(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a URL", text)
	}
	if _, known := defaultPorts[u.Scheme]; !known || u.Hostname() == "" {
		return nil, fmt.Errorf("%q: want http://, ws://, https:// or wss:// and a host", text)
	}
	return u, nil
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}

// Start forwards connections until Close is called.
func Start(c Config) *Proxy {
	ctx, cancel := context.WithCancel(context.Background())
	c.Listener = accept.Retry(c.Listener, c.Log)
	if c.Linger == 0 {
		c.Linger = 30 * time.Second
	}
	p := &Proxy{config: c, ctx: ctx, cancel: cancel, open: map[net.Conn]struct{}{}}
	p.dial = p.dialer()
	p.carrying.Go(p.accept)
	return p
}

func (p *Proxy) dialer() func(context.Context, net.Conn) (net.Conn, error) {
	if p.config.Dial != nil {
		return p.config.Dial
	}
	target := p.config.Target
	port := target.Port()
	if port == "" {
		port = defaultPorts[target.Scheme]
	}
	addr := net.JoinHostPort(target.Hostname(), port)
	if target.Scheme == "http" || target.Scheme == "ws" {
		var d net.Dialer
		return func(ctx context.Context, _ net.Conn) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
	}
	config := &tls.Config{}
	if p.config.TLS != nil {
		config = p.config.TLS.Clone()
	}
	config.NextProtos = []string{"http/1.1"} // the bytes are forwarded unchanged, so HTTP/2 must not be negotiated
	d := tls.Dialer{Config: config}
	return func(ctx context.Context, _ net.Conn) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
}

// Close closes every connection and waits for the proxy's goroutines to end.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.carrying.Refuse()
	open := slices.Collect(maps.Keys(p.open))
	p.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
	p.cancel()
	err := p.config.Listener.Close()
	_ = p.carrying.Wait(context.Background()) // which never ends
	return err
}

func (p *Proxy) accept() {
	for {
		c, err := p.config.Listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) && p.ctx.Err() == nil {
				p.config.Log.Error("no more connections are accepted", "err", err)
			}
			return
		}
		if !p.enter(c) {
			c.Close()
			return
		}
		go p.carry(c)
	}
}

// enter registers a connection to close. It returns false if the proxy is closed.
func (p *Proxy) enter(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.carrying.Enter() {
		return false
	}
	p.open[c] = struct{}{}
	return true
}

func (p *Proxy) leave(c net.Conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	c.Close()
	p.carrying.Leave()
}

func (p *Proxy) carry(client net.Conn) {
	defer p.leave(client)
	ctx, cancel := context.WithTimeout(p.ctx, DialTimeout)
	server, err := p.dial(ctx, client)
	cancel()
	if err != nil {
		p.refuse(client, err)
		return
	}
	if !p.enter(server) {
		server.Close()
		return
	}
	defer p.leave(server)
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() {
		pass(client, server)
		client.SetReadDeadline(time.Now().Add(p.config.Linger))
	})
	both.Wait()
}

// pass copies one direction. At the end of the stream it closes only that direction; after an
// error, both.
func pass(to, from net.Conn) {
	_, err := io.Copy(to, from)
	half, ok := to.(interface{ CloseWrite() error })
	if err == nil && ok && half.CloseWrite() == nil {
		return
	}
	to.Close()
	from.Close()
}

// refuse closes a client that cannot reach the server.
func (p *Proxy) refuse(client net.Conn, err error) {
	p.warn(err)
	if p.config.Dial == nil {
		refuse(client, p.config.Target, err)
	}
}

func (p *Proxy) warn(err error) {
	unlogged, ok := p.warnings.Allow(1, warnEvery)
	if !ok {
		return
	}
	log := p.config.Log
	if p.config.Dial == nil {
		log = log.With("target", p.config.Target.Redacted())
	}
	log.Warn("cannot reach the server", "clients", unlogged+1, "err", err)
}

// refuse answers an HTTP client that the server cannot be reached.
func refuse(client net.Conn, target *url.URL, err error) {
	client.SetDeadline(time.Now().Add(time.Second))
	client.Read(make([]byte, 4096)) // a response must not come before the request
	text := fmt.Sprintf("lab xray: cannot reach %s: %v\n", target.Redacted(), err)
	fmt.Fprintf(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
	if half, ok := client.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, client) // closing with unread bytes would send RST and could discard the response
	}
}
