package engineio

import (
	"context"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// until waits for a condition.
func (l *lab) until(what string, ok func() bool) {
	l.Helper()
	require.Eventually(l, ok, time.Minute, time.Millisecond, what)
}

func TestStatsCountSessionsAndMessages(t *testing.T) {
	l := newLab(t, Config{})
	assert.Equal(t, Stats{Closed: map[Reason]uint64{}}, l.server.Stats())

	conn := l.dial(overWebSocket)
	l.read(conn) // open packet
	l.write(conn, "4hello", "4 €")
	require.NoError(t, conn.WriteMessage(websocket.BinaryMessage, []byte{1, 2}))
	for range 3 {
		l.read(conn)
	}
	traffic := Traffic{Received: 3, ReceivedBytes: 5 + 4 + 2, Sent: 3, SentBytes: 11}
	assert.Equal(t, Stats{Open: 1, Opened: 1, Closed: map[Reason]uint64{}, Traffic: traffic},
		l.server.Stats())

	sid := l.open()
	l.post(sid, "4hi\x1ebAQI=") // the second is binary, in base64
	l.get(sid)
	traffic.add(Traffic{2, 4, 2, 4})
	stats := l.server.Stats()
	assert.Equal(t, Stats{Open: 2, Polling: 1, Opened: 2, Closed: map[Reason]uint64{},
		Traffic: traffic}, stats)

	l.post(sid, "1")
	conn.Close()
	l.until("both sessions have ended", func() bool { return l.server.Len() == 0 })
	after := l.server.Stats()
	assert.Equal(t, Stats{Opened: 2, Closed: map[Reason]uint64{TransportClose: 2},
		Traffic: traffic}, after)
	assert.Empty(t, stats.Closed, "a Stats does not change")
}

func TestStatsCountAnUpgradedSessionOnce(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	require.Equal(t, 1, l.server.Stats().Polling)
	conn := l.dial(overWebSocket + "&sid=" + sid)
	l.write(conn, "2probe")
	require.Equal(t, "3probe", l.read(conn))
	l.write(conn, "5", "4hello")
	require.Equal(t, "4hello", l.read(conn))
	want := Stats{Open: 1, Opened: 1, Closed: map[Reason]uint64{}, Traffic: Traffic{1, 5, 1, 5}}
	assert.Equal(t, want, l.server.Stats(), "the packets of the upgrade do not count")
	require.NoError(t, l.server.Close(context.Background()))
	assert.Equal(t, map[Reason]uint64{ServerClose: 1}, l.server.Stats().Closed)
}
