package websocket

import (
	"net"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed/feedtest"
)

// during calls f inside each Write, as a second goroutine would at the worst moment.
type during struct {
	net.Conn
	f func()
}

func (d *during) Write(p []byte) (int, error) {
	d.f()
	return d.Conn.Write(p)
}

func TestGorillaPanicsOnASecondWriter(t *testing.T) {
	e := NewEcho(Config{})
	server := feedtest.Serve(t, e, e.Close)
	second := &during{f: func() {}}
	dialer := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		conn, err := net.Dial(network, addr)
		second.Conn = conn
		return second, err
	}}
	ws, _, err := dialer.Dial("ws://"+server.Addr+"/ws", nil)
	require.NoError(t, err)
	defer ws.Close()
	second.f = func() { _ = ws.WriteMessage(websocket.TextMessage, []byte("two")) }
	assert.PanicsWithValue(t, "concurrent write to websocket connection", func() {
		_ = ws.WriteMessage(websocket.TextMessage, []byte("one"))
	})
	says(t, "It detects most concurrent writes and panics", "大多数同时写它能发现并 panic")
}

func says(t *testing.T, en, zh string) {
	t.Helper()
	body := Lesson().Body
	assert.True(t, strings.Contains(body.EN, en), "lesson.md does not say %q", en)
	assert.True(t, strings.Contains(body.ZH, zh), "lesson.zh.md does not say %q", zh)
}
