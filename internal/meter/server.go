package meter

import (
	"context"
	"errors"
	"net"
	"sync"

	"realtimelab/internal/httpserver"
	"realtimelab/internal/tap"
)

// A Server serves a handler at two loopback addresses. The connections to Addr are counted and can be
// cut; with TLS, the decrypted bytes are counted. Those to Direct are neither, and plain HTTP: it is
// for a sender beside the clients.
type Server struct {
	*Meter
	Addr, Direct string // HOST:PORT

	counted, direct *httpserver.Server
	serving         sync.WaitGroup
}

// Serve serves at two free ports until Close is called.
func Serve(c httpserver.Config) (*Server, error) {
	return serve(c, tap.New(tap.Config{CountOnly: true}))
}

// ServeRecorded is Serve with a tap that also records, as its Config says. Handlers find the connection
// of a request with tap.FromContext.
func ServeRecorded(c httpserver.Config, record tap.Config) (*Server, error) {
	c.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if counted, ok := c.(*conn); ok {
			return tap.ConnContext(ctx, counted.Conn)
		}
		return ctx
	}
	return serve(c, tap.New(record))
}

func serve(c httpserver.Config, wire *tap.Tap) (*Server, error) {
	counted, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	direct, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(err, counted.Close())
	}
	s := &Server{Addr: counted.Addr().String(), Direct: direct.Addr().String(), counted: httpserver.New(c)}
	c.TLS = nil
	s.direct = httpserver.New(c)
	s.Meter = newMeter(s.counted.Track(counted), wire)
	s.serving.Go(func() { _ = s.counted.Serve(s.Listener()) })
	s.serving.Go(func() { _ = s.direct.Serve(s.direct.Track(direct)) })
	return s, nil
}

// Close runs tell, which notifies the clients, and soon closes all connections, as httpserver.Server
// does. It returns when no more connections are accepted.
func (s *Server) Close(ctx context.Context, tell func(context.Context) error) error {
	err := s.counted.Close(ctx, tell, func(ctx context.Context) error { return s.direct.Close(ctx) })
	s.serving.Wait()
	return err
}
