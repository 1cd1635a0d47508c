package engineio

import (
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
		"message": func(l *lab) {
			conn := l.dial(overWebSocket)
			l.read(conn)
			l.write(conn, "4a")
		},
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
			case <-time.After(time.Minute):
				t.Error("the session did not end")
			}
			assert.Eventually(t, func() bool {
				return l.server.Len() == 0
			}, time.Minute, time.Millisecond)
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

// A hook of the answer panics when packets have been taken for it: they are lost, and so
// must the session be.
func TestAPanicOfAHookEndsThePollingSession(t *testing.T) {
	for at, provoke := range []func(l *lab, fail *atomic.Bool){
		func(l *lab, fail *atomic.Bool) { fail.Store(true); l.fails("GET", overPolling, "") },
		func(l *lab, fail *atomic.Bool) {
			sid := l.open()
			l.server.session(sid).Send(TextMessage([]byte("lost")))
			fail.Store(true)
			l.fails("GET", overPolling+"&sid="+sid, "")
		},
		func(l *lab, fail *atomic.Bool) {
			sid := l.open()
			fail.Store(true)
			l.fails("POST", overPolling+"&sid="+sid, "4a")
		},
	} {
		t.Run([]string{"handshake", "poll", "post"}[at], func(t *testing.T) {
			var fail atomic.Bool
			var l *lab
			l = startLab(t, Config{
				PingInterval: 2 * time.Second, PingTimeout: 2 * time.Second,
				Headers: func(http.Header, *http.Request) {
					if fail.Load() {
						panic("on purpose")
					}
				},
				OnSession: func(s *Session) {
					s.OnClose(func(reason Reason, _ error) { l.closed <- string(reason) })
				},
			}, func(h *httptest.Server) {
				h.Config.ErrorLog = log.New(io.Discard, "", 0)
				h.Start()
			})
			provoke(l, &fail)
			l.endsWith(TransportError)
		})
	}
}

// fails sends a request that the server drops; the client may try again.
func (l *lab) fails(method, query, body string) {
	r, err := http.NewRequest(method, l.http.URL+"/engine.io/?"+query, strings.NewReader(body))
	require.NoError(l, err)
	if res, err := l.client.Do(r); err == nil {
		res.Body.Close()
	}
}
