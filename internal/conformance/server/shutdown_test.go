package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sio"
)

// TestOfficialClientSeesAShutdown: an event whose handler still runs is acknowledged, then the
// connection is closed, and the next handshake is refused.
func TestOfficialClientSeesAShutdown(t *testing.T) {
	dir := node.Dir(t)
	for transport, refused := range map[string]string{"polling": "503",
		"websocket": "websocket error"} {
		t.Run(transport, func(t *testing.T) {
			running, leave := make(chan struct{}), make(chan struct{})
			reasons := make(chan sio.Reason, 1)
			io := sio.NewServer(sio.Config{})
			io.OnConnection(func(s *sio.Socket) {
				s.OnDisconnect(func(r sio.Reason) { reasons <- r })
				s.On("slow", func(ack sio.Ack) {
					close(running)
					<-leave
					ack("done")
				})
			})
			server := httptest.NewServer(io)
			defer server.Close()
			client := exec.CommandContext(t.Context(), "node", "shutdown.mjs", server.URL,
				transport)
			client.Dir = dir
			type result struct {
				out []byte
				err error
			}
			ended := make(chan result, 1)
			go func() { out, err := client.Output(); ended <- result{out, err} }()
			select {
			case <-running:
			case r := <-ended:
				t.Fatalf("%s %v", r.out, r.err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			shut := make(chan error, 1)
			go func() { shut <- io.Shutdown(ctx) }()
			require.Eventually(t, func() bool { // the shutdown has begun, and waits
				res, err := http.Get(server.URL + "/socket.io/?EIO=4&transport=polling")
				if err == nil {
					res.Body.Close()
				}
				return err == nil && res.StatusCode == http.StatusServiceUnavailable
			}, 20*time.Second, time.Millisecond)
			assert.Empty(t, shut)
			close(leave)
			require.NoError(t, <-shut)
			assert.Equal(t, sio.ServerShuttingDown, <-reasons)
			assert.Zero(t, io.Clients())
			r := <-ended
			require.NoError(t, r.err)
			assert.Equal(t, "connect\ndone\ntransport close\n"+refused+"\n", string(r.out))
		})
	}
}
