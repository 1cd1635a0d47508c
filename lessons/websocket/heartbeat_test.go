package websocket

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/feed/feedtest"
	"realtimelab/lessons/websocket/frame"
)

// pipes serves the chat where time is that of testing/synctest. The server's timeouts end with the
// handshake.
func pipes(t *testing.T, s *Chat) (dial func() net.Conn) {
	dial = feedtest.Pipes(t, &http.Server{Handler: s, ReadTimeout: time.Second,
		WriteTimeout: time.Second})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.Close(ctx)
	})
	return dial
}

// handshakeOn upgrades a pipe and returns what follows the answer.
func handshakeOn(t *testing.T, conn net.Conn) *rawConn {
	t.Helper()
	_, err := io.WriteString(conn, strings.ReplaceAll(upgrade("/ws"), "\n", "\r\n"))
	require.NoError(t, err)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(t, err)
	require.Equal(t, 101, resp.StatusCode)
	return &rawConn{Conn: conn, rest: r,
		frames: frame.Decoder{Rules: frame.Rules{From: frame.FromServer}}}
}

func TestSilentClientIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewChat(Config{})
		w := handshakeOn(t, pipes(t, s)())
		start := time.Now()
		require.Equal(t, frame.Ping, nextFrame(t, w).Opcode)
		require.Equal(t, 25*time.Second, time.Since(start))
		expectClose(t, w, frame.PolicyViolation)
		require.Equal(t, 46*time.Second, time.Since(start),
			"20 s for the pong, 1 s for the close frame")
		synctest.Wait()
		require.Zero(t, s.Clients())
	})
}

func TestLivingClientStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewChat(Config{})
		dial := pipes(t, s)
		c := &Client{URL: "http://lab",
			Dialer: &websocket.Dialer{NetDialContext: func(context.Context, string,
				string) (net.Conn, error) {
				return dial(), nil
			}}}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- c.Subscribe(ctx, 0, func(feed.Message) { cancel() }) }()
		time.Sleep(24 * time.Hour)
		require.Equal(t, 1, s.Clients())
		_, err := s.Feed.Publish("ann", "still here?")
		require.NoError(t, err)
		require.ErrorIs(t, <-ended, context.Canceled)
		require.Zero(t, c.Counters.Failures.Load())
		require.EqualValues(t, 1, c.Counters.Requests.Load())
	})
}

// TestUnreadIsCut: a client that reads nothing is cut WriteTimeout after the first byte that it
// leaves.
func TestUnreadIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewChat(Config{})
		handshakeOn(t, pipes(t, s)())
		_, err := s.Feed.Publish("ann", "hi")
		require.NoError(t, err)
		time.Sleep(10*time.Second - time.Nanosecond)
		synctest.Wait()
		assert.Equal(t, 1, s.Clients())
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		assert.Zero(t, s.Clients())
	})
}
