package load

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/lessons/websocket/frame"
)

func TestSocketIO(t *testing.T) {
	io, url := serveSocketIO(t)
	for name, change := range map[string]func(*Config){
		"websocket": func(*Config) {},
		"polling":   func(c *Config) { c.As = SocketIOPolling },
		"both":      func(c *Config) { c.Polling = 0.3 },
		"upgrade":   func(c *Config) { c.Polling, c.Upgrade = 0.3, true },
		"Engine.IO 3": func(c *Config) {
			c.EIO = 3
		},
		"object": func(c *Config) {
			c.Messages = []string{`{"user":"ann","text":"{{id}}"}`, `7`}
			c.Size = 500
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := small(url, Publish)
			change(&c)
			r := put(t, c)
			require.NotNil(t, r.Messages)
			assert.Equal(t, 10, r.Clients.Held)
			assert.Equal(t, 10, r.Clients.Peak)
			assert.Positive(t, r.Messages.Sent)
			assert.Equal(t, r.Messages.Sent*10, r.Messages.Expected)
			assert.Equal(t, r.Messages.Expected, r.Messages.Delivered, "%+v", r.Failures)
			assert.Zero(t, r.Messages.Extra)
			assert.Equal(t, int64(r.Messages.Delivered), r.Latency.Count)
			assert.Positive(t, r.Latency.P50)
			assert.Empty(t, r.Failures)
			assert.NotEmpty(t, r.Slices)
			require.Eventually(t, func() bool {
				return io.Len() == 0
			}, 20*time.Second, 10*time.Millisecond, "the clients have left")
		})
	}
}

func TestSocketIOWithAcknowledgements(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Emit)
	c.Event = "question"
	r := put(t, c)
	assert.Positive(t, r.Messages.Sent)
	assert.Equal(t, r.Messages.Sent, r.Messages.Delivered)
	assert.Equal(t, int64(r.Messages.Sent), r.Latency.Count)
}

func TestRooms(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Rooms)
	c.Event, c.RoomSize = "say", 4 // rooms of 4, 4 and 2
	r := put(t, c)
	assert.Positive(t, r.Messages.Expected)
	assert.Less(t, r.Messages.Expected, 4*r.Messages.Sent+1)
	assert.Equal(t, r.Messages.Expected, r.Messages.Delivered)
	assert.Zero(t, r.Messages.Extra, "no client hears another room")
}

func TestStorm(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Storm)
	c.Rate, c.Duration = 0, 4*time.Second
	r := put(t, c)
	require.NotNil(t, r.Storm)
	assert.Equal(t, 10, r.Storm.Cut)
	assert.Equal(t, 10, r.Storm.Back)
	assert.Equal(t, 20, r.Clients.Connected)
	assert.Equal(t, int64(10), r.Storm.Returned.Count)
	assert.Positive(t, r.Storm.AllBack)
	assert.Zero(t, r.Clients.Dropped, "a cut is not a drop")
	assert.Nil(t, r.Messages)
}

func TestClientsComeAndLeave(t *testing.T) {
	io, url := serveSocketIO(t)
	c := small(url, Connect)
	c.Rate, c.Arrivals, c.Stay = 0, 100, 200*time.Millisecond
	c.Duration = time.Second
	r := put(t, c)
	assert.Positive(t, r.Clients.Connected)
	assert.Equal(t, int64(r.Clients.Connected), r.Connect.Count)
	assert.Empty(t, r.Failures)
	require.Eventually(t, func() bool { return io.Len() == 0 }, 20*time.Second, 10*time.Millisecond)
}

