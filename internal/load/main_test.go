package load

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestMain(m *testing.M) {
	log.SetOutput(io.Discard) // net/http logs what a server that speaks no HTTP says
	labtest.MainOf(m, serveMany)
}

// serveMany is a server in a process of its own: it holds WebSocket connections, and echoes.
func serveMany() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("ws://" + l.Addr().String())
	upgrader := websocket.Upgrader{ReadBufferSize: 256, WriteBufferSize: 256}
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := upgrader.Upgrade(w, r, nil); err == nil {
			defer conn.Close()
			echo(conn)
		}
	})))
}

// small returns a load that takes about a second.
func small(url, profile string) Config {
	return Config{URL: url, Profile: profile, Clients: 10, Arrivals: 500,
		Duration: 500 * time.Millisecond, Grace: 20 * time.Second, Rate: 100,
		Timeout: 20 * time.Second}
}

// put runs a load that must not fail.
func put(t *testing.T, c Config) *Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	report, err := Run(ctx, c, nil)
	require.NoError(t, err)
	require.False(t, report.Interrupted)
	return report
}

// serveSocketIO serves what the profiles need.
func serveSocketIO(t *testing.T) (*sio.Server, string) {
	io := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler),
		Engine: engineio.Config{AllowEIO3: true}})
	serve := func(s *sio.Socket) {
		s.On("chat message", func(message any) { io.Emit("chat message", message) })
		s.On("question", func(message any, ack sio.Ack) { ack(message) })
		s.On("join", func(room string) { s.Join(room) })
		s.On("say", func(room string, message any) {
			io.To(room).Emit("said", map[string]any{"text": message})
		})
	}
	io.OnConnection(serve)
	io.Of("/members").Use(func(*sio.Socket) error { return context.Canceled })
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		_ = io.Close(context.Background())
		server.Close()
	})
	return io, server.URL
}

// serveWebSocket serves connections, each with a goroutine, and returns a URL with ws.
func serveWebSocket(t *testing.T, serve func(*websocket.Conn)) string {
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		serve(conn)
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// echo sends back what a connection receives, until it ends.
func echo(conn *websocket.Conn) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, data) != nil {
			return
		}
	}
}
