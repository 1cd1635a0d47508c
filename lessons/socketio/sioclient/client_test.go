package sioclient_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// fast is a client that does not take its time to come back.
var fast = sioclient.Config{ReconnectionDelay: 5 * time.Millisecond,
	ReconnectionDelayMax: 10 * time.Millisecond, Log: quiet}

func serve(t testing.TB, config sio.Config) (*sio.Server, string) {
	config.Log = quiet
	io := sio.NewServer(config)
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, io.Close(ctx))
		server.Close()
	})
	return io, server.URL
}

func dial(t *testing.T, url string, c sioclient.Config) *sioclient.Socket {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := sioclient.Dial(ctx, url, c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// next waits for what a channel brings.
func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		require.Fail(t, "nothing came")
		panic("unreachable")
	}
}

func echo(io *sio.Server) {
	io.OnConnection(func(s *sio.Socket) {
		s.On("echo", func(v any, ack sio.Ack) { ack(v) })
		s.On("ask me", func(n int, ack sio.Ack) {
			args, err := s.Timeout(10*time.Second).EmitWithAck(context.Background(), "question", n)
			if err != nil {
				ack(err.Error())
				return
			}
			ack(args.Any(0))
		})
		s.On("say", func(texts ...string) { s.Emit("heard", strings.Join(texts, " ")) })
		s.On("cut", func() { s.Conn().Close() })
		s.On("leave", func() { s.Disconnect(false) })
	})
}

func TestEachTransport(t *testing.T) {
	for _, transports := range [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}} {
		t.Run(strings.Join(transports, " and "), func(t *testing.T) {
			io, url := serve(t, sio.Config{})
			echo(io)
			c := fast
			c.Transports = transports
			s := dial(t, url, c)
			for _, v := range []any{nil, true, 1.5, "你好", []any{1.0, []byte{0, 255}},
				map[string]any{"b": []byte{1}}} {
				args, err := s.EmitWithAck(t.Context(), "echo", v)
				require.NoError(t, err)
				assert.Equal(t, v, args.Any(0))
			}
			s.On("question", func(n int, ack func(...any)) { ack(n * 2) })
			args, err := s.EmitWithAck(t.Context(), "ask me", 21)
			require.NoError(t, err)
			assert.Equal(t, 42.0, args.Any(0))
			require.Eventually(t, func() bool {
				return s.Manager().Transport() == transports[len(transports)-1]
			}, time.Minute, time.Millisecond)
		})
	}
}

func TestUpgradeLosesNothing(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) { s.On("n", func(n int) { s.Emit("n", n) }) })
	s := dial(t, url, fast)
	const many = 2000
	got := make(chan int, many)
	s.On("n", func(n int) { got <- n })
	for i := range many {
		require.NoError(t, s.Emit("n", i))
		if i%100 == 0 {
			time.Sleep(time.Millisecond) // so that the upgrade falls among them
		}
	}
	for i := range many {
		require.Equal(t, i, next(t, got))
	}
	assert.Eventually(t, func() bool {
		return s.Manager().Transport() == sioclient.WebSocket
	}, time.Minute, time.Millisecond)
}

func TestNamespacesShareAConnection(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.Of("/admin").Use(func(s *sio.Socket) error {
		var auth struct {
			Token string `json:"token"`
		}
		if s.Handshake().Auth(&auth) != nil || auth.Token != "secret" {
			return &sio.ConnectError{Message: "not authorized", Data: map[string]int{"code": 7}}
		}
		return nil
	})
	c := fast
	token := "secret"
	c.Auth = func() any { return map[string]string{"token": token} }
	s := dial(t, url, c)
	admin := s.Manager().Socket("/admin")
	require.NoError(t, admin.Connect(t.Context()))
	assert.Equal(t, 1, io.Clients())
	assert.NotEqual(t, s.ID(), admin.ID())
	assert.Same(t, admin, s.Manager().Socket("admin"))

	admin.Disconnect()
	assert.False(t, admin.Connected())
	assert.True(t, s.Connected())
	token = "wrong"
	err := admin.Connect(t.Context())
	var refused *sioclient.ConnectError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "not authorized", refused.Message)
	var data struct{ Code int }
	require.NoError(t, refused.Data(&data))
	assert.False(t, admin.Active())

	_, err = sioclient.Dial(t.Context(), url+"/unknown", fast)
	assert.ErrorContains(t, err, "Invalid namespace")
}