func TestSSE(t *testing.T) {
	var mu sync.Mutex
	listeners := map[chan string]bool{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		inbox := make(chan string, 1000)
		mu.Lock()
		listeners[inbox] = true
		mu.Unlock()
		defer func() { mu.Lock(); delete(listeners, inbox); mu.Unlock() }()
		for {
			select {
			case text := <-inbox:
				_, _ = w.Write([]byte("data: " + text + "\n\n"))
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("POST /messages", func(_ http.ResponseWriter, r *http.Request) {
		var m struct{ From, Text string }
		if assert.NoError(t, json.NewDecoder(r.Body).Decode(&m)) {
			mu.Lock()
			defer mu.Unlock()
			for inbox := range listeners {
				inbox <- m.Text
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	c := small(server.URL+"/events", Publish)
	c.As = SSE
	r := put(t, c)
	assert.Positive(t, r.Messages.Sent)
	assert.Equal(t, 10*r.Messages.Sent, r.Messages.Delivered)
	assert.Empty(t, r.Failures)

	c.URL = server.URL + "/other"
	_, err := Run(t.Context(), c, nil)
	require.ErrorContains(t, err, "404")
	assert.ErrorContains(t, err, "the path of the event stream")
}

// A server stalls until it has received many messages. A closed loop, which waits for each answer
// before it sends the next, would never get there. Each message's latency reaches from the time
// when it was due to the end of the stall.
func TestAStallCountsForEveryMessageThatWasDue(t *testing.T) {
	const stalled = 60
	var received atomic.Int64
	over := make(chan struct{})
	url := serveWebSocket(t, func(conn *websocket.Conn) {
		var answers sync.WaitGroup
		defer answers.Wait()
		var mu sync.Mutex
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if received.Add(1) == stalled {
				close(over)
			}
			answers.Go(func() {
				select {
				case <-over:
				case <-t.Context().Done():
				}
				mu.Lock()
				defer mu.Unlock()
				_ = conn.WriteMessage(kind, data)
			})
		}
	})
	c := small(url, Publish)
	c.Receivers, c.Rate, c.Duration, c.Clients = Sender, 100, time.Second, 1

	due := slices.Collect(times(1, c.Rate, c.Duration))
	require.Greater(t, len(due), stalled)

	report := put(t, c)
	assert.Equal(t, report.Messages.Sent, report.Messages.Delivered)
	// of half of the messages of the stall
	atLeast := (due[stalled-1] - due[stalled/2]).Seconds() * 1000
	assert.GreaterOrEqual(t, report.Latency.Max, 0.99*(due[stalled-1]-due[0]).Seconds()*1000)
	share := 100 * (1 - float64(stalled/2)/float64(len(due))) // these are above atLeast
	var above float64
	for _, p := range report.Curve {
		if p.Percentile >= share {
			above = p.Value
			break
		}
	}
	assert.GreaterOrEqual(t, above, 0.99*atLeast, "p%g of %v", share, report.Curve)
}

func TestAServerThatDropsEveryTenthClient(t *testing.T) {
	var n atomic.Int64
	url := serveWebSocket(t, func(conn *websocket.Conn) {
		if n.Add(1)%10 == 2 { // the first one is that of the check
			_ = conn.WriteControl(websocket.CloseMessage,
				websocket.FormatCloseMessage(websocket.CloseTryAgainLater, "full"),
				time.Now().Add(time.Second))
			return
		}
		echo(conn)
	})
	c := small(url, Publish)
	c.Clients, c.Receivers, c.NoReconnect = 50, Sender, true
	r := put(t, c)
	assert.Equal(t, 45, r.Clients.Held)
	assert.Equal(t, 5, r.Clients.Dropped)
	require.Len(t, r.Failures, 1)
	assert.Equal(t, Failure{phaseHold, CauseClose, 5, "1013 try again later: full",
		"1013 try again later: full"}, r.Failures[0])
	assert.Equal(t, "5 × connection lost: closed by the server (1013 try again later: full)",
		r.Failures[0].Says(lang.English))
	assert.Equal(t, "5 × 连接断开：服务器关闭了连接（1013 try again later: full）",
		r.Failures[0].Says(lang.Chinese))
	assert.Positive(t, r.Messages.Delivered)

	c.NoReconnect, c.Duration, c.Rate = false, 3*time.Second, 10
	r = put(t, c)
	assert.GreaterOrEqual(t, r.Clients.Connected, 50)
	assert.GreaterOrEqual(t, r.Clients.Dropped, 5)
}

func TestAServerThatSendsGarbage(t *testing.T) {
	url := serveWebSocket(t, func(conn *websocket.Conn) {
		_, _ = conn.NetConn().Write([]byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3})
		_, _, _ = conn.ReadMessage()
	})
	c := small(url, Idle)
	c.Rate, c.NoReconnect = 0, true
	r := put(t, c)
	assert.Zero(t, r.Clients.Held)
	require.Len(t, r.Failures, 1, "%+v", r.Failures)
	assert.Equal(t, CauseProtocol, r.Failures[0].Cause)
	assert.Equal(t, 10, r.Failures[0].Count)
}

func TestFragmentsPingsAndLargeMessages(t *testing.T) {
	pongs := make(chan string, 100)
	url := serveWebSocket(t, func(conn *websocket.Conn) {
		conn.SetPongHandler(func(text string) error { pongs <- text; return nil })
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			big := strings.Repeat("x", 70_000) + string(data) // longer than a worker's buffer
			half := len(big) / 2
			out := frame.Frame{Header: frame.Header{Opcode: frame.Text},
				Payload: []byte(big[:half])}.Append(nil)
			out = frame.Frame{Header: frame.Header{Fin: true, Opcode: frame.Ping},
				Payload: []byte("p")}.Append(out)
			out = frame.Frame{Header: frame.Header{Fin: true, Opcode: frame.Continuation},
				Payload: []byte(big[half:])}.Append(out)
			if _, err := conn.NetConn().Write(out); err != nil {
				return
			}
		}
	})
	c := small(url, Publish)
	c.Receivers, c.Rate, c.Clients = Sender, 20, 2
	r := put(t, c)
	assert.Positive(t, r.Messages.Sent)
	assert.Equal(t, r.Messages.Sent, r.Messages.Delivered, "%+v", r.Failures)
	assert.Equal(t, "p", <-pongs)
}

func TestSlowReaders(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Slow)
	c.Slow, c.Size, c.SlowRate = 0.2, 4000, 100
	r := put(t, c)
	assert.Equal(t, 8*r.Messages.Sent, r.Messages.Expected, "the slow ones are counted apart")
	assert.Equal(t, r.Messages.Expected, r.Messages.Delivered)
	assert.Less(t, r.Messages.ToSlow, 2*r.Messages.Sent)
}

func TestInterrupted(t *testing.T) {
	_, url := serveSocketIO(t)
	c := small(url, Publish)
	c.Duration = time.Hour
	c.Rate = 10
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := Run(ctx, c, func(l Live) {
		if l.Delivered > 0 {
			cancel()
		}
	})
	require.NoError(t, err)
	assert.True(t, r.Interrupted)
	assert.Positive(t, r.Messages.Delivered)
	var b strings.Builder
	require.NoError(t, r.Print(&b, "en"))
	assert.Contains(t, b.String(), "Interrupted")

	_, err = Run(ctx, Config{URL: serveBytes(t, ""), Timeout: time.Minute}, nil)
	assert.ErrorContains(t, err, "interrupted before the first client")
}

func TestTLS(t *testing.T) {
	upgrader := websocket.Upgrader{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
		r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			defer conn.Close()
			echo(conn)
		}
	}))
	// of the refused certificate below
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	c := small("wss"+strings.TrimPrefix(server.URL, "https"), Publish)
	c.Receivers = Sender
	_, err := Run(t.Context(), c, nil)
	require.ErrorContains(t, err, "--insecure")
	c.Insecure = true
	r := put(t, c)
	assert.Positive(t, r.Messages.Sent)
	assert.Equal(t, r.Messages.Sent, r.Messages.Delivered)
}
