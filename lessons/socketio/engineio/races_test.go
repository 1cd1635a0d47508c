package engineio

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// raceTries is how often each race is run over connections that are kept alive.
const raceTries = 300

// A client sends its close packet and a poll at the same time, over two connections. The poll is
// answered with a noop even if the close packet is there first; the next poll is refused.
func TestAPollBesideTheClosePacketIsAnswered(t *testing.T) {
	l := newLab(t, Config{})
	answered := 0
	for i := range raceTries {
		sid := l.open()
		began := time.Now()
		posted := make(chan int)
		go func() {
			status, _ := l.post(sid, "1")
			posted <- status
		}()
		if i%2 == 1 {
			time.Sleep(time.Duration(i) * 10 * time.Microsecond) // up to 3 ms behind
		}
		status, body := l.get(sid)
		if status == 400 && time.Since(began) >= pollDelay { // a busy machine sent it too late
			require.Equal(t, 200, <-posted)
			l.endsWith(TransportClose)
			continue
		}
		answered++
		require.Equal(t, 200, status, "try %d: %s", i, body)
		require.Equal(t, "6", body)
		require.Equal(t, 200, <-posted)
		status, _ = l.get(sid)
		require.Equal(t, 400, status)
		l.endsWith(TransportClose)
	}
	assert.Positive(t, answered)
}

// A poll that a client sends behind the 5 of its upgrade is refused, whichever is read first.
func TestAPollBehindTheUpgradeIsRefused(t *testing.T) {
	l := newLab(t, Config{})
	for i := range raceTries {
		sid := l.open()
		ws := l.dial(overWebSocket + "&sid=" + sid)
		l.write(ws, "2probe", "5")
		status, body := l.get(sid)
		require.Equal(t, 400, status, "try %d: %s", i, body)
		require.Equal(t, `{"code":3,"message":"Bad request"}`, body)
		l.write(ws, "4a")
		assert.Equal(t, "3probe", l.read(ws))
		assert.Equal(t, "4a", l.read(ws))
		ws.Close()
		l.endsWith(TransportClose)
	}
}

// A client that parses the handshake's answer as one packet must not find two.
func TestTheHandshakesAnswerIsOnePacket(t *testing.T) {
	l := newLab(t, Config{OnSession: func(s *Session) { s.Send(TextMessage([]byte("hello"))) }})
	_, body := l.do("GET", overPolling, "")
	assert.NotContains(t, body, "\x1e")
	sid := body[len(`0{"sid":"`):][:22]
	_, body = l.get(sid)
	assert.Equal(t, "4hello", body, "with the next poll")
}

func TestNewServerSaysWhatIsMissing(t *testing.T) {
	assert.PanicsWithValue(t,
		"engineio: Config.OnSession is nil: it has to set what a session does with its messages",
		func() { NewServer(Config{}) })
}

// Close of a session without a poll ends when the client's timeout does.
func TestCloseWithoutAPollEndsAfterTheTimeouts(t *testing.T) {
	l := newLab(t, Config{PingInterval: 100 * time.Millisecond,
		PingTimeout: 200 * time.Millisecond})
	session := l.server.session(l.open())
	start := time.Now()
	session.Close()
	l.endsWith(ForcedClose)
	assert.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond)
	assert.Less(t, time.Since(start), 5*time.Second)
}
