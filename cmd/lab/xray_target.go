package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/url"
	"time"
)

// A target is the server behind `lab xray`.
type target struct {
	url *url.URL
	tls *tls.Config // for https and wss; nil is the default
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}

// parseTarget reads a server's URL.
func parseTarget(text string) (target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return target{}, fmt.Errorf("%q is not a URL", text)
	}
	if _, known := defaultPorts[u.Scheme]; !known || u.Hostname() == "" {
		return target{}, fmt.Errorf("%q: want http://, ws://, https:// or wss:// and a host", text)
	}
	return target{url: u}, nil
}

// connect connects a client to the server, with TLS for https and wss. If the server cannot be
// reached, the client gets a 502.
func (t target) connect(ctx context.Context, client net.Conn) (net.Conn, error) {
	server, err := t.dial(ctx)
	if err != nil {
		t.refuse(client, err)
	}
	return server, err
}

func (t target) dial(ctx context.Context) (net.Conn, error) {
	port := t.url.Port()
	if port == "" {
		port = defaultPorts[t.url.Scheme]
	}
	addr := net.JoinHostPort(t.url.Hostname(), port)
	if t.url.Scheme == "http" || t.url.Scheme == "ws" {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
	config := &tls.Config{}
	if t.tls != nil {
		config = t.tls.Clone()
	}
	config.NextProtos = []string{"http/1.1"} // the bytes are forwarded unchanged, so HTTP/2 must not be negotiated
	d := tls.Dialer{Config: config}
	return d.DialContext(ctx, "tcp", addr)
}

// refuse answers an HTTP client that the server cannot be reached.
func (t target) refuse(client net.Conn, err error) {
	client.SetDeadline(time.Now().Add(time.Second))
	client.Read(make([]byte, 4096)) // a response must not come before the request
	text := fmt.Sprintf("lab xray: cannot reach %s: %v\n", t.url.Redacted(), err)
	fmt.Fprintf(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
	if half, ok := client.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, client) // closing with unread bytes would send RST and could discard the response
	}
}
