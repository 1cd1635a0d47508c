// Package goclient tests our Go client with the official server.
package goclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sioclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var fast = sioclient.Config{
	ReconnectionDelay: 20 * time.Millisecond, ReconnectionDelayMax: 50 * time.Millisecond,
	Log: slog.New(slog.DiscardHandler),
}

func dial(t *testing.T, url string, c sioclient.Config) *sioclient.Socket {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := sioclient.Dial(ctx, url, c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		require.Fail(t, "nothing came")
		panic("unreachable")
	}
}

func ask(t *testing.T, s *sioclient.Socket, event string, args ...any) any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	answer, err := s.EmitWithAck(ctx, event, args...)
	require.NoError(t, err)
	return answer.Any(0)
}

func eachTransport(t *testing.T, f func(t *testing.T, c sioclient.Config)) {
	overEach(t, append(overHTTP, []string{"webtransport"}, []string{"polling", "webtransport"}), f)
}

// overHTTP lists the transports whose handshake is an HTTP request. The official server does not
// look at the request of WebTransport.
var overHTTP = [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}}

func overEach(t *testing.T, each [][]string, f func(t *testing.T, c sioclient.Config)) {
	for _, transports := range each {
		t.Run(strings.Join(transports, " and "), func(t *testing.T) {
			c := fast
			c.Transports = transports
			c.DialWebTransport = dialOverTCP
			f(t, c)
		})
	}
}

// dialOverTCP opens a session of WebTransport as official.mjs takes it: over TCP.
func dialOverTCP(ctx context.Context, address string, _ http.Header, _ *tls.Config) (net.Conn,
	error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(conn, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", u.RequestURI(), u.Host)
	head := make([]byte, len("HTTP/1.1 200 OK\r\n\r\n"))
	if err == nil {
		_, err = io.ReadFull(conn, head)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func TestEventsAndAcks(t *testing.T) {
	url := node.Start(t, "official.mjs")
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		c.Auth = func() any { return map[string]any{"token": "secret"} }
		s := dial(t, url, c)
		for _, v := range []any{nil, true, 1.5, "你好\u2028", []any{1.0, []byte{0, 255}},
			map[string]any{"b": []byte(strings.Repeat("x", 70000))}} {
			assert.Equal(t, v, ask(t, s, "echo", v))
		}
		s.On("question", func(n int, ack func(...any)) { ack(n * 2) })
		assert.Equal(t, 42.0, ask(t, s, "ask me", 21))
		assert.Equal(t, map[string]any{"token": "secret"}, ask(t, s, "auth"))

		admin := s.Manager().Socket("/admin")
		require.NoError(t, admin.Connect(t.Context()))
		assert.Equal(t, "x", ask(t, admin, "echo", "x"))
		assert.Equal(t, c.Transports[len(c.Transports)-1], transportOf(t, s, c))
	})
}

// transportOf waits for the last transport of the configuration.
func transportOf(t *testing.T, s *sioclient.Socket, c sioclient.Config) string {
	last := c.Transports[len(c.Transports)-1]
	require.Eventually(t, func() bool {
		return s.Manager().Transport() == last
	}, 10*time.Second, time.Millisecond)
	return s.Manager().Transport()
}

func TestRefusal(t *testing.T) {
	url := node.Start(t, "official.mjs")
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		_, err := sioclient.Dial(t.Context(), url+"/admin", c)
		var refused *sioclient.ConnectError
		require.ErrorAs(t, err, &refused)
		var data struct {
			Code int `json:"code"`
		}
		require.NoError(t, refused.Data(&data))
		assert.Equal(t, "not authorized", refused.Message)
		assert.Equal(t, 7, data.Code)
		_, err = sioclient.Dial(t.Context(), url+"/nowhere", c)
		assert.EqualError(t, err, "Invalid namespace")
	})
}

func TestUpgradeWithMessagesInFlight(t *testing.T) {
	url := node.Start(t, "official.mjs")
	for _, to := range []string{sioclient.WebSocket, sioclient.WebTransport} {
		t.Run(to, func(t *testing.T) {
			c := fast
			c.Transports, c.DialWebTransport = []string{sioclient.Polling, to}, dialOverTCP
			s := dial(t, url, c)
			const many = 3000
			got := make(chan int, many)
			s.On("n", func(n int) { got <- n })
			for i := range many {
				require.NoError(t, s.Emit("n", i))
				if i%200 == 0 {
					time.Sleep(time.Millisecond) // so that the upgrade happens between them
				}
			}
			for i := range many {
				require.Equal(t, i, next(t, got))
			}
			assert.Equal(t, to, transportOf(t, s, c))
		})
	}
}

func TestReasons(t *testing.T) {
	url := node.Start(t, "official.mjs")
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		s := dial(t, url, c)
		transportOf(t, s, c)
		reasons, connected := make(chan sioclient.Reason, 10), make(chan bool, 10)
		s.OnDisconnect(func(r sioclient.Reason, _ error) { reasons <- r })
		s.OnConnect(func() { connected <- true })
		s.Emit("cut")
		assert.Equal(t, sioclient.TransportClose, next(t, reasons))
		next(t, connected)
		s.Emit("leave")
		assert.Equal(t, sioclient.ServerDisconnect, next(t, reasons))
		s.Open()
		next(t, connected)
		s.Disconnect()
		assert.Equal(t, sioclient.ClientDisconnect, next(t, reasons))
	})
}

func TestRecovery(t *testing.T) {
	url := node.Start(t, "official.mjs")
	eachTransport(t, func(t *testing.T, c sioclient.Config) {
		s, other := dial(t, url, c), dial(t, url, fast)
		transportOf(t, s, c)
		event := "news of " + s.ID()
		ask(t, s, "join", "r")
		news, connected, gone := make(chan any, 100), make(chan bool, 10), make(chan bool, 10)
		s.On(event, func(v any) { news <- v })
		s.OnConnect(func() { connected <- s.Recovered() })
		s.OnDisconnect(func(sioclient.Reason, error) { gone <- true })
		ask(t, other, "all", event, -1)
		assert.Equal(t, -1.0, next(t, news))
		assert.Equal(t, "r -1", next(t, news))
		id := s.ID()
		for range 3 {
			s.Emit("cut")
			next(t, gone)
			for i := range 5 {
				ask(t, other, "all", event, i)
			}
			assert.True(t, next(t, connected))
			assert.Equal(t, id, s.ID())
			for i := range 5 {
				assert.Equal(t, float64(i), next(t, news))
				assert.Equal(t, fmt.Sprint("r ", i), next(t, news))
			}
		}
	})
}
