package eavesdrop

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"realtimelab/internal/connectproxy"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/relay"
	echo "realtimelab/lessons/websocket"
)

// An attempt is one WebSocket, to be opened on the way that the page has chosen.
type attempt struct {
	TLS   bool   `json:"tls"`
	Proxy string `json:"proxy"` // one of proxies
	Trust bool   `json:"trust"` // the client trusts the company's authority
	Text  string `json:"text"`  // the message
}

// Kinds of proxies.
const (
	noProxy   = "none"
	tunnels   = "tunnel"     // copies bytes
	inspects  = "inspect"    // ends TLS, reads, and passes WebSocket on
	noUpgrade = "no-upgrade" // ends TLS, reads, and knows no WebSocket
)

var proxies = []string{noProxy, tunnels, inspects, noUpgrade}

func (a *attempt) check() error {
	a.Proxy = cmp.Or(a.Proxy, noProxy)
	switch {
	case !slices.Contains(proxies, a.Proxy):
		return fmt.Errorf("proxy %q: want one of %s", a.Proxy, strings.Join(proxies, ", "))
	case a.Text == "" || len(a.Text) > maxText:
		return fmt.Errorf("text: want 1 to %d bytes", maxText)
	}
	return nil
}

// A result holds the outcome of an attempt, and the wire at each place.
type result struct {
	Secret string `json:"secret"` // the session cookie's value
	Echo   string `json:"echo"`   // the message, back from the server; empty if it did not come
	Status int    `json:"status"` // of the answer to the handshake; 0 if none came
	Error  string `json:"error"`  // why the WebSocket did not open

	// Network, Proxy and Server list what crossed there. The network is between the client and the
	// proxy, or the server without one. Proxy has what an inspecting proxy read after it ended TLS.
	Network []lesson.Row `json:"network"`
	Proxy   []lesson.Row `json:"proxy"`
	Server  []lesson.Row `json:"server"`

	// Readable names the places where the cookie could be read.
	Readable []string `json:"readable"`
}

// try makes the server, the proxy and the network of an attempt, runs the client, and ends
// everything.
func (d *demo) try(ctx context.Context, a attempt) (_ *result, err error) {
	network, inside, server := d.tap(), d.tap(), d.tap()
	defer network.Close()
	defer inside.Close()
	defer server.Close()

	target, closeServer, err := d.startServer(a.TLS, server)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeServer()) }()
	next := target
	if a.Proxy != noProxy {
		listener, err := listen()
		if err != nil {
			return nil, err
		}
		c := connectproxy.Config{Listener: listener, Roots: d.world.Pool(),
			NoUpgrade: a.Proxy == noUpgrade, Wrap: inside.Listener, Log: d.log}
		if a.Proxy != tunnels {
			c.Authority = d.company
		}
		proxy := connectproxy.Start(c)
		defer func() { err = errors.Join(err, proxy.Close(context.Background())) }()
		next = listener.Addr().String()
	}
	listener, err := listen()
	if err != nil {
		return nil, err
	}
	way := relay.Start(relay.Config{Listener: network.Listener(listener), Dial: relay.To(next),
		Log: d.log})
	defer func() { err = errors.Join(err, way.Close()) }()

	r := &result{Secret: strings.ToLower(rand.Text()[:16])}
	d.converse(ctx, a, target, listener.Addr().String(), r)
	for _, place := range []struct {
		name string
		tap  lesson.Tap
		rows *[]lesson.Row
	}{{"network", network, &r.Network}, {"proxy", inside, &r.Proxy},
		{"server", server, &r.Server}} {
		rows, err := place.tap.Rows(ctx)
		if err != nil {
			return nil, err
		}
		*place.rows = rows
		if slices.ContainsFunc(rows, func(row lesson.Row) bool {
			return bytes.Contains(row.Data, []byte(r.Secret))
		}) {
			r.Readable = append(r.Readable, place.name)
		}
	}
	return r, nil
}

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// startServer starts the server of a WebSocket that sends each message back.
func (d *demo) startServer(secure bool, place lesson.Tap) (addr string, stop func() error,
	err error) {
	listener, err := listen()
	if err != nil {
		return "", nil, err
	}
	ws := echo.NewEcho(echo.Config{Log: d.log})
	c := httpserver.Config{Handler: ws, Log: d.log}
	if secure {
		leaf, err := d.world.Issue()
		if err != nil {
			return "", nil, errors.Join(err, listener.Close())
		}
		c.TLS = &tls.Config{Certificates: []tls.Certificate{leaf}, NextProtos: []string{"http/1.1"}}
	}
	s := httpserver.New(c)
	served := make(chan error, 1)
	go func() { served <- s.Serve(place.Listener(s.Track(listener))) }()
	return listener.Addr().String(), func() error {
		return errors.Join(s.Close(context.Background(), ws.Close), <-served)
	}, nil
}

// converse opens the WebSocket with a session cookie, sends the message and waits for its echo. The
// client's connection goes to near, which is the network.
func (d *demo) converse(ctx context.Context, a attempt, target, near string, r *result) {
	roots := d.world.Pool()
	if a.Trust {
		roots.AddCert(d.company.Certificate)
	}
	_, port, _ := net.SplitHostPort(target)
	dialer := websocket.Dialer{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, near)
		},
	}
	if a.Proxy != noProxy {
		dialer.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: near}) // CONNECT localhost:PORT
	}
	scheme := "ws"
	if a.TLS {
		scheme = "wss"
	}
	cookie := http.Header{"Cookie": {"session=" + r.Secret}}
	ws, answer, err := dialer.DialContext(ctx, scheme+"://localhost:"+port+"/ws", cookie)
	if answer != nil {
		r.Status = answer.StatusCode
	}
	if err != nil {
		r.Error = err.Error()
		return
	}
	defer ws.Close()
	defer context.AfterFunc(ctx, func() { ws.NetConn().Close() })()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(a.Text)); err != nil {
		r.Error = err.Error()
		return
	}
	_, back, err := ws.ReadMessage()
	if err != nil {
		r.Error = err.Error()
		return
	}
	r.Echo = string(back)
	_ = ws.WriteControl(websocket.CloseMessage,
		websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	_, _, _ = ws.ReadMessage() // the server's close frame
}