func TestReasonsAndReconnection(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	for _, transports := range [][]string{{"polling"}, {"websocket"}} {
		c := fast
		c.Transports = transports
		s := dial(t, url, c)
		reasons, connected := make(chan sioclient.Reason, 10), make(chan string, 10)
		s.OnDisconnect(func(r sioclient.Reason, _ error) { reasons <- r })
		s.OnConnect(func() { connected <- s.ID() })
		first := s.ID()

		s.Emit("cut")
		assert.Equal(t, sioclient.TransportClose, next(t, reasons))
		assert.NotEqual(t, first, next(t, connected))

		s.Emit("leave")
		assert.Equal(t, sioclient.ServerDisconnect, next(t, reasons))
		assert.False(t, s.Active())

		s.Open()
		next(t, connected)
		s.Disconnect()
		assert.Equal(t, sioclient.ClientDisconnect, next(t, reasons))

		s.Emit("echo", "kept until connected", 0)
		s.Open()
		next(t, connected)
		s.Manager().Close()
		assert.Equal(t, sioclient.ForcedClose, next(t, reasons))
		assert.ErrorIs(t, s.Emit("late"), sioclient.ErrDisconnected)
	}
}

// TestHeartbeat: a client that only answers pings stays connected. The server closes one that does
// not answer within PingTimeout.
func TestHeartbeat(t *testing.T) {
	for _, transport := range []string{sioclient.WebSocket, sioclient.Polling} {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				io, listener := sio.NewServer(sio.Config{Log: quiet}), newPipes()
				server := &http.Server{Handler: io}
				go server.Serve(listener)
				defer server.Close()
				defer func() { require.NoError(t, io.Close(t.Context())) }()
				s, err := sioclient.Dial(t.Context(), "http://heartbeat", sioclient.Config{
					Transports: []string{transport}, NetDialContext: listener.dial,
					NoReconnect: true, Log: quiet})
				require.NoError(t, err)
				defer s.Close()
				time.Sleep(10 * time.Minute)
				assert.True(t, s.Connected())
				assert.Equal(t, 1, io.Clients())
			})
		})
	}
}

func TestAttemptsAreBounded(t *testing.T) {
	c := fast
	c.ReconnectionAttempts = 3
	m, err := sioclient.NewManager("http://127.0.0.1:1", c)
	require.NoError(t, err)
	defer m.Close()
	var mu sync.Mutex
	var seen []string
	note := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, fmt.Sprintf(format, args...))
	}
	failed := make(chan bool)
	m.OnReconnectAttempt(func(n int) { note("attempt %d", n) })
	m.OnReconnectError(func(error) { note("error") })
	m.OnReconnectFailed(func() { close(failed) })
	s := m.Socket("/")
	errs := make(chan error, 10)
	s.OnConnectError(func(err error) { errs <- err })
	s.Open()
	next(t, failed)
	assert.Equal(t, []string{"attempt 1", "error", "attempt 2", "error", "attempt 3", "error"},
		seen)
	for range 4 {
		assert.Error(t, next(t, errs))
	}
}

func TestAPanicOfACallbackEndsNothing(t *testing.T) {
	c := fast
	c.ReconnectionAttempts = 2
	c.Log = slog.New(slog.DiscardHandler)
	m, err := sioclient.NewManager("http://127.0.0.1:1", c)
	require.NoError(t, err)
	defer m.Close()
	failed := make(chan bool)
	m.OnReconnectAttempt(func(int) { panic("on purpose") })
	m.OnReconnectError(func(error) { panic("on purpose") })
	m.OnReconnectFailed(func() { defer close(failed); panic("on purpose") })
	m.Socket("/").Open()
	next(t, failed)

	_, url := serve(t, sio.Config{})
	c.Auth = func() any { panic("on purpose") }
	m, err = sioclient.NewManager(url, c)
	require.NoError(t, err)
	defer m.Close()
	s := m.Socket("/")
	errs := make(chan error, 10)
	s.OnConnectError(func(err error) { errs <- err })
	s.Open()
	assert.ErrorContains(t, next(t, errs), "Auth panicked")
}

