package exercise_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise/blackbox"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// TestTheDemosPass: the lab's own servers pass the checks of the students' servers.
func TestTheDemosPass(t *testing.T) {
	need.Time(t)
	for exercise, name := range map[string]string{
		"blackbox-polling": "short-polling", "blackbox-longpoll": "long-polling",
		"blackbox-sse":       "sse",
		"blackbox-websocket": "ws-echo", "blackbox-engineio": "", "blackbox-socketio": "acks",
	} {
		t.Run(exercise, func(t *testing.T) {
			address := "http://"
			if exercise == "blackbox-engineio" {
				address = quickHeartbeat(t)
			} else {
				address += demo(t, name)
			}
			passed, finding, err := blackbox.Run(t.Context(), exercise, address)
			require.NoError(t, err)
			require.Nil(t, finding, "%v", finding)
			require.Equal(t, blackbox.Steps(exercise), passed)
		})
	}
}

// quickHeartbeat starts the lab's Socket.IO server with the heartbeat of the exercise, and returns
// its URL.
func quickHeartbeat(t *testing.T) string {
	io := sio.NewServer(sio.Config{Engine: engineio.Config{PingInterval: 300 * time.Millisecond,
		PingTimeout: time.Second}})
	server := httptest.NewServer(io)
	t.Cleanup(func() {
		require.NoError(t, io.Close(context.Background()))
		server.Close()
	})
	return server.URL
}
