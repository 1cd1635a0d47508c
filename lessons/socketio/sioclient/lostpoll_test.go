package sioclient_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// lossy is a connection that breaks with the next bytes that come, once lose is set.
type lossy struct {
	net.Conn
	lose *atomic.Bool
}

func (l lossy) Read(p []byte) (int, error) {
	n, err := l.Conn.Read(p)
	if n > 0 && l.lose.CompareAndSwap(true, false) {
		l.Conn.Close()
		return 0, syscall.ECONNRESET
	}
	return n, err
}

// If the answer to a poll is lost with its connection, the session ends. Otherwise its packets
// would be missing without notice.
func TestALostAnswerToAPollIsALostConnection(t *testing.T) {
	io, url := serve(t, sio.Config{})
	var lose atomic.Bool
	ticks, lost := make(chan int, 10), make(chan sioclient.Reason, 1)
	s, err := sioclient.New(url, sioclient.Config{
		Transports: []string{sioclient.Polling}, NoReconnect: true,
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return lossy{conn, &lose}, err
		},
	})
	require.NoError(t, err)
	defer s.Close()
	s.On("tick", func(n int) { ticks <- n })
	s.OnDisconnect(func(reason sioclient.Reason, _ error) { lost <- reason })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, s.Connect(ctx))
	for n := range 3 { // the connection is in use again
		require.NoError(t, io.Emit("tick", n))
		assert.Equal(t, n, <-ticks)
	}
	lose.Store(true)
	require.NoError(t, io.Emit("tick", 3))
	select {
	case reason := <-lost:
		assert.Equal(t, sioclient.TransportError, reason)
	case <-ctx.Done():
		t.Error("the client polls on, and tick 3 is missing")
	}
}
