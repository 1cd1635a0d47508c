package sioclient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

func TestOpenInConnectErrorTriesAgain(t *testing.T) {
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
		s.Open()
	})
	s.Open()
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
		m.Socket("/").Open()
		next(t, asked)
		closed := make(chan bool)
		go func() { m.Close(); close(closed) }()
		next(t, closed)
	}
}

func TestConnectOfAConnectedSocket(t *testing.T) {
	_, url := serve(t, sio.Config{})
	s := dial(t, url, fast)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, s.Connect(ctx))
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
	require.NoError(t, chat.Connect(t.Context()))
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
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	require.NoError(t, s.Connect(t.Context()))
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
	s.OnDisconnect(func(r sioclient.Reason, err error) {
		why <- errors.Join(errors.New(string(r)), err)
	})
	s.Open()
	assert.ErrorContains(t, next(t, why), "parse error\nsiopacket: too many attachments")
}

func TestDisconnectEndsWaitingAsks(t *testing.T) {
	for _, retries := range []int{0, 2} {
		for _, connected := range []bool{false, true} {
			io, url := serve(t, sio.Config{})
			asked := make(chan string, 10)
			io.OnConnection(func(s *sio.Socket) {
				s.OnAny(func(name string, _ sio.Args) { asked <- name })
				s.On("last", func(ack sio.Ack) { ack() })
			})
			s, err := sioclient.New(url, sioclient.Config{Retries: retries, Log: quiet})
			require.NoError(t, err)
			t.Cleanup(s.Close)
			if connected {
				require.NoError(t, s.Connect(bounded(t)))
			}
			outcome := make(chan error, 1)
			go func() {
				_, err := s.EmitWithAck(bounded(t), "ask")
				outcome <- err
			}()
			if connected {
				require.Equal(t, "ask", next(t, asked))
			} else {
				require.Eventually(t, func() bool {
					return s.Queued() > 0
				}, time.Minute, time.Millisecond)
			}
			s.Disconnect()
			assert.ErrorIs(t, next(t, outcome), sioclient.ErrDisconnected,
				"retries %d, connected %v", retries, connected)
			assert.Zero(t, s.Queued())

			require.NoError(t, s.Connect(bounded(t)))
			_, err = s.EmitWithAck(bounded(t), "last")
			require.NoError(t, err)
			assert.Equal(t, "last", next(t, asked),
				"the event of a call that has failed is not sent later")
		}
	}
}

func TestAnImpatientConnectSparesThePatient(t *testing.T) {
	io, url := serve(t, sio.Config{})
	entered, release := make(chan bool, 1), make(chan bool)
	io.Use(func(*sio.Socket) error {
		entered <- true
		<-release
		return nil
	})
	s, err := sioclient.New(url, sioclient.Config{Log: quiet})
	require.NoError(t, err)
	defer s.Close()
	patient := make(chan error, 1)
	go func() { patient <- s.Connect(bounded(t)) }()
	next(t, entered)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, s.Connect(ctx), context.Canceled)
	assert.True(t, s.Active())
	close(release)
	assert.NoError(t, next(t, patient))
	assert.True(t, s.Connected())
}

func TestAFunctionOfTheConfigThatEndsItsGoroutine(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	var ended atomic.Int64
	once := func() {
		if ended.Add(1) == 1 {
			runtime.Goexit()
		}
	}
	for name, c := range map[string]sioclient.Config{
		"Auth": {Auth: func() any { once(); return nil }},
		"NetDialContext": {Transports: []string{sioclient.WebSocket},
			NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				once()
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			}},
	} {
		ended.Store(0)
		c.Log = quiet
		s, err := sioclient.New(url, c)
		require.NoError(t, err)
		assert.ErrorContains(t, s.Connect(bounded(t)), "runtime.Goexit", name)
		assert.NoError(t, s.Connect(bounded(t)), name)
		s.Close()
	}

	ended.Store(0)
	s, err := sioclient.New(url, fast)
	require.NoError(t, err)
	defer s.Close()
	s.Manager().OnReconnectAttempt(func(int) { once() })
	back := make(chan bool, 2)
	s.OnConnect(func() { back <- true })
	lost := make(chan bool, 2)
	s.OnDisconnect(func(sioclient.Reason, error) { lost <- true })
	require.NoError(t, s.Connect(bounded(t)))
	next(t, back)
	require.NoError(t, s.Emit("cut"))
	next(t, lost)
	next(t, back)
}

