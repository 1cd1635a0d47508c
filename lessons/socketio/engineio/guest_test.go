package engineio

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// newLabWatched is newLab with a channel that is told of each handler of a WebSocket that
// has returned.
func newLabWatched(t *testing.T) (l *lab, returned <-chan struct{}) {
	told := make(chan struct{}, 10)
	l = startLab(t, Config{}, func(web *httptest.Server) {
		inner := web.Config.Handler
		web.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(w, r)
			if isWebSocketUpgrade(r) {
				told <- struct{}{}
			}
		})
		web.Start()
	})
	return l, told
}

func (l *lab) waitFor(c <-chan struct{}) {
	l.Helper()
	select {
	case <-c:
	case <-time.After(10 * time.Second):
		l.Fatal("it did not happen")
	}
}

func TestAGuestOfAHandlerGoes(t *testing.T) {
	opened := map[string]func(l *lab) *websocket.Conn{
		"websocket": func(l *lab) *websocket.Conn {
			ws := l.dial(overWebSocket)
			l.read(ws)
			return ws
		},
		"upgrade": func(l *lab) *websocket.Conn {
			ws := l.dial(overWebSocket + "&sid=" + l.open())
			l.write(ws, "2probe")
			l.read(ws)
			l.write(ws, "5")
			return ws
		},
	}
	for name, open := range opened {
		t.Run(name+", while nothing comes", func(t *testing.T) {
			l, returned := newLabWatched(t)
			ws := open(l)
			l.waitFor(returned)
			l.write(ws, "4a")
			assert.Equal(t, "4a", l.read(ws))
			ws.Close()
			l.endsWith(TransportClose)
		})
		t.Run(name+", between messages", func(t *testing.T) {
			l, returned := newLabWatched(t)
			ws := open(l)
			for i := 0; ; i++ {
				text := fmt.Sprintf("4message %d", i)
				l.write(ws, text)
				require.Equal(t, text, l.read(ws))
				if i >= 100 && len(returned) > 0 {
					break
				}
			}
			ws.Close()
			l.endsWith(TransportClose)
		})
	}
}

// What sends a guest away must not touch a message of which only a part is there.
func TestAGuestReadsItsMessageToTheEnd(t *testing.T) {
	l, returned := newLabWatched(t)
	c := dialBench(t, l.http.Listener.Addr().String())
	frame := clientFrame(0x81, "4in two parts")
	fmt.Fprint(c.conn, frame[:8])
	dismissed := func() bool {
		l.server.lender.mu.Lock()
		defer l.server.lender.mu.Unlock()
		return len(l.server.lender.guests) == 0
	}
	require.Eventually(t, dismissed, 10*time.Second, time.Millisecond)
	fmt.Fprint(c.conn, frame[8:])
	answer := make([]byte, 2+len("4in two parts"))
	_, err := io.ReadFull(c.read, answer)
	require.NoError(t, err)
	assert.Equal(t, "4in two parts", string(answer[2:]))
	l.waitFor(returned)
	c.conn.Close()
	l.endsWith(TransportClose)
}
