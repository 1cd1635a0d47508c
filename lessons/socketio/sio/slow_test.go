package sio_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// A handler that waits makes the next events of its socket wait. A goroutine that answers later
// lets them pass.
func ExampleSocket_On_slow() {
	io := sio.NewServer(sio.Config{})
	published := make(chan bool)
	io.OnConnection(func(s *sio.Socket) {
		s.On("report", func(query string, ack sio.Ack) {
			go func() {
				select {
				case <-published: // a slow query
					ack("report about " + query)
				case <-s.Context().Done(): // the client has gone
				}
			}()
		})
		s.On("publish", func(ack sio.Ack) {
			ack("published")
			close(published)
		})
	})
	url, stop := start(io, io)
	defer stop()

	ctx := context.Background()
	s, err := sioclient.Dial(ctx, url, sioclient.Config{})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	report := make(chan string)
	go func() {
		answer, _ := sioclient.Ask[string](ctx, s, "report", "rain")
		report <- answer
	}()
	fmt.Println(sioclient.Ask[string](ctx, s, "publish"))
	fmt.Println(<-report)
	// Output:
	// published <nil>
	// report about rain
}

func answerLater(s *sio.Socket, build func(ctx context.Context, query string) string) {
	s.On("report", func(query string, ack sio.Ack) {
		go func() { ack(build(s.Context(), query)) }() // other events are handled meanwhile
	})
}

// The code in docs/from-node.md lets other events pass, and its work ends with the client.
func TestSlowHandlersAnswerLater(t *testing.T) {
	io := sio.NewServer(sio.Config{})
	stopped := make(chan bool, 1)
	io.OnConnection(func(s *sio.Socket) {
		answerLater(s, func(ctx context.Context, query string) string {
			if query == "weather" {
				return "rain"
			}
			<-ctx.Done()
			stopped <- true
			return ""
		})
		s.On("other", func(ack sio.Ack) { ack(1) })
	})
	url, stop := start(io, io)
	defer stop()
	s, err := sioclient.Dial(t.Context(), url, sioclient.Config{})
	require.NoError(t, err)
	report, err := sioclient.Ask[string](t.Context(), s, "report", "weather")
	require.NoError(t, err)
	assert.Equal(t, "rain", report)
	require.NoError(t, s.Emit("report", "everything"))
	other, err := sioclient.Ask[int](t.Context(), s, "other")
	require.NoError(t, err)
	assert.Equal(t, 1, other)
	s.Close()
	<-stopped
}

// A handler of ten minutes is longer than many heartbeats, and its client stays. Events that wait
// for it do not count as silence, even those that the server has yet to read: the pong is behind
// them.
func TestSlowHandlersKeepTheConnection(t *testing.T) {
	for _, transport := range []string{sioclient.Polling, sioclient.WebSocket} {
		for takes, pending := range map[time.Duration]int{10 * time.Minute: 0, 4 * time.Second: 5} {
			t.Run(fmt.Sprint(transport, " ", takes), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { slowHandlers(t, transport, takes, pending) })
			})
		}
	}
}

func slowHandlers(t *testing.T, transport string, takes time.Duration, pending int) {
	io := sio.NewServer(sio.Config{MaxPending: pending})
	var ended []sio.Reason
	io.OnConnection(func(s *sio.Socket) {
		s.On("slow", func(n int, ack sio.Ack) {
			time.Sleep(takes)
			ack(n)
		})
		s.OnDisconnect(func(r sio.Reason) { ended = append(ended, r) })
	})
	began := time.Now()
	pipes := make(pipeListener)
	web := &http.Server{Handler: io}
	go web.Serve(pipes)

	s, err := sioclient.Dial(t.Context(), "http://in.memory",
		sioclient.Config{NetDialContext: pipes.dial, Transports: []string{transport},
			NoReconnect: true})
	require.NoError(t, err)
	for n := range 100 {
		require.NoError(t, s.Emit("slow", n))
	}
	answer, err := sioclient.Ask[int](t.Context(), s, "slow", 100)
	require.NoError(t, err)
	assert.Equal(t, 100, answer)
	assert.Equal(t, 101*takes, time.Since(began), "one after another")
	assert.Empty(t, ended)

	s.Close()
	require.NoError(t, io.Close(t.Context()))
	require.NoError(t, web.Close())
}

// A pipeListener accepts connections in memory, so that a whole server runs on the time of
// synctest.
type pipeListener chan net.Conn

func (l pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l pipeListener) Accept() (net.Conn, error) {
	c, open := <-l
	if !open {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (l pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "in memory"} }

func (l pipeListener) Close() error {
	close(l)
	return nil
}
