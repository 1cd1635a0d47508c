package sio_test

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// shutDown begins a shutdown, and returns its result when new handshakes are refused.
func shutDown(ctx context.Context, t *testing.T, io *sio.Server, url string) <-chan error {
	result := make(chan error, 1)
	go func() { result <- io.Shutdown(ctx) }()
	require.Eventually(t, func() bool {
		base, _, _ := strings.Cut(url, "/socket.io/")
		res, err := http.Get(base + "/socket.io/?EIO=4&transport=polling")
		require.NoError(t, err)
		res.Body.Close()
		return res.StatusCode == http.StatusServiceUnavailable &&
			res.Header.Get("Retry-After") != ""
	}, time.Minute, time.Millisecond)
	return result
}

func TestShutdownLetsHandlersFinish(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	for _, transport := range []string{"polling", "websocket"} {
		t.Run(transport, func(t *testing.T) {
			io, wire := serve(t, sio.Config{})
			url := "http" + strings.TrimPrefix(strings.TrimSuffix(wire,
				"/socket.io/?EIO=4&transport=websocket"), "ws")
			running, release, next := make(chan struct{}), make(chan struct{}),
				make(chan struct{}, 1)
			ended := make(chan sio.Reason, 3)
			io.Of("other")
			io.OnConnection(func(s *sio.Socket) {
				s.OnDisconnect(func(r sio.Reason) { ended <- r })
				s.On("slow", func(ack sio.Ack) {
					// its answer comes behind "next"
					_, err := s.EmitWithAck(t.Context(), "question")
					assert.NoError(t, err)
					close(running)
					<-release
					_, err = s.EmitWithAck(t.Context(), "question")
					assert.NoError(t, err, "while the server shuts down")
					ack("done")
				})
				s.On("next", func() { next <- struct{}{} })
				s.On("ask", func(ack sio.Ack) { ack() })
			})
			connect := func() *sioclient.Socket {
				s, err := sioclient.New(url, sioclient.Config{Transports: []string{transport},
					NoReconnect: true})
				require.NoError(t, err)
				t.Cleanup(func() { s.Close() })
				return s
			}
			client, other, third := connect(), connect(), join(t, wire)
			reasons := make(chan sioclient.Reason, 1)
			client.OnDisconnect(func(r sioclient.Reason, _ error) { reasons <- r })
			client.On("question", func(ack sioclient.Ack) {
				select {
				case <-running:
				default:
					assert.NoError(t, client.Emit("next"))
				}
				ack()
			})
			require.NoError(t, client.Connect(t.Context()))
			require.NoError(t, other.Connect(t.Context()))
			answer := make(chan any, 1)
			go func() {
				args, err := client.EmitWithAck(t.Context(), "slow")
				assert.NoError(t, err)
				answer <- args.Any(0)
			}()
			<-running

			result := shutDown(t.Context(), t, io, url)
			require.Eventually(t, func() bool { // it is dropped from some moment on
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				_, err := other.EmitWithAck(ctx, "ask")
				return err != nil
			}, time.Minute, time.Millisecond)
			third.write("40/other,")
			close(release)
			assert.Equal(t, "done", <-answer)
			<-next
			assert.Equal(t, sioclient.TransportClose, <-reasons)
			third.isClosed()
			third.Conn.Close()
			assert.NoError(t, <-result)
			for range 3 {
				assert.Equal(t, sio.ServerShuttingDown, <-ended)
			}
			assert.Zero(t, io.Clients())
			assert.NoError(t, io.Shutdown(t.Context()), "again")
		})
	}
}

// Every event that was handled is acknowledged, and no event is handled that is not, while clients
// go on sending.
func TestShutdownAcknowledgesWhatIsHandled(t *testing.T) {
	io, wire := serve(t, sio.Config{})
	url, _, _ := strings.Cut("http"+strings.TrimPrefix(wire, "ws"), "/socket.io/")
	var handled, acknowledged atomic.Int64
	io.OnConnection(func(s *sio.Socket) {
		s.On("add", func(ack sio.Ack) { handled.Add(1); ack() })
		s.On("add later", func(ack sio.Ack) {
			handled.Add(1)
			s.Flush(t.Context())
			runtime.Gosched()
			ack()
		})
	})
	var clients, busy sync.WaitGroup
	for i := range 16 {
		transports := [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}}[i%3]
		client, err := sioclient.New(url,
			sioclient.Config{Transports: transports, NoReconnect: true})
		require.NoError(t, err)
		defer client.Close()
		require.NoError(t, client.Connect(t.Context()))
		lost, lose := context.WithCancel(t.Context())
		client.OnDisconnect(func(sioclient.Reason, error) { lose() })
		clients.Go(func() { <-lost.Done(); client.Close() }) // ends what waits for a connection
		for _, event := range []string{"add", "add later"} {
			busy.Add(1)
			clients.Go(func() {
				for n := 0; lost.Err() == nil; n++ {
					if _, err := client.EmitWithAck(t.Context(), event); err == nil {
						acknowledged.Add(1)
					}
					if n == 10 {
						busy.Done()
					}
				}
			})
		}
	}
	busy.Wait()
	assert.NoError(t, io.Shutdown(t.Context()))
	clients.Wait()
	assert.Equal(t, handled.Load(), acknowledged.Load())
	assert.Greater(t, handled.Load(), int64(300))
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	io, wire := serve(t, sio.Config{})
	running, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	io.OnConnection(func(s *sio.Socket) { s.On("slow", func() { close(running); <-release }) })
	a := join(t, wire)
	a.write(`42["slow"]`)
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	result := shutDown(ctx, t, io, "http"+strings.TrimPrefix(wire, "ws"))
	cancel()
	assert.ErrorIs(t, <-result, context.Canceled)
	a.isClosed()
	assert.Zero(t, io.Clients())
}
