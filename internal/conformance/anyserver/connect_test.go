package anyserver

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/connect"
	"realtimelab/internal/connect/command"
)

// TestConnect: the client of lab connect detects the protocol of each server, and speaks it.
func TestConnect(t *testing.T) {
	socketIO := `
		emit "chat message" {"text":"你好","n":[1,2.5,null]}
		expect "chat message" {"text":"你好","n":[1,2.5,null]}
		ack question {"id":7,"bytes":@hex:00ff} => {"id":7,"bytes":@hex:00ff}
		emit "chat message" @hex:0001ff
		expect "chat message" @hex:0001ff
		join /nowhere => *
		cut
		wait connect
		ack question "again" => "again"
	`
	for _, c := range []struct {
		script, path, lines string
		speaks              command.Protocol
		transports          []string
	}{
		{"socketio.mjs", "", socketIO, command.SocketIO, nil},
		{"python-socketio.py", "", socketIO, command.SocketIO, []string{"websocket"}},
		{"websocket.mjs", "/ws",
			"send hello\nexpect message \"hello\"\nping\nhex 68 69\nexpect message \"hi\"\nclose " +
				"1000 bye\nexpect close 1000", command.WebSocket, nil},
		{"sse.mjs", "/events", "", command.SSE, nil},
	} {
		t.Run(c.script, func(t *testing.T) {
			url, _ := start(t, c.script)
			s, err := connect.Open(t.Context(), connect.Config{
				URL: url + c.path, Transports: c.transports, Timeout: 20 * time.Second,
				ReadFile: os.ReadFile})
			require.NoError(t, err)
			t.Cleanup(s.Close)
			assert.Equal(t, c.speaks, s.Protocol(), "guessed")
			require.NoError(t, s.Connect(t.Context()))
			if c.speaks == command.SSE {
				res, err := http.Post(url+"/messages", "application/json",
					strings.NewReader(`{"text":"x"}`))
				require.NoError(t, err)
				res.Body.Close()
				http.DefaultClient.CloseIdleConnections()
				c.lines = `expect message {"text":"x"}`
			}
			require.NoError(t, s.Run(t.Context(), strings.NewReader(c.lines), nil))
		})
	}
}
