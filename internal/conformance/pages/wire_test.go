package pages

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
)

// wireClient speaks Engine.IO and Socket.IO over a WebSocket, packet by packet.
type wireClient struct {
	t    *testing.T
	conn *websocket.Conn
}

// session holds the two ids in the answer to CONNECT: the public one, and the private one that
// recovers the session.
type session struct{ Sid, Pid string }

// connectOnWire sends CONNECT with a payload, which may be empty. It returns the packets that come
// before the answer, too.
func connectOnWire(t *testing.T, url, payload string) (*wireClient, session, []string) {
	t.Helper()
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(),
		"ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	t.Cleanup(func() { _ = conn.Close() })
	c := &wireClient{t, conn}
	require.Regexp(t, `^0\{"sid":`, c.read())
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("40"+payload)))
	var before []string
	answer := c.read()
	for strings.HasPrefix(answer, "42") {
		before = append(before, answer)
		answer = c.read()
	}
	require.Regexp(t, `^40\{"sid":"[\w-]{20}","pid":"[\w-]+"\}$`, answer)
	var s session
	require.NoError(t, json.Unmarshal([]byte(answer[2:]), &s))
	return c, s, before
}

func (c *wireClient) read() string {
	c.t.Helper()
	require.NoError(c.t, c.conn.SetReadDeadline(time.Now().Add(time.Minute)))
	_, packet, err := c.conn.ReadMessage()
	require.NoError(c.t, err)
	return string(packet)
}

// event reads the next event: its name, its number and its offset, which are missing in some.
func (c *wireClient) event() (name string, n int, offset string) {
	c.t.Helper()
	return parseEvent(c.t, c.read())
}

func parseEvent(t *testing.T, packet string) (name string, n int, offset string) {
	t.Helper()
	require.Regexp(t, `^42\[`, packet)
	var values []any
	require.NoError(t, json.Unmarshal([]byte(packet[2:]), &values))
	for _, value := range values[1:] {
		switch value := value.(type) {
		case float64:
			n = int(value)
		case string:
			offset = value
		}
	}
	return values[0].(string), n, offset
}

// tick reads until the next tick.
func (c *wireClient) tick() (n int, offset string) {
	c.t.Helper()
	for {
		name, n, offset := c.event()
		if name == "tick" {
			require.NotEmpty(c.t, offset, "a tick without an offset could not be recovered")
			return n, offset
		}
	}
}

// TestReconnectOnTheWire: after a connection that was cut, CONNECT with pid and offset brings the
// same session back. As with the official server, the packets after that offset come first, in
// order and without the volatile ones, and then the answer to CONNECT. An unknown pid gets a new
// session.
func TestReconnectOnTheWire(t *testing.T) {
	need.Time(t)
	url := run(t, "reconnect", lang.English)
	watcher, _, _ := connectOnWire(t, url, "")
	c, first, before := connectOnWire(t, url, "")
	assert.Empty(t, before)
	name, _, offset := c.event()
	require.Equal(t, "welcome", name)
	assert.NotEmpty(t, offset)
	name, _, offset = c.event()
	require.Equal(t, "glance", name)
	assert.Empty(t, offset, "a volatile packet is not kept, and has no offset")
	last, offset := c.tick()

	require.NoError(t, c.conn.NetConn().Close()) // no close frame, no DISCONNECT
	seen := 0
	for seen < last+2 {
		seen, _ = watcher.tick()
	}
	_, second, missed := connectOnWire(t, url, `{"pid":"`+first.Pid+`","offset":"`+offset+`"}`)
	assert.Equal(t, first, second, "the same session")
	require.GreaterOrEqual(t, len(missed), seen-last)
	offsets := map[string]bool{offset: true}
	for i, packet := range missed {
		name, n, offset := parseEvent(t, packet)
		assert.Equal(t, "tick", name, "neither a second welcome nor a glance")
		assert.Equal(t, last+1+i, n)
		assert.False(t, offsets[offset], "an offset of its own")
		offsets[offset] = true
	}

	_, third, before := connectOnWire(t, url, `{"pid":"unknown","offset":"`+offset+`"}`)
	assert.Empty(t, before)
	assert.NotEqual(t, first.Sid, third.Sid)
	assert.NotEqual(t, first.Pid, third.Pid)
}

// TestUpgradeOnTheWire: a demo, whose connections are recorded, answers the handshake of an upgrade
// and its probe.
func TestUpgradeOnTheWire(t *testing.T) {
	url := run(t, "broadcast", lang.English)
	res, err := http.Get(url + "/socket.io/?EIO=4&transport=polling")
	require.NoError(t, err)
	defer res.Body.Close()
	open, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var s session
	require.NoError(t, json.Unmarshal(open[1:], &s))
	conn, answer, err := websocket.DefaultDialer.DialContext(t.Context(),
		"ws"+strings.TrimPrefix(url, "http")+"/socket.io/?EIO=4&transport=websocket&sid="+
			s.Sid, nil)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	defer conn.Close()
	require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("2probe")))
	assert.Equal(t, "3probe", (&wireClient{t, conn}).read())
}
