package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/lang"
	"realtimelab/internal/nearest"
)

// A target is the server behind `lab xray`.
type target struct {
	url *url.URL
	tls *tls.Config // for https, wss and rediss; nil is the default
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443",
	"redis": "6379", "rediss": "6379"}

// parseTarget reads a server's URL. insecure takes any certificate of the server.
func parseTarget(text string, insecure bool) (target, error) {
	u, err := url.Parse(text)
	if err != nil {
		return target{}, lang.Errorf("%q is not a URL%s",
			"%q 不是 URL%s", text, nearest.URL(text))
	}
	if _, known := defaultPorts[u.Scheme]; !known || u.Hostname() == "" {
		return target{},
			lang.Errorf("%q: want http://, ws://, https://, wss://, "+
				"redis:// or rediss:// and a host%s",
				"%q：应为 http://、ws://、https://、wss://、redis:// 或 rediss:// 加主机名%s",
				text, nearest.URL(text))
	}
	t := target{url: u}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return target{}, lang.Errorf("%q: the port %s is not between 1 and 65535",
				"%q：端口 %s 不在 1 到 65535 之间", text, port)
		}
	}
	if insecure {
		t.tls = &tls.Config{InsecureSkipVerify: true}
	}
	return t, nil
}

// prefix returns the path of the URL, which clients put after the x-ray's address.
func (t target) prefix() string {
	return strings.TrimSuffix(t.url.EscapedPath(), "/")
}

// checkTime bounds the check of a server.
const checkTime = 5 * time.Second

// check looks up the server's name and connects to it. A server that does not answer may still
// start: note says so. The error says what will not change by waiting.
func (t target) check(ctx context.Context) (note lang.Text, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	if _, err := net.DefaultResolver.LookupHost(ctx, t.url.Hostname()); err != nil {
		return note, lang.Errorf("cannot find the host %q: %w",
			"找不到主机 %q：%w", t.url.Hostname(), err)
	}
	conn, err := t.dial(ctx)
	if err == nil {
		return note, conn.Close()
	}
	var plain tls.RecordHeaderError
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &plain):
		without := *t.url
		without.Scheme = strings.TrimSuffix(t.url.Scheme, "s")
		return note, lang.Errorf("%s does not speak TLS; did you mean %s?",
			"%s 不使用 TLS；你是想输入 %s 吗？", t.url.Host,
			without.Redacted())
	case errors.As(err, &untrusted):
		return note,
			lang.Errorf(
				"the certificate of %s is not trusted (%w): trust its "+
					"CA, or use lab xray --insecure",
				"%s 的证书不受信任（%w）：请信任它的 CA，或使用 lab xray --insecure",
				t.url.Host, untrusted.Err)
	}
	return lang.Text{
		EN: fmt.Sprintf("%s does not answer yet (%v): clients get a 502 until it does",
			t.url.Redacted(), err),
		ZH: fmt.Sprintf("%s 还没有响应（%v）：在此之前客户端会收到 502", t.url.Redacted(), err),
	}, nil
}

// connect connects a client to the server, with TLS for https, wss and rediss. If the server cannot
// be reached, a client of HTTP gets a 502.
func (t target) connect(ctx context.Context, client net.Conn) (net.Conn, error) {
	server, err := t.dial(ctx)
	if err != nil && t.url.Scheme != "redis" && t.url.Scheme != "rediss" {
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
	if t.url.Scheme == "http" || t.url.Scheme == "ws" || t.url.Scheme == "redis" {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", addr)
	}
	config := &tls.Config{}
	if t.tls != nil {
		config = t.tls.Clone()
	}
	if t.url.Scheme != "rediss" {
		// the bytes are forwarded unchanged, so HTTP/2 must not be negotiated
		config.NextProtos = []string{"http/1.1"}
	}
	d := tls.Dialer{Config: config}
	return d.DialContext(ctx, "tcp", addr)
}

// refuse answers an HTTP client that the server cannot be reached.
func (t target) refuse(client net.Conn, err error) {
	client.SetDeadline(time.Now().Add(time.Second))
	client.Read(make([]byte, 4096)) // a response must not come before the request
	text := fmt.Sprintf("lab xray: cannot reach %s: %v\n", t.url.Redacted(), err)
	fmt.Fprintf(client,
		"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/plain; charset=utf-8\r\n"+
			"Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(text), text)
	if half, ok := client.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		// closing with unread bytes would send RST and could discard the response
		io.Copy(io.Discard, client)
	}
}
