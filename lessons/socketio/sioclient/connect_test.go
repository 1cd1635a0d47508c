package sioclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// bounded is a context that only ends a test that hangs.
func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// over runs a test with each of the transports alone.
func over(t *testing.T, f func(t *testing.T, c sioclient.Config)) {
	for _, transport := range []string{sioclient.Polling, sioclient.WebSocket} {
		t.Run(transport, func(t *testing.T) {
			c := fast
			c.Transports = []string{transport}
			f(t, c)
		})
	}
}

func TestHandlersAddedBeforeConnectMissNothing(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.OnConnection(func(s *sio.Socket) { s.Emit("hello", 1); s.Emit("hello", 2) })
	over(t, func(t *testing.T, c sioclient.Config) {
		for range 20 {
			got := make(chan int, 4)
			s, err := sioclient.New(url, c)
			require.NoError(t, err)
			s.On("hello", func(n int) { got <- n })
			assert.False(t, s.Active(), "nothing is sent before Connect")
			require.NoError(t, s.Connect(bounded(t)))
			assert.Equal(t, []int{1, 2}, []int{next(t, got), next(t, got)})
			s.Close()

			c.Setup = func(s *sioclient.Socket) { s.On("hello", func(n int) { got <- n }) }
			s, err = sioclient.Dial(bounded(t), url, c)
			require.NoError(t, err)
			assert.Equal(t, []int{1, 2}, []int{next(t, got), next(t, got)})
			s.Close()
		}
	})
}

func TestConnectOfAServerThatClosesBeforeItAnswers(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.Of("/closed").Use(func(s *sio.Socket) error {
		s.Disconnect(true)
		return nil
	})
	over(t, func(t *testing.T, c sioclient.Config) {
		_, err := sioclient.Dial(bounded(t), url+"/closed", c)
		assert.ErrorIs(t, err, sioclient.ErrNoAnswer)

		m, err := sioclient.NewManager(url, c)
		require.NoError(t, err)
		defer m.Close()
		s := m.Socket("/closed")
		errs := make(chan error, 10)
		s.OnConnectError(func(err error) { errs <- err })
		s.OnDisconnect(func(sioclient.Reason, error) { assert.Fail(t, "it never was connected") })
		s.Open()
		for range 2 {
			assert.ErrorIs(t, next(t, errs), sioclient.ErrNoAnswer, "Open keeps trying")
		}
		assert.True(t, s.Active())
	})
}

func TestConnectOfAServerThatAnswersWithDisconnect(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage,
			[]byte(`0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`))
		conn.ReadMessage()
		conn.WriteMessage(websocket.TextMessage, []byte("41"))
		conn.ReadMessage()
	}))
	defer server.Close()
	c := fast
	c.Transports = []string{sioclient.WebSocket}
	_, err := sioclient.Dial(bounded(t), server.URL, c)
	assert.ErrorIs(t, err, sioclient.ErrNoAnswer)
	assert.ErrorContains(t, err, "io server disconnect")
}

// TestConnectOfAServerOfVersion2: which lets its clients in before they ask, and without an id.
func TestConnectOfAServerOfVersion2(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.WriteMessage(websocket.TextMessage,
			[]byte(`0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}`))
		conn.WriteMessage(websocket.TextMessage, []byte("40"))
		conn.ReadMessage()
	}))
	defer server.Close()
	c := fast
	c.Transports = []string{sioclient.WebSocket}
	for range 100 { // before and after CONNECT is sent
		_, err := sioclient.Dial(bounded(t), server.URL, c)
		require.ErrorIs(t, err, sioclient.ErrServerV2)
	}
}

