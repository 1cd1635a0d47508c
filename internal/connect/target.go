package connect

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons/socketio/sioclient"
)

// A Config says what to connect to, and how.
type Config struct {
	URL string

	// As is the protocol; empty: it is found out, see Session.Guessed.
	As command.Protocol

	Header http.Header // of every request
	TLS    *tls.Config // nil: the default

	// Timeout bounds the opening of a connection, and each wait that has no time of its own. 0 is 5
	// s.
	Timeout time.Duration

	// NoReconnect leaves a lost connection lost.
	NoReconnect bool

	// Socket.IO: see the fields of sioclient.Config.
	Path             string
	EIO              int
	Query            url.Values
	Auth             json.RawMessage // an object; nil: none
	Transports       []string
	NoUpgrade        bool
	DialWebTransport func(ctx context.Context, url string, header http.Header,
		config *tls.Config) (net.Conn, error)

	Subprotocols []string // WebSocket: offered in Sec-WebSocket-Protocol
	Deflate      bool     // WebSocket: permessage-deflate (RFC 7692) is offered
	LastID       string   // SSE: the Last-Event-ID of the first request

	// Record, unless it is nil, gets the x-ray before the first connection is opened. Tap and Xray
	// bound what it keeps; the zero values are the defaults.
	Record func(*xray.Xray) error
	Tap    tap.Config
	Xray   xray.Config

	// ReadFile returns the bytes of @FILE in a command.
	ReadFile func(name string) ([]byte, error)

	headStart time.Duration // 0: the constant of that name
}

// check completes the configuration, and returns the URL. Without a scheme, a URL is one of http.
func (c *Config) check() (*url.URL, error) {
	if !strings.Contains(c.URL, "://") {
		c.URL = "http://" + c.URL
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, failf(Wrong, "%q is not a URL",
			"%q 不是 URL", c.URL)
	}
	if !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) || u.Hostname() == "" {
		return nil, failf(Wrong, "%q: want http://, https://, ws:// or wss:// and a host",
			"%q：应为 http://、https://、ws:// 或 wss:// 加主机名", c.URL)
	}
	if c.As != "" && !slices.Contains(command.Protocols, c.As) {
		return nil, failf(Wrong, "%q: want socketio, websocket or sse",
			"%q：应为 socketio、websocket 或 sse", c.As)
	}
	if c.Auth != nil {
		var object map[string]any
		if err := json.Unmarshal(c.Auth, &object); err != nil {
			return nil, failf(Wrong,
				`the payload of CONNECT must be a JSON object, such as {"token":"x"}`,
				"CONNECT 的数据必须是 JSON 对象，例如 {\"token\":\"x\"}")
		}
	}
	for _, name := range c.Transports {
		known := []string{sioclient.Polling, sioclient.WebSocket, sioclient.WebTransport}
		if !slices.Contains(known, name) {
			return nil, failf(Wrong, "no transport %q; the transports are: %s",
				"没有传输方式 %q；可选：%s", name,
				strings.Join(known, ", "))
		}
	}
	if c.EIO == 0 {
		c.EIO = 4
	}
	if c.EIO != 3 && c.EIO != 4 {
		return nil, failf(Wrong, "Engine.IO %d: want revision 3 or 4",
			"Engine.IO %d：版本应为 3 或 4", c.EIO)
	}
	if c.Timeout == 0 {
		c.Timeout = 5 * time.Second
	}
	if c.Path == "" {
		c.Path = "/socket.io/"
	}
	c.Path = "/" + strings.Trim(c.Path, "/") + "/"
	return u, nil
}

// withScheme returns the URL with the scheme of HTTP or of WebSocket, secure if it was.
func withScheme(u *url.URL, plain string) *url.URL {
	copied := *u
	copied.Scheme = plain
	if u.Scheme == "https" || u.Scheme == "wss" {
		copied.Scheme += "s"
	}
	return &copied
}

// engineURL returns the URL of a request of Engine.IO without a session.
func (c *Config) engineURL(u *url.URL, transport string) string {
	plain := "http"
	if transport == sioclient.WebSocket {
		plain = "ws"
	}
	engine := withScheme(u, plain)
	query := url.Values{}
	for name, values := range c.Query {
		query[name] = values
	}
	for name, values := range u.Query() {
		query[name] = values
	}
	query.Set("EIO", fmt.Sprint(c.EIO))
	query.Set("transport", transport)
	engine.Path, engine.RawPath, engine.RawQuery, engine.Fragment = c.Path, "", query.Encode(), ""
	return engine.String()
}
