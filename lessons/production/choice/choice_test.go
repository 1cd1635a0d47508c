package choice_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/lessons/production/choice"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start starts the server of a lane.
func start(t *testing.T, name string) (lesson.Lane, *lesson.Instance) {
	t.Helper()
	_, lane, found := lesson.FindLane(lessons.All(), name)
	require.True(t, found)
	instance, err := lane.Start(lesson.Env{Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return lane, instance
}

func end(instance *lesson.Instance) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = instance.Close(ctx)
}

// exchange connects a client of a lane, sends a message, and waits until it comes back.
func exchange(t *testing.T, lane lesson.Lane, d lesson.Dialing) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	heard := make(chan string, 100)
	d.Interval = 50 * time.Millisecond
	d.Hear = func(text string) { heard <- text }
	c, err := lane.Dial(ctx, d)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.Send(ctx, []byte(`{"from":"ann","text":"hi"}`)))
	select {
	case text := <-heard:
		assert.Equal(t, "hi", text)
	case <-ctx.Done():
		require.FailNow(t, "the message does not arrive")
	}
}

// TestHTTP2: to a server with HTTP/2, requests share a connection, and a WebSocket opens one of its
// own with HTTP/1.1.
func TestHTTP2(t *testing.T) {
	for i, transport := range choice.Transports {
		t.Run(transport, func(t *testing.T) {
			lane, instance := start(t, transport)
			var mu sync.Mutex
			versions, conns := map[int]bool{}, map[string]bool{}
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				mu.Lock()
				versions[r.ProtoMajor], conns[r.RemoteAddr] = true, true
				mu.Unlock()
				instance.Handler.ServeHTTP(w, r)
			}))
			// of handshakes that a client gives up
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.EnableHTTP2 = true
			server.StartTLS()
			defer server.Close()
			defer server.CloseClientConnections()
			defer end(instance)
			roots := x509.NewCertPool()
			roots.AddCert(server.Certificate())
			shares := choice.HTTP2.Cells[i].Text == choice.Shared
			exchange(t, lane, lesson.Dialing{URL: server.URL, TLS: &tls.Config{RootCAs: roots},
				HTTP2: shares})
			mu.Lock()
			defer mu.Unlock()
			assert.Equal(t, map[int]bool{1: !shares, 2: shares},
				map[int]bool{1: versions[1], 2: versions[2]})
			if shares {
				assert.Len(t, conns, 1)
			}
		})
	}
}
