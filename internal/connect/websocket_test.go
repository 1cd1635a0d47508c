package connect

import (
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
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

// TestDeflate: permessage-deflate is offered, the session says what came of it, and the x-ray shows
// the messages that crossed the wire compressed.
func TestDeflate(t *testing.T) {
	server := serveUpgrader(t, websocket.Upgrader{EnableCompression: true})
	s := dial(t, Config{URL: server.URL + "/ws", As: command.WebSocket, Deflate: true})
	rows := s.Xray().Watch()
	defer rows.Close()
	long := strings.Repeat("again and ", 200)
	run(t, s, `
		expect open "" /^permessage-deflate/
		send `+long+`
		expect message
		transport
	`)
	opened := all(s)[0].What(lang.English)
	assert.Contains(t, opened, ", extensions permessage-deflate; server_no_context_takeover")
	status := all(s)[len(all(s))-1].What(lang.English)
	assert.Contains(t, status, "extensions permessage-deflate")
	assert.Less(t, s.wire.tap.Counters().In, int64(len(long)), "fewer bytes than the message has")
	seen, err := s.Xray().Rows(t.Context())
	require.NoError(t, err)
	decoded := 0
	for _, row := range seen {
		if strings.Contains(row.Line(lang.English), "again and again") {
			decoded++
		}
	}
	assert.GreaterOrEqual(t, decoded, 2, "the message both ways: %v", seen)

	s = dial(t, Config{URL: serveWebSocket(t).URL + "/ws", Deflate: true})
	run(t, s, "send hi\nexpect message \"hi\"")
	i := slices.IndexFunc(all(s), func(e Event) bool { return e.Name == "open" })
	assert.Contains(t, all(s)[i].Text.EN, "the server did not accept permessage-deflate")
	assert.Contains(t, all(s)[i].Text.ZH, "服务器没有接受 permessage-deflate")
}

// answerUpgrade answers each request with a 101 that has these headers.
func answerUpgrade(t *testing.T, headers func(accept string) string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") +
			"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
		fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"+
			"Connection: Upgrade\r\n%s\r\n\r\n",
			headers(base64.StdEncoding.EncodeToString(sum[:])))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestWrong101(t *testing.T) {
	server := answerUpgrade(t, func(string) string { return "Sec-WebSocket-Accept: x" })
	f := failsToOpen(t, Config{URL: server.URL, As: command.WebSocket})
	assert.Contains(t, f.Error(), "101 has a wrong Upgrade, Connection or Sec-WebSocket-Accept")

	server = answerUpgrade(t, func(accept string) string {
		return "Sec-WebSocket-Accept: " + accept +
			"\r\nSec-WebSocket-Extensions: permessage-deflate"
	})
	for _, as := range []command.Protocol{command.WebSocket, ""} {
		f = failsToOpen(t, Config{URL: "ws" + server.URL[len("http"):] + "/ws", As: as,
			Deflate: true})
		assert.Contains(t, f.Error(), "only with context takeover")
		assert.Equal(t, "leave out --deflate", f.Hint.EN)
	}
}
