package host

import (
	"context"
	"errors"
	"net"
	"net/http"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/site"
)

// Home serves the home page and the lessons, without a demo.
type Home struct {
	server *httpserver.Server
	served chan error
}

// ServeHome serves the home page until Close is called. It uses only those fields of the
// configuration that do not concern a demo.
func ServeHome(c Config) (*Home, error) {
	pages := site.Config{Course: c.Course, Directory: c.Directory, Join: c.Join, Web: c.Web,
		Lang: c.Lang, Log: c.Log}
	if addr, ok := c.Listener.Addr().(*net.TCPAddr); ok {
		pages.Port = addr.Port
	}
	mux := http.NewServeMux()
	if err := pages.Routes(mux); err != nil {
		return nil, err
	}
	mux.Handle("POST "+keyPath, c.Key)
	h := &Home{served: make(chan error, 1)}
	h.server = httpserver.New(httpserver.Config{Handler: mux,
		Hosts: httpserver.NewHosts(c.Listener.Addr(), c.Hosts...), TLS: c.TLS, Log: c.Log})
	go func() { h.served <- h.server.Serve(h.server.Track(c.Listener)) }()
	return h, nil
}

// Close closes the listener and soon all connections. It returns when everything has ended, or with
// the context's error.
func (h *Home) Close(ctx context.Context) error {
	return errors.Join(h.server.Close(ctx), <-h.served)
}