func TestAcks(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	asked := make(chan struct{}, 3)
	io.OnConnection(func(s *sio.Socket) { s.On("never", func(sio.Ack) { asked <- struct{}{} }) })
	s := dial(t, url, fast)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := s.EmitWithAck(ctx, "never")
	assert.ErrorIs(t, err, context.DeadlineExceeded)

	c := fast
	c.AckTimeout = 10 * time.Millisecond
	_, err = dial(t, url, c).EmitWithAck(t.Context(), "never")
	assert.ErrorIs(t, err, sioclient.ErrTimeout)

	answer := make(chan error)
	go func() { _, err := s.EmitWithAck(context.Background(), "never"); answer <- err }()
	for range 3 {
		next(t, asked)
	}
	s.Emit("cut")
	assert.ErrorIs(t, next(t, answer), sioclient.ErrDisconnected)
}

func TestListeners(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	s := dial(t, url, fast)
	heard, any, out, errs := make(chan string, 10), make(chan string, 10), make(chan string, 10),
		make(chan error, 10)
	s.OnAny(func(event string, args sioclient.Args) { any <- event })
	s.OnAnyOutgoing(func(event string, args sioclient.Args) { out <- event })
	s.OnError(func(err error) { errs <- err })
	s.Once("heard", func(text string) { heard <- "once " + text })
	off := s.On("heard", func(text string) { heard <- text })
	s.Emit("say", "a", "b")
	assert.Equal(t, "once a b", next(t, heard))
	assert.Equal(t, "a b", next(t, heard))
	assert.Equal(t, "heard", next(t, any))
	assert.Equal(t, "say", next(t, out))
	off()
	s.On("heard", func(n int) {})
	s.Emit("say", "c")
	assert.ErrorContains(t, next(t, errs), `event "heard": argument 1`)
	s.Off("heard")
	assert.ErrorIs(t, s.Emit("connect"), sioclient.ErrReservedEvent)
	assert.Panics(t, func() { s.On("disconnect", func() {}) })
	assert.Panics(t, func() { s.On("x", "no func") })
}

func TestRetriesKeepTheOrder(t *testing.T) {
	io, url := serve(t, sio.Config{})
	got := make(chan int, 100)
	var mu sync.Mutex
	tries := map[int]int{}
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int, ack sio.Ack) {
			mu.Lock()
			tries[n]++
			first := tries[n] == 1
			mu.Unlock()
			switch {
			case n == 3 && first: // its answer is lost
			case n == 5 && first:
				s.Conn().Close()
			default:
				got <- n
				ack()
			}
		})
	})
	c := fast
	c.Retries, c.AckTimeout = 3, 50*time.Millisecond
	s := dial(t, url, c)
	for i := range 10 {
		require.NoError(t, s.Emit("n", i))
	}
	for i := 0; i < 10; {
		n := next(t, got)
		if n == i-1 {
			continue // on a busy machine an answer may come late: it is asked again
		}
		require.Equal(t, i, n)
		i++
	}
}

func TestVolatileIsDroppedWhileDisconnected(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	m, err := sioclient.NewManager(url, fast)
	require.NoError(t, err)
	defer m.Close()
	s := m.Socket("/")
	heard := make(chan string, 10)
	s.On("heard", func(text string) { heard <- text })
	require.NoError(t, s.EmitVolatile("say", "dropped"))
	require.NoError(t, s.Emit("say", "kept"))
	s.Open()
	assert.Equal(t, "kept", next(t, heard))
}

