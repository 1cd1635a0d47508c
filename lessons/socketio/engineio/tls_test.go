package engineio

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A connection with TLS takes nothing at once: all that the server writes beside a session's queue
// has to wait for it.

func TestUpgradeOverTLS(t *testing.T) {
	l := newLabTLS(t, Config{})
	l.client = l.http.Client()
	sid := l.open()
	conn := l.dial("EIO=4&transport=websocket&sid=" + sid)
	pongs := l.pingFrame(conn, "during the upgrade")
	l.write(conn, "2probe")
	assert.Equal(t, "3probe", l.read(conn))
	assert.Equal(t, "during the upgrade", <-pongs)
	_, body := l.get(sid)
	assert.Equal(t, "6", body)
	l.write(conn, "5", "4hello")
	assert.Equal(t, "4hello", l.read(conn))
}

func TestCloseFramesOverTLS(t *testing.T) {
	l := newLabTLS(t, Config{MaxPayload: 100})
	l.client = l.http.Client()
	onWebSocket := func() string { // a session that takes no second transport
		var open struct{ SID string }
		require.NoError(t, json.Unmarshal([]byte(l.read(l.dial("EIO=4&transport=websocket"))[1:]),
			&open))
		return open.SID
	}
	for _, c := range []struct {
		what, query, wire string
		code              int
	}{
		{"a second transport", "&sid=" + onWebSocket(), "", websocket.CloseNoStatusReceived},
		{"a packet that is not a probe", "&sid=" + l.open(), "4x", websocket.CloseNoStatusReceived},
		{"an unknown packet", "", "9", websocket.CloseNoStatusReceived},
		{"text that is not UTF-8", "", "4\xff", websocket.CloseInvalidFramePayloadData},
	} {
		t.Run(c.what, func(t *testing.T) {
			conn := l.dial("EIO=4&transport=websocket" + c.query)
			if c.wire != "" {
				l.write(conn, c.wire)
			}
			conn.SetReadDeadline(time.Now().Add(time.Minute))
			var err error
			for err == nil {
				_, _, err = conn.ReadMessage()
			}
			var closed *websocket.CloseError
			require.ErrorAs(t, err, &closed)
			assert.Equal(t, c.code, closed.Code)
		})
	}
}
