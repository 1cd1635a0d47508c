// Package proxy carries TCP connections to a server, byte for byte.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"
)

// Config of a Proxy.
type Config struct {
	// Listener takes the clients' connections. Close closes it.
	Listener net.Listener

	// Target is the server: http, ws, https or wss, a host, and perhaps a port.
	// To https and wss it speaks TLS, and verifies the certificate. A client whose
	// way to it fails is told so with a 502.
	Target *url.URL

	// Dial opens the way to the server in place of Target. A client whose way
	// fails is closed.
	Dial func(ctx context.Context, client net.Conn) (net.Conn, error)

	Log *slog.Logger

	// TLS is used for https and wss. Nil is the default.
	TLS *tls.Config
}

// DialTimeout bounds the way to the server, TLS included.
const DialTimeout = 10 * time.Second

// Proxy carries what its clients send to the target, and back. Nothing is
// changed on the way, the Host header neither.
type Proxy struct {
	config Config
	dial   func(ctx context.Context, client net.Conn) (net.Conn, error)
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]struct{} // both sides
	carrying sync.WaitGroup        // added to under mu while not closed
}

// ParseTarget reads a server's URL.
func ParseTarget(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no URL", text)
	}
	if _, known := defaultPorts[u.Scheme]; !known || u.Hostname() == "" {
		return nil, fmt.Errorf("%q: want http://, ws://, https:// or wss:// and a host", text)
	}
	return u, nil
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}

// Start carries connections until Close.
func Start(c Config) *Proxy {
	ctx, cancel := context.WithCancel(context.Background())
	p := &Proxy{config: c, ctx: ctx, cancel: cancel, open: map[net.Conn]struct{}{}}
	p.dial = p.dialer()
	p.carrying.Add(1)
	go p.accept()
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
	config.NextProtos = []string{"http/1.1"} // the bytes pass as they are: HTTP/2 must not be agreed on
	d := tls.Dialer{Config: config}
	return func(ctx context.Context, _ net.Conn) (net.Conn, error) { return d.DialContext(ctx, "tcp", addr) }
}

// Close ends every connection, and waits until all is over.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for c := range p.open {
		c.Close()
	}
	p.mu.Unlock()
	p.cancel()
	err := p.config.Listener.Close()
	p.carrying.Wait()
	return err
}

func (p *Proxy) accept() {
	defer p.carrying.Done()
	for {
		c, err := p.config.Listener.Accept()
		switch {
		case err == nil:
			if !p.enter(c) {
				c.Close()
				return
			}
			go p.carry(c)
		case p.ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, say
			p.config.Log.Warn("cannot accept", "err", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-p.ctx.Done():
				return
			}
		}
	}
}

// enter counts a client's connection, unless the proxy is closed.
func (p *Proxy) enter(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.open[c] = struct{}{}
	p.carrying.Add(1)
	return true
}

func (p *Proxy) carry(client net.Conn) {
	defer p.carrying.Done()
	defer p.leave(client)
	ctx, cancel := context.WithTimeout(p.ctx, DialTimeout)
	server, err := p.dial(ctx, client)
	cancel()
	if err != nil {
		p.refuse(client, err)
		return
	}
	if !p.add(server) {
		server.Close()
		return
	}
	defer p.leave(server)
	var both sync.WaitGroup
	both.Go(func() { pass(server, client) })
	both.Go(func() { pass(client, server) })
	both.Wait()
}

func (p *Proxy) add(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.closed {
		p.open[c] = struct{}{}
	}
	return !p.closed
}

func (p *Proxy) leave(c net.Conn) {
	p.mu.Lock()
	delete(p.open, c)
	p.mu.Unlock()
	c.Close()
}

// pass copies one direction. At its end it ends that direction alone; after an
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

// refuse ends a client that has no way to the server.
func (p *Proxy) refuse(client net.Conn, err error) {
	if p.config.Dial != nil {
		p.config.Log.Warn("cannot reach the server", "err", err)
		return
	}
	p.config.Log.Warn("cannot reach the server", "target", p.config.Target.Redacted(), "err", err)
	refuse(client, p.config.Target, err)
}

// refuse tells a client, which speaks HTTP, that there is no server.
func refuse(client net.Conn, target *url.URL, err error) {
	client.SetDeadline(time.Now().Add(time.Second))
	client.Read(make([]byte, 4096)) // an answer before the question would be none
	text := fmt.Sprintf("lab xray: cannot reach %s: %v\n", target.Redacted(), err)
	fmt.Fprintf(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
	if half, ok := client.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, client) // closing with bytes unread would take the answer back
	}
}