func TestRecovery(t *testing.T) {
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	io.OnConnection(func(s *sio.Socket) {
		s.On("cut", func() { s.Conn().Close() })
		s.On("join", func(room string, ack sio.Ack) { s.Join(room); ack() })
	})
	s := dial(t, url, fast)
	_, err := s.EmitWithAck(t.Context(), "join", "r")
	require.NoError(t, err)
	news, connected := make(chan string, 100), make(chan bool, 10)
	s.On("news", func(text string) { news <- text })
	s.OnConnect(func() { connected <- s.Recovered() })
	io.Emit("news", "before")
	assert.Equal(t, "before", next(t, news))
	id := s.ID()
	for round := range 3 {
		s.Emit("cut")
		require.Eventually(t, func() bool {
			return io.Socket(id) == nil || io.Len() == 1
		}, time.Minute, time.Millisecond)
		for i := range 5 {
			io.Emit("news", fmt.Sprint("all ", round, i))
			io.To("r").Emit("news", fmt.Sprint("room ", round, i))
			io.To("other").Emit("news", "other")
		}
		assert.True(t, next(t, connected))
		assert.Equal(t, id, s.ID())
		for i := range 5 {
			assert.Equal(t, fmt.Sprint("all ", round, i), next(t, news))
			assert.Equal(t, fmt.Sprint("room ", round, i), next(t, news))
		}
	}
}

// A client that is thrown out starts again, without the offset of its last session: the next
// recovery would begin there.
func TestTheOffsetEndsWithItsSession(t *testing.T) {
	sent := make(chan string, 10)
	io, url := serve(t, sio.Config{Recovery: &sio.Recovery{}})
	io.Use(func(s *sio.Socket) error {
		sent <- string(s.Handshake().RawAuth)
		return nil
	})
	s := dial(t, url, fast)
	assert.NotContains(t, next(t, sent), "offset")
	news := make(chan string, 10)
	s.On("news", func(text string) { news <- text })
	io.Emit("news", "1")
	assert.Equal(t, "1", next(t, news))
	gone := make(chan struct{})
	s.OnDisconnect(func(r sioclient.Reason, _ error) {
		if r == sioclient.ServerDisconnect {
			close(gone)
		}
	})
	io.DisconnectSockets(false)
	<-gone
	require.NoError(t, s.Connect(t.Context()))
	assert.Contains(t, next(t, sent), "offset")
	assert.False(t, s.Recovered())
	io.Socket(s.ID()).Conn().Close()
	assert.NotContains(t, next(t, sent), "offset")
}

func TestBadConfigurations(t *testing.T) {
	for _, url := range []string{"", "ftp://x", "http://", "::"} {
		_, err := sioclient.NewManager(url, sioclient.Config{})
		assert.Error(t, err, url)
	}
	_, err := sioclient.NewManager("http://x", sioclient.Config{Transports: []string{"pigeon"}})
	assert.ErrorContains(t, err, "pigeon")
	server := httptest.NewServer(nil)
	defer server.Close()
	c := fast
	c.NoReconnect = true
	_, err = sioclient.Dial(t.Context(), server.URL, c)
	assert.Error(t, err)
	var refused *sioclient.ConnectError
	assert.False(t, errors.As(err, &refused))
}

func TestCompressedAnswersAreDecoded(t *testing.T) {
	io, url := serve(t, sio.Config{}) // which compresses answers of 1 KiB and more
	echo(io)
	for _, offered := range []string{"", "gzip", "deflate", "gzip, deflate, br, zstd"} {
		header := http.Header{}
		if offered != "" {
			header.Set("Accept-Encoding", offered)
		}
		s := dial(t, url, sioclient.Config{Transports: []string{sioclient.Polling}, NoUpgrade: true,
			Header: header, Log: quiet})
		text := strings.Repeat("0123456789", 1000)
		args, err := s.EmitWithAck(t.Context(), "echo", text)
		require.NoError(t, err, offered)
		assert.Equal(t, text, args.Any(0), offered)
	}
}
