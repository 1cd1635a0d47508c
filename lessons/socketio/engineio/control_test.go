package engineio

import (
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (l *lab) pingFrame(conn *websocket.Conn, data string) (pongs chan string) {
	pongs = make(chan string, 10)
	conn.SetPongHandler(func(data string) error { pongs <- data; return nil })
	require.NoError(l, conn.WriteControl(websocket.PingMessage, []byte(data),
		time.Now().Add(10*time.Second)))
	return pongs
}

func TestWebSocketPingFrames(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	conn := l.dial(overWebSocket + "&sid=" + sid)
	pongs := l.pingFrame(conn, "of the probe")
	l.write(conn, "2probe")
	assert.Equal(t, "3probe", l.read(conn))
	assert.Equal(t, "of the probe", <-pongs)
	l.write(conn, "5")
	pongs = l.pingFrame(conn, "of the session")
	l.write(conn, "4a")
	assert.Equal(t, "4a", l.read(conn))
	assert.Equal(t, "of the session", <-pongs)
}

// A pong must leave no deadline behind, and not come into the middle of a
// message that the client takes slowly.
func TestWebSocketPingFrameDuringASlowWrite(t *testing.T) {
	l := newLab(t, Config{MaxQueue: 64 << 20})
	conn := l.dial(overWebSocket)
	sid := l.read(conn)[len(`0{"sid":"`):][:22]
	session := l.server.session(sid)
	text := strings.Repeat("x", 32<<20) // more than the kernel takes at once
	require.NoError(t, session.Send(TextMessage([]byte(text))))
	pongs := l.pingFrame(conn, "now")
	l.write(conn, "4after the ping")
	require.Eventually(t, func() bool { // the server has read both
		session.mu.Lock()
		defer session.mu.Unlock()
		return len(session.out.messages) == 2
	}, 10*time.Second, time.Millisecond)
	assert.Len(t, l.read(conn), 1+len(text))
	assert.Equal(t, "4after the ping", l.read(conn))
	assert.Equal(t, "now", <-pongs)
}

func TestWebSocketCloseFramesAreEchoed(t *testing.T) {
	l := newLab(t, Config{})
	for code, want := range map[int]string{1000: "done", 1005: "", 4001: "done"} {
		conn := l.dial(overWebSocket)
		l.read(conn)
		message := websocket.FormatCloseMessage(code, "done")
		require.NoError(t, conn.WriteControl(websocket.CloseMessage, message,
			time.Now().Add(10*time.Second)))
		_, _, err := conn.ReadMessage()
		assert.Equal(t, &websocket.CloseError{Code: code, Text: want}, err)
		l.endsWith(TransportClose)
	}
}
