package engineio

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// panicking makes a server whose callbacks panic, one at a time.
func panicking(t *testing.T, where string) *lab {
	fail := func(here string) {
		if here == where {
			panic("on purpose")
		}
	}
	var l *lab
	l = newLab(t, Config{Log: slog.New(slog.DiscardHandler), OnSession: func(s *Session) {
		s.OnMessage(func(data []byte, _ bool) {
			fail("message")
			s.Lend(func() { fail("lent") })
			s.Send(TextMessage(data))
		})
		s.OnUpgrade(func(string) { fail("upgrade") })
		s.OnClose(func(reason Reason, _ error) {
			l.closed <- string(reason)
			fail("close")
		})
		fail("session")
	}})
	return l
}

func TestAPanicOfACallbackEndsItsSession(t *testing.T) {
	for where, provoke := range map[string]func(l *lab){
		"message": func(l *lab) { conn := l.dial(overWebSocket); l.read(conn); l.write(conn, "4a") },
		"lent":    func(l *lab) { conn := l.dial(overWebSocket); l.read(conn); l.write(conn, "4a") },
		"upgrade": func(l *lab) {
			conn := l.dial(overWebSocket + "&sid=" + l.open())
			l.write(conn, "2probe")
			l.read(conn)
			l.write(conn, "5")
		},
		"close":   func(l *lab) { conn := l.dial(overWebSocket); l.read(conn); conn.Close() },
		"session": func(l *lab) { l.dial(overWebSocket) },
	} {
		t.Run(where, func(t *testing.T) {
			l := panicking(t, where)
			provoke(l)
			select {
			case <-l.closed:
			case <-time.After(10 * time.Second):
				t.Error("the session did not end")
			}
			assert.Eventually(t, func() bool { return l.server.Len() == 0 }, 10*time.Second, time.Millisecond)
		})
	}
}

func TestAPanicOfACallbackOverPollingEndsItsSession(t *testing.T) {
	l := panicking(t, "message")
	sid := l.open()
	status, _ := l.post(sid, "4a")
	assert.Equal(t, 200, status)
	_, body := l.get(sid)
	assert.Equal(t, "6\x1e1", body)
	l.endsWith(ForcedClose)
}
