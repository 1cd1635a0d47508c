package engineio

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
			l, returned := newLabWatched(t, Config{}, isWebSocketUpgrade)
			ws := open(l)
			l.waitFor(returned)
			l.write(ws, "4a")
			assert.Equal(t, "4a", l.read(ws))
			ws.Close()
			l.endsWith(TransportClose)
		})
		t.Run(name+", between messages", func(t *testing.T) {
			l, returned := newLabWatched(t, Config{}, isWebSocketUpgrade)
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
	l, returned := newLabWatched(t, Config{}, isWebSocketUpgrade)
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

// held is a connection on which the end of a session is slow in setting its deadline.
type held struct {
	net.Conn
	hold   func()
	once   sync.Once
	closed chan struct{}
}

func (c *held) SetDeadline(t time.Time) error {
	if time.Until(t) > time.Second && c.hold != nil {
		c.hold()
	}
	return c.Conn.SetDeadline(t)
}

func (c *held) Close() error {
	defer c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// A guest that is sent away while its session ends must not take that for the
// connection's end.
func TestAGuestThatGoesWhileItsSessionEndsLetsItSayGoodbye(t *testing.T) {
	l := newLab(t, withWebTransport)
	lender := &l.server.lender
	lender.awake = true // it does not look, as it would wake for that
	client, serving := net.Pipe()
	defer client.Close()
	conn := &held{Conn: serving, closed: make(chan struct{})}
	go l.server.ServeWebTransport(conn, httptest.NewRequest("CONNECT", "/engine.io/?EIO=4&transport=webtransport", nil))
	s := stream{t, client, bufio.NewReader(client)}
	s.write("\x010")
	open := s.readPacket()
	session := l.server.session(open[len(`0{"sid":"`):][:22])
	require.Eventually(t, func() bool {
		lender.mu.Lock()
		for r := range lender.guests {
			if r.waiting {
				return true // and nobody rises
			}
		}
		lender.mu.Unlock()
		return false
	}, 10*time.Second, time.Millisecond)
	clear(lender.guests)
	session.interrupt(session.ws)
	conn.hold = func() {
		lender.mu.Unlock()
		select {
		case <-conn.closed:
		case <-time.After(50 * time.Millisecond): // it waits for the deadline
		}
	}
	session.Queue(TextMessage([]byte("bye")))
	go session.Close()
	assert.Equal(t, "4bye", s.readPacket())
	s.closes()
	l.endsWith(ForcedClose)
}
