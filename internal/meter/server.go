package meter

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/tap"
)

// A Server serves a handler at two loopback addresses. The connections to Addr are counted and can
// be cut; with TLS, the decrypted bytes are counted. Direct is for a sender beside the clients: its
// connections are never cut, and Count leaves them out.
type Server struct {
	*Meter
	Addr, Direct string // HOST:PORT

	beside          *Meter // of Direct; nil if it counts nothing
	counted, direct *httpserver.Server
	serving         sync.WaitGroup
}

// Serve serves at two free ports until Close is called. Direct speaks TLS if Addr does, and Beside
// counts its connections.
func Serve(c httpserver.Config) (*Server, error) {
	return serve(c, c.TLS, tap.New(tap.Config{CountOnly: true}),
		tap.New(tap.Config{CountOnly: true}))
}

// ServeRecorded is like Serve, with a tap that also records, as its Config says. Handlers find the
// connection of a request with tap.FromContext. Direct is plain HTTP, and nothing counts its
// connections.
func ServeRecorded(c httpserver.Config, record tap.Config) (*Server, error) {
	c.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if counted, ok := c.(*meteredConn); ok {
			return tap.ConnContext(ctx, counted.Conn)
		}
		return ctx
	}
	return serve(c, nil, tap.New(record), nil)
}

// serve records the connections to Addr with wire, and those to Direct with beside unless it is
// nil.
func serve(c httpserver.Config, directTLS *tls.Config, wire, beside *tap.Tap) (*Server, error) {
	counted, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	direct, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, counted.Close())
	}
	s := &Server{Addr: counted.Addr().String(), Direct: direct.Addr().String(),
		counted: httpserver.New(c)}
	c.TLS = directTLS
	s.direct = httpserver.New(c)
	s.Meter = newMeter(s.counted.Track(counted), wire)
	direct = s.direct.Track(direct)
	if beside != nil {
		s.beside = newMeter(direct, beside)
		direct = s.beside.Listener()
	}
	s.serving.Go(func() { _ = s.counted.Serve(s.Listener()) })
	s.serving.Go(func() { _ = s.direct.Serve(direct) })
	return s, nil
}

// Beside returns the traffic of the connections to Direct so far.
func (s *Server) Beside() Counts {
	if s.beside == nil {
		return Counts{}
	}
	return s.beside.Count()
}

// Close runs tell, which notifies the clients, and soon closes all connections, as
// httpserver.Server does. It returns when no more connections are accepted.
func (s *Server) Close(ctx context.Context, tell func(context.Context) error) error {
	err := s.counted.Close(ctx, tell, func(ctx context.Context) error {
		return s.direct.Close(ctx)
	})
	s.serving.Wait()
	return err
}
