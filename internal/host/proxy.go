package host

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/tap"
	xrayweb "realtimelab/internal/xray/web"
)

// proxied is a demo behind a proxy: the proxy, and the server that the proxy forwards to.
type proxied struct {
	box    *middlebox.Proxy
	server *httpserver.Server
	served chan error
}

// startProxy serves the demo at a port of its own and makes the proxy before it.
func (c Config) startProxy(demo http.Handler, ownChecks []string, hosts httpserver.Hosts,
	wire *tap.Tap, log *slog.Logger) (*proxied, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if wire != nil {
		demo = xrayweb.KnowBrowsers(demo)
	}
	p := &proxied{served: make(chan error, 1)}
	p.box = middlebox.New(middlebox.Config{Target: l.Addr().String(), Kinds: *c.Proxy, Log: log})
	p.server = httpserver.New(httpserver.Config{Handler: demo, Hosts: hosts, OwnChecks: ownChecks,
		Log: log, ConnContext: tap.ConnContext})
	listener := p.server.Track(l)
	if wire != nil {
		listener = wire.SideListener(listener, tap.ServerSide)
	}
	go func() { p.served <- p.server.Serve(listener) }()
	return p, nil
}

// tls returns the configuration for clients, nil for plain HTTP. A proxy that speaks HTTP/1.0
// agrees with none on HTTP/2.
func (p *proxied) tls(c *tls.Config) *tls.Config {
	if c == nil {
		return c
	}
	c = c.Clone()
	old := c.Clone()
	old.NextProtos = []string{"http/1.1"}
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if p.box.Kinds().HTTP10 {
			return old, nil
		}
		return nil, nil
	}
	return c
}

// connContext lets handlers find the connection of a request in the proxy and in the tap.
func (p *proxied) connContext(ctx context.Context, c net.Conn) context.Context {
	ctx = p.box.ConnContext(ctx, c)
	if below, ok := c.(interface{ NetConn() net.Conn }); ok {
		return tap.ConnContext(ctx, below.NetConn())
	}
	return ctx
}

// closeProxy ends what the proxy forwards, and the demo's server.
func (r *Running) closeProxy(ctx context.Context) error {
	if r.proxy == nil {
		return nil
	}
	return errors.Join(r.proxy.box.Close(ctx), r.proxy.server.Close(ctx), <-r.proxy.served)
}
