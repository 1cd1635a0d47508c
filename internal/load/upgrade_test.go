package load

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// servePollingOnly serves Socket.IO behind before, which may keep a request from it.
func servePollingOnly(t *testing.T, engine engineio.Config,
	before func(w http.ResponseWriter, r *http.Request) bool) string {
	io := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler), Engine: engine})
	io.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(message any) { io.Emit("chat message", message) })
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before(w, r) {
			io.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		_ = io.Close(context.Background())
		server.Close()
	})
	return server.URL
}

// A proxy refuses upgrades or removes their header, or the server offers none. The error of clients
// that begin with WebSocket says so. Clients that upgrade stay on polling.
func TestUpgradesThatFail(t *testing.T) {
	for name, one := range map[string]struct {
		url  string
		says string
		hint lang.Text
	}{
		"the header is removed": {servePollingOnly(t, engineio.Config{},
			func(_ http.ResponseWriter, r *http.Request) bool {
				r.Header.Del("Upgrade")
				r.Header.Del("Connection")
				return true
			}), "unexpected HTTP status: 400", hintUpgrade},
		"the front refuses": {servePollingOnly(t, engineio.Config{},
			func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Upgrade") != "" {
					http.Error(w, "Bad Request", http.StatusBadRequest)
					return false
				}
				return true
			}), "unexpected HTTP status: 400 Bad Request", hintUpgrade},
		"polling alone": {servePollingOnly(t, engineio.Config{Transports: []string{"polling"}},
			func(http.ResponseWriter, *http.Request) bool {
				return true
			}),
			"does not offer WebSocket",
			lang.Text{EN: "not offered by the server", ZH: "服务器不提供"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(one.url, Publish)
			_, err := Run(t.Context(), c, nil)
			for _, want := range []string{
				"answers as socketio over polling, and not over WebSocket", one.says,
				"--as socketio-polling", "--upgrade"} {
				assert.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "--path")

			c.Upgrade = true
			r := put(t, c)
			assert.Equal(t, 10, r.Clients.Held)
			assert.Zero(t, r.Clients.Refused)
			assert.Positive(t, r.Messages.Sent)
			assert.Equal(t, 10*r.Messages.Sent, r.Messages.Delivered)
			require.Len(t, r.Failures, 1, "%+v", r.Failures)
			assert.Equal(t, phaseUpgrade, r.Failures[0].Phase)
			assert.Equal(t, 10, r.Failures[0].Count)
			for _, language := range lang.All {
				var b strings.Builder
				require.NoError(t, r.Print(&b, language))
				assert.Contains(t, b.String(),
					language.Say("the client stays on polling", "客户端留在轮询"))
				assert.Contains(t, b.String(), one.hint.In(language))
			}

			c.Upgrade, c.As = false, SocketIOPolling
			assert.Empty(t, put(t, c).Failures)
		})
	}
}

// A Host among the headers is sent in place of the target's, once.
func TestHostOfTheHeader(t *testing.T) {
	for _, as := range []string{SocketIO, SocketIOPolling} {
		var mu sync.Mutex
		hosts := map[string]int{}
		c := small(servePollingOnly(t, engineio.Config{},
			func(_ http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				hosts[r.Host]++
				return true
			}), Publish)
		c.As, c.Header = as, http.Header{"Host": {"app.example"}}
		r := put(t, c)
		assert.Empty(t, r.Failures, as)
		assert.Equal(t, 10, r.Clients.Held, as)
		mu.Lock()
		assert.Len(t, hosts, 1, "%s: %v", as, hosts)
		assert.Positive(t, hosts["app.example"], as)
		mu.Unlock()
	}
}

// A slow client reads slowly from a socket only: without one, its attempt to connect has failed.
func TestSlowClientsDoNotStayOnPolling(t *testing.T) {
	url := servePollingOnly(t, engineio.Config{},
		func(_ http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("Upgrade")
			return true
		})
	c := small(url, Publish)
	c.Upgrade, c.NoReconnect, c.Slow = true, true, 0.2
	r := put(t, c)
	assert.Equal(t, 8, r.Clients.Held)
	assert.Equal(t, 2, r.Clients.Refused)
}
