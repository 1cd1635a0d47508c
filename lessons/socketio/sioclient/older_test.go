package sioclient_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
	"realtimelab/lessons/socketio/sioclient"
)

// noting is a connection that notes what it writes.
type noting struct {
	net.Conn
	sent *locked.Buffer
}

func (c noting) Write(p []byte) (int, error) {
	c.sent.Write(p)
	return c.Conn.Write(p)
}

func TestServerOfRevision3(t *testing.T) {
	io, url := serve(t, sio.Config{Engine: engineio.Config{AllowEIO3: true,
		PingInterval: 50 * time.Millisecond, PingTimeout: time.Minute}})
	serveV3 := func(s *sio.Socket) {
		s.On("echo", func(args sio.Args, ack sio.Ack) { ack(args) })
		s.On("kick", func() { s.Disconnect(false) })
	}
	io.OnConnection(serveV3)
	io.Of("/chat").OnConnection(serveV3)
	io.Of("/admin").Use(func(*sio.Socket) error { return errors.New("not authorized") })
	for _, transports := range [][]string{{"polling"}, {"websocket"}, {"polling", "websocket"}} {
		t.Run(strings.Join(transports, " and "), func(t *testing.T) {
			c := fast
			c.EIO, c.Transports = 3, transports
			var sent locked.Buffer
			c.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				var d net.Dialer
				conn, err := d.DialContext(ctx, network, addr)
				return noting{conn, &sent}, err
			}
			m, err := sioclient.NewManager(url, c)
			require.NoError(t, err)
			t.Cleanup(m.Close)
			upgraded := make(chan string, 1)
			m.OnUpgrade(func(transport string) { upgraded <- transport })
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for _, namespace := range []string{"/chat", "/"} {
				// the server joins the second one before the client does
				s := m.Socket(namespace)
				require.NoError(t, s.Connect(ctx))
				for i := range 20 {
					value := []any{float64(i), "你好", []byte{4, 0, 255}}
					args, err := s.EmitWithAck(ctx, "echo", value)
					require.NoError(t, err)
					assert.Equal(t, value, args.Any(0))
				}
				assert.Contains(t, s.ID(), strings.TrimPrefix(namespace, "/"))
			}
			if len(transports) > 1 {
				assert.Equal(t, "websocket", next(t, upgraded))
			}
			main := m.Socket("/")
			gone := make(chan sioclient.Reason, 1)
			main.OnDisconnect(func(reason sioclient.Reason, _ error) { gone <- reason })
			main.Disconnect()
			assert.Equal(t, sioclient.ClientDisconnect, next(t, gone))
			require.NoError(t, main.Connect(ctx), "it asks to come back over the same session")
			_, err = main.EmitWithAck(ctx, "echo", 1)
			require.NoError(t, err)

			var refused *sioclient.ConnectError
			require.ErrorAs(t, m.Socket("/admin").Connect(ctx), &refused)
			assert.Equal(t, "not authorized", refused.Message)
			require.ErrorAs(t, m.Socket("/nowhere").Connect(ctx), &refused)
			assert.Equal(t, "Invalid namespace", refused.Message)

			if len(transports) == 1 && transports[0] == "polling" { // where a ping is to be seen
				require.Eventually(t, func() bool {
					return strings.Contains(sent.String(), "\r\n\r\n1:2")
				}, time.Minute, 10*time.Millisecond)
			}
		})
	}
	c := fast
	c.EIO, c.Transports = 3, []string{"webtransport"}
	c.DialWebTransport = func(context.Context, string, http.Header, *tls.Config) (net.Conn, error) {
		return nil, net.ErrClosed
	}
	_, err := sioclient.NewManager(url, c)
	assert.ErrorContains(t, err, "Engine.IO 3 has no WebTransport")
	_, err = sioclient.NewManager(url, sioclient.Config{EIO: 5})
	assert.ErrorContains(t, err, "want 3 or 4")
}

// TestAuthOfOneNamespace: SetAuth replaces Config.Auth for one socket, and takes effect with the
// next CONNECT.
func TestAuthOfOneNamespace(t *testing.T) {
	io, url := serve(t, sio.Config{})
	tokens := make(chan string, 10)
	for _, namespace := range []string{"/", "/chat"} {
		io.Of(namespace).OnConnection(func(s *sio.Socket) {
			tokens <- fmt.Sprint(namespace, " ", s.Handshake().RawAuth)
		})
	}
	c := fast
	c.Auth = func() any { return map[string]string{"token": "all"} }
	main := dial(t, url, c)
	assert.Equal(t, `/ {"token":"all"}`, next(t, tokens))
	chat := main.Manager().Socket("/chat")
	chat.SetAuth(func() any { return map[string]string{"token": "chat"} })
	require.NoError(t, chat.Connect(t.Context()))
	assert.Equal(t, `/chat {"token":"chat"}`, next(t, tokens))
	chat.Disconnect()
	chat.SetAuth(nil)
	require.NoError(t, chat.Connect(t.Context()))
	assert.Equal(t, `/chat {"token":"all"}`, next(t, tokens))
}

// TestUnhandled: an event without a handler goes to OnUnhandled, with its Ack.
func TestUnhandled(t *testing.T) {
	io, url := serve(t, sio.Config{})
	answers := make(chan any, 10)
	io.OnConnection(func(s *sio.Socket) {
		s.On("ask", func(event string) {
			answer, err := s.Timeout(time.Minute).EmitWithAck(context.Background(), event, 7)
			answers <- []any{answer.Any(0), err}
		})
	})
	s := dial(t, url, fast)
	unhandled := make(chan string, 10)
	off := s.OnUnhandled(func(name string, args sioclient.Args, ack sioclient.Ack) {
		unhandled <- fmt.Sprint(name, args, ack.Wanted())
		ack("from OnUnhandled")
	})
	s.On("known", func(n int, ack sioclient.Ack) { ack("from the handler") })
	require.NoError(t, s.Emit("ask", "known"))
	assert.Equal(t, []any{"from the handler", nil}, next(t, answers))
	require.NoError(t, s.Emit("ask", "unknown"))
	assert.Equal(t, []any{"from OnUnhandled", nil}, next(t, answers))
	assert.Equal(t, "unknown[7] true", next(t, unhandled))
	off()
	assert.Empty(t, unhandled)
}