func TestConnectGivesUp(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold) // before the server of serve is closed
	io, url := serve(t, sio.Config{})
	io.Use(func(s *sio.Socket) error { <-hold; return nil })
	over(t, func(t *testing.T, c sioclient.Config) {
		s, err := sioclient.New(url, c)
		require.NoError(t, err)
		defer s.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		mine := errors.New("mine")
		s.Manager().OnReconnectAttempt(func(int) { assert.Fail(t, "it has given up") })
		go func() {
			for s.Manager().Transport() == "" && t.Context().Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel(mine)
		}()
		assert.ErrorIs(t, s.Connect(ctx), mine)
		assert.False(t, s.Active())
		for _, end := range []func(){s.Disconnect, s.Close} {
			outcome := make(chan error, 1)
			go func() { outcome <- s.Connect(bounded(t)) }()
			require.Eventually(t, s.Active, time.Minute, time.Millisecond)
			end()
			assert.ErrorIs(t, next(t, outcome), sioclient.ErrDisconnected)
		}
		assert.ErrorIs(t, s.Connect(bounded(t)), sioclient.ErrDisconnected, "it is closed")
	})
}

func TestConnectAgainAfterAnAuthThatFails(t *testing.T) {
	io, url := serve(t, sio.Config{})
	io.Of("/chat")
	over(t, func(t *testing.T, c sioclient.Config) {
		auth := make(chan any, 10)
		c.Auth = func() any { return <-auth }
		auth <- nil
		chat := dial(t, url, c).Manager().Socket("/chat") // whose connection stays
		auth <- "no object"
		assert.ErrorContains(t, chat.Connect(bounded(t)), "JSON object")
		auth <- map[string]string{"token": "x"}
		assert.NoError(t, chat.Connect(bounded(t)))
		chat.Disconnect()
		auth <- map[string]string(nil)
		assert.NoError(t, chat.Connect(bounded(t)), "a nil map is not a payload")
	})
}

func TestURLs(t *testing.T) {
	for url, want := range map[string]string{
		"127.0.0.1:3000": "http://127.0.0.1:3000",
		"localhost:3000": "http://localhost:3000",
		"example.com":    "http://example.com",
		"ftp://x":        "want http://",
		"http://":        "no host",
	} {
		_, err := sioclient.Dial(t.Context(), url, sioclient.Config{})
		assert.ErrorContains(t, err, want, url)
	}
}

func TestPaths(t *testing.T) {
	asked := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		http.Error(w, "", http.StatusNotFound)
	}))
	defer server.Close()
	for path, want := range map[string]string{"": "/socket.io/", "/socket.io": "/socket.io/",
		"a/b": "/a/b/", "/": "/", "/x/": "/x/"} {
		_, err := sioclient.Dial(bounded(t), server.URL, sioclient.Config{Path: path, Log: quiet})
		assert.Error(t, err)
		assert.Equal(t, want, next(t, asked), path)
	}
}

func TestANegativeDelayIsNoWait(t *testing.T) {
	m, err := sioclient.NewManager("http://127.0.0.1:1", sioclient.Config{
		ReconnectionDelay: -1, ReconnectionDelayMax: time.Hour, ReconnectionAttempts: 70,
		Log: quiet,
	})
	require.NoError(t, err)
	defer m.Close()
	failed := make(chan bool)
	m.OnReconnectFailed(func() { close(failed) })
	m.Socket("/").Open()
	next(t, failed)
}

func TestHandshakeErrors(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "come back later", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	over(t, func(t *testing.T, c sioclient.Config) {
		_, err := sioclient.Dial(bounded(t), server.URL, c)
		var refused *sioclient.HandshakeError
		require.ErrorAs(t, err, &refused)
		assert.Equal(t, &sioclient.HandshakeError{StatusCode: 503, Message: "come back later"},
			refused)
		assert.Equal(t, 1, strings.Count(err.Error(), "sioclient: "), err)
	})
}

func TestAsk(t *testing.T) {
	io, url := serve(t, sio.Config{})
	echo(io)
	s := dial(t, url, fast)
	n, err := sioclient.Ask[int](bounded(t), s, "echo", 42)
	require.NoError(t, err)
	assert.Equal(t, 42, n)
	_, err = sioclient.Ask[int](bounded(t), s, "echo", "no number")
	assert.ErrorContains(t, err, "int")
	var remote *sioclient.RemoteError
	_, err = sioclient.Ask[struct{ N int }](bounded(t), s, "ask me", "no number")
	assert.ErrorAs(t, err, &remote, "the handler takes an int")
	assert.ErrorContains(t, err, "argument 1: want int")
}
