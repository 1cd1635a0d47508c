package exercise_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise/blackbox"
	"realtimelab/internal/labtest/need"
)

// TestTheDemosPass: what is asked of a student's server, the lab's own does.
func TestTheDemosPass(t *testing.T) {
	need.Time(t)
	for exercise, name := range map[string]string{
		"blackbox-polling": "short-polling", "blackbox-longpoll": "long-polling", "blackbox-sse": "sse",
		"blackbox-websocket": "ws-echo", "blackbox-engineio": "acks", "blackbox-socketio": "acks",
	} {
		t.Run(exercise, func(t *testing.T) {
			passed, finding, err := blackbox.Run(t.Context(), exercise, "http://"+demo(t, name))
			require.NoError(t, err)
			require.Nil(t, finding, "%v", finding)
			require.Equal(t, blackbox.Steps(exercise), passed)
		})
	}
}