// TestCloseEndsDials: net/http goes on dialing for a request that has ended.
func TestCloseEndsDials(t *testing.T) {
	_, url := serve(t, sio.Config{})
	for range 3 { // the request and the dial end in either order
		var dials atomic.Int64
		dialing, ended := make(chan bool, 2), make(chan bool, 2)
		ctx, cancel := context.WithCancel(t.Context())
		connected := make(chan error, 1)
		go func() {
			_, err := sioclient.Dial(ctx, url,
				sioclient.Config{Transports: []string{sioclient.Polling}, Log: quiet,
					NoReconnect: true,
					Header:      http.Header{"Connection": {"close"}}, // so that each request dials
					NetDialContext: func(ctx context.Context, network, addr string) (net.Conn,
						error) {
						if dials.Add(1) == 1 {
							return (&net.Dialer{}).DialContext(ctx, network, addr)
						}
						dialing <- true
						<-ctx.Done()
						ended <- true
						return nil, ctx.Err()
					}})
			connected <- err
		}()
		next(t, dialing)
		cancel()
		assert.ErrorIs(t, next(t, connected), context.Canceled)
		next(t, ended)
	}
}

func TestCloseWhileTheSessionOpensLeavesNoneBehind(t *testing.T) {
	io := sio.NewServer(sio.Config{Log: quiet})
	opened, release := make(chan bool, 1), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("sid") != "" {
			io.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		io.ServeHTTP(answer, r)
		opened <- true
		<-release
		w.Write(answer.Body.Bytes())
	}))
	defer server.Close()
	defer io.Close(t.Context())
	s, err := sioclient.New(server.URL, sioclient.Config{Log: quiet})
	require.NoError(t, err)
	outcome := make(chan error, 1)
	go func() { outcome <- s.Connect(bounded(t)) }()
	next(t, opened)
	require.Equal(t, 1, io.Clients())
	closed := make(chan bool)
	go func() {
		s.Close()
		close(closed)
	}()
	assert.ErrorIs(t, next(t, outcome), sioclient.ErrDisconnected)
	close(release)
	next(t, closed)
	assert.Eventually(t, func() bool { return io.Clients() == 0 }, 10*time.Second, time.Millisecond)
}

func TestThePingTimeoutRunsWhileAPOSTIsNotAnswered(t *testing.T) {
	posted, probed := make(chan bool), make(chan bool)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Get("transport") == "websocket":
			<-posted
			conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			conn.ReadMessage()
			conn.WriteMessage(websocket.TextMessage, []byte("3probe"))
			close(probed)
			conn.ReadMessage()
		case r.Method == http.MethodPost:
			io.Copy(io.Discard, r.Body)
			close(posted)
			<-r.Context().Done()
		case r.URL.Query().Get("sid") == "":
			io.WriteString(w,
				`0{"sid":"x","upgrades":["websocket"],"pingInterval":300,"pingTimeout":200,"maxPayload":100000}`)
		default:
			select {
			case <-probed:
				io.WriteString(w, "6")
			case <-r.Context().Done():
			}
		}
	}))
	defer server.Close()
	s, err := sioclient.New(server.URL, sioclient.Config{NoReconnect: true, Log: quiet})
	require.NoError(t, err)
	defer s.Close()
	failed := make(chan error, 1)
	s.OnConnectError(func(err error) { failed <- err })
	s.Open()
	err = next(t, failed)
	assert.ErrorIs(t, err, sioclient.ErrNoAnswer)
	assert.ErrorContains(t, err, string(sioclient.PingTimeout))
}

func TestCloseDuringCallsOfConnectDisconnectsEachSocketOnce(t *testing.T) {
	server := sio.NewServer(sio.Config{Log: quiet})
	admit := make(chan bool)
	const waiting = 8
	for n := range waiting {
		server.Of("/" + strconv.Itoa(n)).Use(func(*sio.Socket) error {
			<-admit
			return nil
		})
	}
	ended := make(chan bool)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil {
			if string(body) == "1" { // the end of the session, which the client's reader waits for
				<-ended
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		server.ServeHTTP(w, r)
	}))
	defer web.Close()
	defer server.Close(t.Context())
	defer close(admit)
	c := fast
	c.Transports = []string{sioclient.Polling}
	m, err := sioclient.NewManager(web.URL, c)
	require.NoError(t, err)
	reasons := make(chan sioclient.Reason, 2)
	main := m.Socket("/")
	main.OnDisconnect(func(reason sioclient.Reason, _ error) { reasons <- reason })
	require.NoError(t, main.Connect(bounded(t)))
	outcomes := make(chan error, waiting)
	for n := range waiting {
		s := m.Socket("/" + strconv.Itoa(n))
		go func() { outcomes <- s.Connect(bounded(t)) }()
		require.Eventually(t, s.Active, time.Minute, time.Millisecond)
	}
	closed := make(chan bool)
	go func() {
		m.Close()
		close(closed)
	}()
	for range waiting {
		assert.ErrorIs(t, next(t, outcomes), sioclient.ErrDisconnected)
	}
	close(ended)
	next(t, closed)
	close(reasons)
	var got []sioclient.Reason
	for reason := range reasons {
		got = append(got, reason)
	}
	assert.Equal(t, []sioclient.Reason{sioclient.ForcedClose}, got)
}
