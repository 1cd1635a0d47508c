package sio

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A client that joins and leaves faster than the middlewares run is not read from.
func TestJoiningAndLeavingIsBoundedByTheHandlers(t *testing.T) {
	const pending = 4
	server := NewServer(Config{MaxPending: pending, Log: slog.New(slog.DiscardHandler)})
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close(t.Context())
	var running atomic.Int32
	gate := make(chan struct{})
	clients := make(chan *client, 100)
	server.Use(func(s *Socket) error {
		running.Add(1)
		clients <- s.client
		s.client.session.ReadOn() // as EmitWithAck does
		<-gate
		running.Add(-1)
		return nil
	})
	read := func(res *http.Response, err error) string {
		if !assert.NoError(t, err) {
			return ""
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		return string(body)
	}
	url := web.URL + "/socket.io/?EIO=4&transport=polling"
	url += "&sid=" + regexp.MustCompile(`"sid":"([^"]+)"`).
		FindStringSubmatch(read(http.Get(url)))[1]
	post := func(packet string) string {
		return read(http.Post(url, "text/plain", strings.NewReader(packet)))
	}
	var c *client
	for range pending {
		require.Equal(t, "ok", post("40"))
		c = <-clients // the middleware runs
		require.Equal(t, "ok", post("41"))
	}
	answer := make(chan string, 1)
	go func() { answer <- post("40") }()
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.room != nil
	}, 10*time.Second, time.Millisecond, "nothing more is read after the next CONNECT")
	time.Sleep(50 * time.Millisecond)
	assert.Empty(t, answer)
	gate <- struct{}{}
	assert.Equal(t, "ok", <-answer)
	assert.LessOrEqual(t, running.Load(), int32(pending+1))
	close(gate)
}
