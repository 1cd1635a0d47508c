package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"realtimelab/internal/connect"
	language "realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/siowebtransport"
)

// connectTarget holds the flags that say what to connect to.
type connectTarget struct {
	url, as, path, auth, ca, lastID string
	query, header                   []string
	transports, subprotocols        []string
	eio                             int
	insecure, noUpgrade             bool
	noReconnect, deflate            bool
}

func (t *connectTarget) add(f *pflag.FlagSet) {
	f.StringVar(&t.as, "as", "",
		"socketio, websocket or sse (default: what the server turns out to speak)")
	f.StringVar(&t.path, "path", "/socket.io/",
		"path of Socket.IO on the server; the path of the URL is the namespace")
	f.StringArrayVar(&t.query, "query", nil,
		"query parameter NAME=VALUE of every Socket.IO request (repeatable)")
	f.StringVar(&t.auth, "auth", "", "payload of CONNECT, a JSON object")
	f.StringArrayVarP(&t.header, "header", "H", nil,
		`HTTP header "NAME: VALUE" of every request (repeatable)`)
	f.StringSliceVar(&t.transports, "transports", nil,
		"transports of Socket.IO in their order: polling, websocket, webtransport")
	f.IntVar(&t.eio, "eio", 4, "revision of Engine.IO: 3 for a server of Socket.IO 1 or 2")
	f.BoolVar(&t.noUpgrade, "no-upgrade", false, "stay on the first transport of Socket.IO")
	f.StringSliceVar(&t.subprotocols, "subprotocol", nil,
		"subprotocol that a WebSocket offers (repeatable)")
	f.BoolVar(&t.deflate, "deflate", false,
		"offer to compress the messages of a WebSocket (permessage-deflate)")
	f.StringVar(&t.lastID, "last-id", "", "Last-Event-ID of the first request of an event stream")
	f.BoolVarP(&t.insecure, "insecure", "k", false, "accept any certificate")
	f.StringVar(&t.ca, "ca", "", "file with the certificate of an authority to trust, in PEM")
	f.BoolVar(&t.noReconnect, "no-reconnect", false, "do not reconnect when the connection is lost")
}

// config returns the configuration of the connection.
func (t *connectTarget) config() (c connect.Config, err error) {
	c = connect.Config{
		URL: t.url, As: language.Protocol(t.as), Path: t.path, EIO: t.eio, Transports: t.transports,
		NoUpgrade: t.noUpgrade, NoReconnect: t.noReconnect,
		Subprotocols: t.subprotocols, Deflate: t.deflate, LastID: t.lastID,
		DialWebTransport: siowebtransport.Dial, ReadFile: os.ReadFile, Query: url.Values{},
	}
	for _, pair := range t.query {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return c, lang.Errorf("--query %q: want NAME=VALUE",
				"--query %q：应为 NAME=VALUE", pair)
		}
		c.Query.Add(name, value)
	}
	if c.Header, err = parseHeaders(t.header); err != nil {
		return c, err
	}
	if t.auth != "" {
		c.Auth = json.RawMessage(t.auth)
	}
	c.TLS, err = t.tls()
	return c, err
}

// tls returns nil for the default.
func (t *connectTarget) tls() (*tls.Config, error) {
	switch {
	case t.insecure && t.ca != "":
		return nil, lang.Errorf(
			"--insecure trusts any certificate, and --ca only one: use one of them",
			"--insecure 信任任何证书，而 --ca 只信任一个：请只用一个")
	case t.insecure:
		return &tls.Config{InsecureSkipVerify: true}, nil
	case t.ca == "":
		return nil, nil
	}
	pem, err := os.ReadFile(t.ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, lang.Errorf("--ca %s: no certificate in PEM",
			"--ca %s：里面没有 PEM 格式的证书", t.ca)
	}
	return &tls.Config{RootCAs: roots}, nil
}

// scheme returns that of the server's HTTP requests.
func (t *connectTarget) scheme() string {
	if strings.HasPrefix(t.url, "https:") || strings.HasPrefix(t.url, "wss:") {
		return "https"
	}
	return "http"
}

// shown returns the URL without its password.
func (t *connectTarget) shown() string {
	if u, err := url.Parse(t.url); err == nil {
		return u.Redacted()
	}
	return t.url
}
