package sioclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

func TestConnectInConnectErrorTriesAgain(t *testing.T) {
	var down atomic.Bool
	down.Store(true)
	io := sio.NewServer(sio.Config{Log: quiet})
	attempts := make(chan bool, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sid") == "" {
			attempts <- true
		}
		if down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		io.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer io.Close(t.Context())
	c := fast
	c.NoReconnect, c.Transports = true, []string{"polling"}
	m, err := sioclient.NewManager(server.URL, c)
	require.NoError(t, err)
	defer m.Close()
	s := m.Socket("/")
	connected := make(chan bool, 1)
	s.OnConnect(func() { connected <- true })
	s.OnConnectError(func(err error) {
		assert.ErrorContains(t, err, "down")
		if len(attempts) == 3 {
			down.Store(false)
		}
		s.Connect()
	})
	s.Connect()
	next(t, connected)
	assert.Len(t, attempts, 4)
}

// silent accepts connections, says when one has sent its request, and answers
// nothing.
func silent(t *testing.T) (url string, asked <-chan bool) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	requests := make(chan bool, 10)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				context.AfterFunc(t.Context(), func() { conn.Close() })
				if _, err := conn.Read(make([]byte, 1)); err == nil {
					requests <- true
				}
				io.Copy(io.Discard, conn)
			})
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return "http://" + l.Addr().String(), requests
}

func TestAServerThatDoesNotAnswerHoldsNobodyUp(t *testing.T) {
	for _, transport := range []string{"polling", "websocket"} {
		c := fast
		c.Transports, c.Timeout = []string{transport}, time.Hour
		url, asked := silent(t)

		ctx, cancel := context.WithCancel(t.Context())
		dialed := make(chan error, 1)
		go func() { _, err := sioclient.Dial(ctx, url, c); dialed <- err }()
		next(t, asked)
		cancel()
		assert.ErrorIs(t, next(t, dialed), context.Canceled, transport)

		m, err := sioclient.NewManager(url, c)
		require.NoError(t, err)
		m.Socket("/").Connect()
		next(t, asked)
		closed := make(chan bool)
		go func() { m.Close(); close(closed) }()
		next(t, closed)
	}
}

func TestConnectAndWaitOfAConnectedSocket(t *testing.T) {
	_, url := serve(t, sio.Config{})
	s := dial(t, url, fast)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, s.ConnectAndWait(ctx))
}

func TestAnAnswerAfterDisconnectHarmsNobody(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) { s.On("echo", func(v any, ack sio.Ack) { ack(v) }) })
	io.Of("/chat").OnConnection(func(s *sio.Socket) { s.EmitWithAck(t.Context(), "question") })
	main := dial(t, url, fast)
	lost := make(chan sioclient.Reason, 1)
	main.OnDisconnect(func(r sioclient.Reason, _ error) { lost <- r })
	chat := main.Manager().Socket("/chat")
	answers := make(chan func(...any), 1)
	chat.On("question", func(ack func(...any)) { answers <- ack })
	require.NoError(t, chat.ConnectAndWait(t.Context()))
	ack := next(t, answers)
	chat.Disconnect()
	ack("too late")
	_, err := main.EmitWithAck(t.Context(), "echo", 1)
	require.NoError(t, err)
	main.Disconnect()
	assert.Equal(t, sioclient.ClientDisconnect, next(t, lost))
}

func TestEmitWithAckTakesItsTurnAmongRetries(t *testing.T) {
	io, url := serve(t, sio.Config{})
	got := make(chan int, 100)
	refused := 0
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int, ack sio.Ack) {
			if n == 0 && refused < 2 { // handlers run one at a time
				refused++
				return
			}
			got <- n
			ack(n * 10)
		})
		s.On("never", func() {})
	})
	c := fast
	c.Retries, c.AckTimeout = 2, 250*time.Millisecond
	s := dial(t, url, c)
	require.NoError(t, s.Emit("n", 0))
	answer, err := s.EmitWithAck(t.Context(), "n", 1)
	require.NoError(t, err)
	assert.Equal(t, 10.0, answer.Any(0))
	assert.Equal(t, 0, next(t, got))
	assert.Equal(t, 1, next(t, got))

	_, err = s.EmitWithAck(t.Context(), "never")
	assert.ErrorIs(t, err, sioclient.ErrTimeout)
	asked := make(chan error)
	s.Disconnect()
	go func() { _, err := s.EmitWithAck(t.Context(), "never"); asked <- err }()
	s.Manager().Close()
	assert.ErrorIs(t, next(t, asked), sioclient.ErrDisconnected)
}

func TestRetriesWithoutAckTimeoutOutlastLosses(t *testing.T) {
	io, url := serve(t, sio.Config{})
	var seen atomic.Int64
	io.OnConnection(func(s *sio.Socket) {
		s.On("n", func(n int, ack sio.Ack) {
			if seen.Add(1) < 4 {
				s.Conn().Close()
				return
			}
			ack(n)
		})
	})
	c := fast
	c.Retries = 1
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	args, err := dial(t, url, c).EmitWithAck(ctx, "n", 7)
	require.NoError(t, err)
	assert.Equal(t, 7.0, args.Any(0))
}

func TestAHandlerThatEndsItsGoroutine(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	s := dial(t, url, fast)
	heard := make(chan string, 10)
	s.On("heard", func(text string) {
		if text == "exit" {
			runtime.Goexit() // as FailNow does
		}
		if text == "panic" {
			panic(text)
		}
		heard <- text
	})
	for _, text := range []string{"exit", "panic", "a", "exit", "b"} {
		require.NoError(t, s.Emit("say", text))
	}
	assert.Equal(t, "a", next(t, heard))
	assert.Equal(t, "b", next(t, heard))
}

func TestAServerThatFloodsIsNotRead(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) {
		for n := range 500 {
			s.Emit("n", n)
		}
	})
	c := fast
	c.MaxPending = 2
	m, err := sioclient.NewManager(url, c)
	require.NoError(t, err)
	defer m.Close()
	s := m.Socket("/")
	got, blocked := make(chan int), make(chan struct{})
	s.On("n", func(n int) { <-blocked; got <- n })
	require.NoError(t, s.ConnectAndWait(t.Context()))
	close(blocked)
	for n := range 500 {
		require.Equal(t, n, next(t, got))
	}
}

func TestTooManyAttachmentsEndTheConnection(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) { s.Emit("many", []byte{1}, []byte{2}, []byte{3}) })
	c := fast
	c.MaxAttachments, c.NoReconnect = 2, true
	m, err := sioclient.NewManager(url, c)
	require.NoError(t, err)
	defer m.Close()
	s := m.Socket("/")
	why := make(chan error, 1)
	s.OnDisconnect(func(r sioclient.Reason, err error) { why <- errors.Join(errors.New(string(r)), err) })
	s.Connect()
	assert.ErrorContains(t, next(t, why), "parse error\nsiopacket: too many attachments")
}
