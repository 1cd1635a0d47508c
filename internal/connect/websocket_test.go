package connect

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/connect/command"
	"realtimelab/internal/lang"
)

func TestWebSocketScript(t *testing.T) {
	server := serveWebSocket(t)
	s := dial(t, Config{URL: server.URL + "/ws", Subprotocols: []string{"v1.chat", "v2.chat"}})
	assert.Equal(t, command.WebSocket, s.Protocol(), "guessed")
	run(t, s, `
		expect open "v2.chat"
		send hello  world
		expect message "hello  world"
		send {"user":{"id":7,"name":"ann"}}
		expect message {"user":{"id":7}}
		hex 00 ff
		expect message @hex:00ff
		ping are you there
		transport
		send bye
		expect close 4001 "as you wish"
	`)
	assert.False(t, s.Connected())
	assert.Contains(t, fails(t, s, Disconnected, "send x"), "not connected")
	assert.Contains(t, fails(t, s, Disconnected, "ping"), "not connected")
	run(t, s, `
		connect
		expect open
		close 4002 mine
		expect close 4002
	`)
	run(t, s, "connect\ncut\nexpect close 1006")
	i := slices.IndexFunc(all(s), func(e Event) bool { return e.Name == "cut" })
	require.GreaterOrEqual(t, i, 0)
	assert.Equal(t, lang.Text{EN: "1 connection reset", ZH: "已重置 1 个连接"}, all(s)[i].Text)
}

func TestWebSocketThatEndsWhileAScriptWaits(t *testing.T) {
	server := serveWebSocket(t)
	s := dial(t, Config{URL: "ws" + server.URL[len("http"):] + "/ws"})
	text := fails(t, s, Disconnected, "send bye\nwait message")
	assert.Contains(t, text, `line 2: "message" did not come: closed: 4001`)
}
