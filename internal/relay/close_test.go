package relay

import (
	"context"
	"log/slog"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// slow is a connection whose Close takes time, as with TLS.
type slow struct {
	net.Conn
	closing, resume chan struct{}
}

func (s *slow) Close() error {
	select {
	case s.closing <- struct{}{}:
		<-s.resume
	default: // the second Close of it
	}
	return s.Conn.Close()
}

func TestASlowCloseHoldsNoLock(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	far, near := net.Pipe()
	defer far.Close()
	server := &slow{near, make(chan struct{}), make(chan struct{})}
	p := Start(Config{Listener: l, Log: slog.New(slog.DiscardHandler),
		Dial: func(context.Context, net.Conn) (net.Conn, error) {
			return server, nil
		}})
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	_, err = client.Write([]byte("x"))
	require.NoError(t, err)
	_, err = far.Read(make([]byte, 1)) // now the relay knows both
	require.NoError(t, err)
	closed := make(chan error)
	go func() { closed <- p.Close() }()
	<-server.closing
	if assert.True(t, p.mu.TryLock(), "the lock is held while a connection closes") {
		p.mu.Unlock()
	}
	close(server.resume)
	require.NoError(t, <-closed)
}
