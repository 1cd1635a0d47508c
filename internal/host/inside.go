package host

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/lesson"
	"realtimelab/internal/relay"
	"realtimelab/internal/tap"
)

// inside is a server that only its demo calls.
type inside struct {
	server *httpserver.Server
	addr   string
	served chan error
}

// serveInside serves a handler on loopback. A balancer passes the Host header of the demo's page
// on, so the hosts are the same.
func (c Config) serveInside(handler http.Handler) (lesson.Inside, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &inside{addr: l.Addr().String(), served: make(chan error, 1)}
	s.server = httpserver.New(httpserver.Config{Handler: handler,
		Hosts: httpserver.NewHosts(c.Listener.Addr(), c.Hosts...), Log: c.Log})
	go func() { s.served <- s.server.Serve(s.server.Track(l)) }()
	return s, nil
}

func (s *inside) Addr() string { return s.addr }

func (s *inside) Close(ctx context.Context, tell ...func(context.Context) error) error {
	return errors.Join(s.server.Close(ctx, tell...), <-s.served)
}

// tunnel is a relay that can be down.
type tunnel struct {
	relay *relay.Relay
	addr  string
	down  atomic.Bool
}

var errDown = errors.New("the tunnel is down")

// openTunnel opens a tunnel to an address. wire records its connections, unless it is nil.
func (c Config) openTunnel(to string, wire *tap.Tap) (lesson.Tunnel, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &tunnel{addr: l.Addr().String()}
	if wire != nil {
		l = wire.Listener(l)
	}
	dial := relay.To(to)
	t.relay = relay.Start(relay.Config{Listener: l, Log: c.Log,
		Dial: func(ctx context.Context, client net.Conn) (net.Conn, error) {
			if t.down.Load() {
				return nil, errDown
			}
			return dial(ctx, client)
		}})
	return t, nil
}

func (t *tunnel) Addr() string { return t.addr }

func (t *tunnel) SetDown(down bool) {
	t.down.Store(down)
	if down {
		t.relay.Reset()
	}
}

func (t *tunnel) Close() error { return t.relay.Close() }
