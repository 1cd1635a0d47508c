package connect

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/lessons/socketio/sio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waitTime bounds what a test waits for. It decides no test.
const waitTime = 20 * time.Second

// open opens a session, and closes it with the test.
func open(t *testing.T, c Config) *Session {
	t.Helper()
	s, err := Open(t.Context(), withDefaults(c))
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func withDefaults(c Config) Config {
	if c.Timeout == 0 {
		c.Timeout = waitTime
	}
	if c.ReadFile == nil {
		c.ReadFile = os.ReadFile
	}
	return c
}

// dial opens a session and connects it.
func dial(t *testing.T, c Config) *Session {
	t.Helper()
	s := open(t, c)
	require.NoError(t, s.Connect(t.Context()))
	return s
}

// run runs a script that must succeed.
func run(t *testing.T, s *Session, script string) {
	t.Helper()
	require.NoError(t, s.Run(t.Context(), strings.NewReader(script), nil))
}

// fails runs a script whose failure must have that code, and returns its text.
func fails(t *testing.T, s *Session, code Code, script string) string {
	t.Helper()
	err := s.Run(t.Context(), strings.NewReader(script), nil)
	var f *Failure
	require.ErrorAs(t, err, &f)
	require.Equal(t, code, f.Code, "%v", err)
	return err.Error()
}

// failsToOpen returns the failure to open or connect a session.
func failsToOpen(t *testing.T, c Config) *Failure {
	t.Helper()
	s, err := Open(t.Context(), withDefaults(c))
	if err == nil {
		defer s.Close()
		err = s.Connect(t.Context())
	}
	var f *Failure
	require.True(t, errors.As(err, &f), "%v", err)
	return f
}

// all returns what happened so far.
func all(s *Session) []Event {
	events, _, _ := s.log.from(0)
	return events
}

// serveSocketIO serves a chat with a refused namespace, acknowledgements and bytes.
func serveSocketIO(t *testing.T, config sio.Config) *httptest.Server {
	io := sio.NewServer(config)
	chat := func(s *sio.Socket) {
		s.Emit("welcome", s.Namespace().Name())
		s.On("chat message", func(args sio.Args, ack sio.Ack) {
			s.Emit("chat message", args)
			ack("delivered", args.Len())
		})
		s.On("ask me", func() {
			answer, err := s.Timeout(waitTime).EmitWithAck(context.Background(), "question", 21)
			s.Emit("answered", err == nil, answer)
		})
		s.On("kick", func() { s.Disconnect(false) })
		s.On("whoami", func(ack sio.Ack) { ack(authOf(s)) })
		s.On("silence", func() {})
	}
	io.OnConnection(chat)
	io.Of("/chat").OnConnection(chat)
	io.Of("/admin").Use(func(s *sio.Socket) error {
		return &sio.ConnectError{Message: "not authorized", Data: map[string]int{"code": 7}}
	})
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		io.Close(context.Background())
		server.Close()
	})
	return server
}

// authOf returns the payload of CONNECT.
func authOf(s *sio.Socket) (auth any) {
	if err := s.Handshake().Auth(&auth); err != nil {
		return err.Error()
	}
	return auth
}

// serveWebSocket serves an echo at /ws, which closes with 4001 when it reads "bye".
func serveWebSocket(t *testing.T) *httptest.Server {
	return serveUpgrader(t, websocket.Upgrader{Subprotocols: []string{"v2.chat"}})
}

// serveUpgrader is serveWebSocket with an upgrader of the test's.
func serveUpgrader(t *testing.T, upgrader websocket.Upgrader) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			if string(data) == "bye" {
				conn.WriteControl(websocket.CloseMessage,
					websocket.FormatCloseMessage(4001, "as you wish"), time.Now().Add(waitTime))
				io.Copy(io.Discard, conn.NetConn())
				return
			}
			if conn.WriteMessage(kind, data) != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}
