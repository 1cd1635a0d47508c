package sioclient_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// TestConcurrentUse: goroutines connect, disconnect, send and lose the connections of two sockets
// on one Manager, in any order. Every call returns, and afterwards both sockets connect and are
// answered.
func TestConcurrentUse(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	io.Of("/chat").OnConnection(func(s *sio.Socket) {
		s.On("echo", func(v any, ack sio.Ack) { ack(v) })
		s.On("cut", func() { s.Conn().Close() })
	})
	for _, transports := range [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}} {
		t.Run(transports[len(transports)-1]+" after "+transports[0], func(t *testing.T) {
			c := fast
			c.Transports = transports
			m, err := sioclient.NewManager(url, c)
			require.NoError(t, err)
			defer m.Close()
			sockets := []*sioclient.Socket{m.Socket("/"), m.Socket("/chat")}
			var running sync.WaitGroup
			for seed := range uint64(8) {
				running.Go(func() {
					random := rand.New(rand.NewPCG(seed, 0))
					for range 60 {
						s := sockets[random.IntN(len(sockets))]
						ctx, cancel := context.WithTimeout(t.Context(),
							time.Duration(random.IntN(20))*time.Millisecond)
						switch random.IntN(6) {
						case 0:
							s.Connect(ctx)
						case 1:
							s.Open()
						case 2:
							s.Disconnect()
						case 3:
							s.EmitVolatile("cut")
						default:
							if args, err := s.EmitWithAck(ctx, "echo", 7); err == nil {
								assert.Equal(t, 7.0, args.Any(0))
							}
						}
						cancel()
					}
				})
			}
			running.Wait()
			ctx := bounded(t)
			for _, s := range sockets {
				n, err := 0, error(nil)
				for range 100 { // a cut that is still on its way may end the first
					if err = s.Connect(ctx); err == nil {
						if n, err = sioclient.Ask[int](ctx, s, "echo", 8); err == nil {
							break
						}
					}
				}
				require.NoError(t, err)
				assert.Equal(t, 8, n)
			}
		})
	}
}

// TestOpenBesideDisconnect: whichever comes first, the socket is connected by the next Connect. It
// never waits for an answer that has already come.
func TestOpenBesideDisconnect(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	c := fast
	c.Transports = []string{"websocket"}
	m, err := sioclient.NewManager(url, c)
	require.NoError(t, err)
	defer m.Close()
	require.NoError(t, m.Socket("/").Connect(bounded(t))) // keeps the connection
	s := m.Socket("/chat")
	io.Of("/chat").OnConnection(func(*sio.Socket) {})
	for range 200 {
		require.NoError(t, s.Connect(bounded(t)))
		var running sync.WaitGroup
		running.Go(s.Disconnect)
		running.Go(s.Open)
		running.Wait()
	}
	require.NoError(t, s.Connect(bounded(t)))
	assert.True(t, s.Connected())
}
