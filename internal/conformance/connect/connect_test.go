// Package connect tests the client of lab connect with the official server.
package connect

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/connect"
	"realtimelab/internal/connect/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// waitTime bounds each wait, so that a hanging test is reported.
const waitTime = 20 * time.Second

func dial(t *testing.T, c connect.Config) *connect.Session {
	t.Helper()
	c.Timeout, c.ReadFile = waitTime, os.ReadFile
	s, err := connect.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.NoError(t, s.Connect(t.Context()))
	return s
}

func run(t *testing.T, s *connect.Session, script string) {
	t.Helper()
	require.NoError(t, s.Run(t.Context(), strings.NewReader(script), nil))
}

// start starts the official server, and returns its address.
func start(t *testing.T, options string) string {
	t.Helper()
	var at struct{ Server string }
	require.NoError(t, json.Unmarshal([]byte(node.Start(t, "official-server.mjs", options)), &at))
	return at.Server
}

func TestOfficialServer(t *testing.T) {
	url := start(t, "{}")
	for _, transports := range [][]string{nil, {"polling"}, {"websocket"}} {
		s := dial(t, connect.Config{URL: url, Transports: transports})
		assert.Equal(t, command.SocketIO, s.Protocol(), "guessed")
		run(t, s, `
			ack echo 1 "你好" {"bytes":[@hex:00ff]} => 1 "你好" {"bytes":[@hex:00ff]}
			emit burst 3
			expect burst 0
			expect burst 1
			expect burst 2
			reply question 42
			ack "ask me" 21 => 42
			expect question 21
			join /chat
			ack echo "in chat" => "in chat"
			join /denied {"token":"x"} => "not authorized" {"code":7}
			join /nowhere => "Invalid namespace"
			join /
			emit kick false
			expect disconnect "io server disconnect"
			connect
			ack echo =>
		`)
	}
}

// TestOfficialServerOfRevision3: with allowEIO3 the official server speaks to a client as Socket.IO
// 2 does.
func TestOfficialServerOfRevision3(t *testing.T) {
	url := start(t, `{"allowEIO3":true,"pingInterval":100,"pingTimeout":10000}`)
	for _, transports := range [][]string{nil, {"polling"}, {"websocket"}} {
		s := dial(t, connect.Config{URL: url, Transports: transports, EIO: 3})
		run(t, s, `
			ack echo 1 "你好" {"bytes":[@hex:00ff]} => 1 "你好" {"bytes":[@hex:00ff]}
			emit burst 2
			expect burst 0
			expect burst 1
			join /chat
			ack echo "in chat" => "in chat"
			join /nowhere => "Invalid namespace"
			join /
			leave
			ack echo "the server has read it" => *
			join /
			ack echo =>
			cut
			wait disconnect /transport/
			wait connect
			ack echo 2 => 2
		`)
	}
	f := new(connect.Failure)
	s, err := connect.Open(t.Context(),
		connect.Config{URL: start(t, "{}"), As: command.SocketIO, EIO: 3, Timeout: waitTime})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	require.ErrorAs(t, s.Connect(t.Context()), &f)
	assert.Contains(t, f.Hint.EN, "allowEIO3")
}
