// Package server tests our Socket.IO server with the official clients.
package server

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lecture is a server with the handlers that drive.mjs needs.
func lecture() *sio.Server {
	io := sio.NewServer(sio.Config{Engine: engineio.Config{AllowEIO3: true}})
	io.OnConnection(func(s *sio.Socket) {
		s.On("chat message", func(msg any) { io.Emit("chat message", msg) })
		s.On("chat message others", func(msg any) { s.Broadcast().Emit("chat message", msg) })
		s.On("chat message self", func(msg any) { s.Emit("chat message", msg) })
		s.On("ferret", func(_ string, ack sio.Ack) { ack("woot") })
		s.On("echo", func(v any, ack sio.Ack) { ack(v) })
		s.On("ask me", func(n int, ack sio.Ack) {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			if answer, err := s.EmitWithAck(ctx, "question", n); err == nil {
				ack(answer.Any(0))
			}
		})
	})
	io.Of("/chat").OnConnection(func(s *sio.Socket) {
		s.On("token", func(ack sio.Ack) {
			var auth struct {
				Token string `json:"token"`
			}
			if err := s.Handshake().Auth(&auth); err != nil {
				ack(err.Error())
				return
			}
			ack(auth.Token)
		})
		s.On("kick", func() { s.Disconnect(false) })
	})
	io.Of("/denied").Use(func(*sio.Socket) error {
		return &sio.ConnectError{Message: "not authorized", Data: map[string]int{"code": 7}}
	})
	return io
}

func TestOfficialClients(t *testing.T) {
	dir := node.Dir(t)
	for _, client := range []string{"socket.io-client", "socket.io-client-40", "socket.io-client-3",
		"socket.io-client-2"} {
		for _, transports := range []string{"polling", "websocket", "polling,websocket"} {
			t.Run(client+" over "+transports, func(t *testing.T) {
				io := lecture()
				server := httptest.NewServer(io)
				t.Cleanup(func() {
					ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
					defer cancel()
					require.NoError(t, io.Close(ctx))
					server.Close()
				})
				command := exec.CommandContext(t.Context(), "node", "drive.mjs", client, server.URL,
					transports)
				command.Dir = dir
				out, err := command.CombinedOutput()
				require.NoError(t, err, "%s", out)
				assert.Equal(t, "ok\n", string(out))
			})
		}
	}
}
