package engineio

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// closing is a session with a client at its other end.
type closing struct {
	*lab
	sid  string
	conn *websocket.Conn // nil over polling
	poll chan string     // the answer of the poll that waits, nil over WebSocket
}

func newClosing(t *testing.T, transport string) *closing {
	c := &closing{lab: newLab(t, Config{})}
	switch transport {
	case Polling:
		c.sid = c.open()
		c.poll = make(chan string, 1)
		go func() { _, body := c.get(c.sid); c.poll <- body }()
		c.waitForPoll(c.sid)
	case WebSocket:
		c.conn = c.dial(overWebSocket)
		c.sid = c.read(c.conn)[len(`0{"sid":"`):][:22]
	}
	return c
}

// told returns the client's notice of the end: the poll's answer, or the close frame's code.
func (c *closing) told() any {
	if c.poll != nil {
		return <-c.poll
	}
	c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, _, err := c.conn.ReadMessage()
	var closed *websocket.CloseError
	require.ErrorAs(c, err, &closed)
	return closed.Code
}

func closeServer(c *closing) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done := make(chan error)
	go func() { done <- c.server.Close(ctx) }()
	if c.conn != nil {
		c.told() // which answers the close frame
		c.conn.Close()
	}
	require.NoError(c, <-done)
}

func TestCloseTellsTheReasonOnce(t *testing.T) {
	for name, c := range map[string]struct {
		transport string
		close     func(*closing)
		reason    Reason
		told      any // nil if the client cannot get one
	}{
		"polling, by the client": {Polling, func(c *closing) {
			c.post(c.sid, "1")
		}, TransportClose, "6"},
		"polling, by the session": {Polling, func(c *closing) {
			c.server.session(c.sid).Close()
		}, ForcedClose, "1"},
		"polling, by the server": {Polling, closeServer, ServerClose, "1"},
		"polling, by a violation": {Polling, func(c *closing) {
			c.post(c.sid, "9")
		}, ParseError, "1"},
		"websocket, by the client": {WebSocket, func(c *closing) {
			c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""),
				time.Now().Add(time.Second))
		}, TransportClose, 1000},
		"websocket, by a cut": {WebSocket, func(c *closing) {
			c.conn.NetConn().Close()
		}, TransportClose, nil},
		"websocket, by a reset": {WebSocket, func(c *closing) {
			c.conn.NetConn().(*net.TCPConn).SetLinger(0)
			c.conn.NetConn().Close()
		}, TransportClose, nil},
		"websocket, by the session": {WebSocket, func(c *closing) {
			c.server.session(c.sid).Close()
		}, ForcedClose, 1005},
		"websocket, by the server": {WebSocket, closeServer, ServerClose, nil},
		"websocket, by a violation": {WebSocket, func(c *closing) {
			c.write(c.conn, "9")
		}, ParseError, 1005},
	} {
		t.Run(name, func(t *testing.T) {
			l := newClosing(t, c.transport)
			c.close(l)
			l.endsWith(c.reason)
			if c.told != nil {
				assert.Equal(t, c.told, l.told())
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if l.conn != nil {
				l.conn.Close()
			}
			require.NoError(t, l.server.Close(ctx))
			assert.Empty(t, l.closed, "the reason reaches the handler once")
			assert.Zero(t, l.server.Len())
		})
	}
}

func TestAProbeThatComesToNothingGetsACloseFrame(t *testing.T) {
	for name, end := range map[string]func(l *lab, sid string){
		"the upgrade's timeout": func(*lab, string) {},
		"the client closes":     func(l *lab, sid string) { l.post(sid, "1") },
		"the session closes": func(l *lab, sid string) {
			l.server.session(sid).Close()
			l.get(sid)
		},
		"a ping timeout": func(l *lab, sid string) {
			l.server.session(sid).end(PingTimeout, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			config := Config{}
			if name == "the upgrade's timeout" {
				config.UpgradeTimeout = 50 * time.Millisecond
			}
			l := newLab(t, config)
			sid := l.open()
			conn := l.dial(overWebSocket + "&sid=" + sid)
			if config.UpgradeTimeout == 0 {
				l.write(conn, "2probe")
				assert.Equal(t, "3probe", l.read(conn))
			}
			end(l, sid)
			conn.SetReadDeadline(time.Now().Add(time.Minute))
			_, _, err := conn.ReadMessage()
			assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
		})
	}
}

func TestCloseDuringAnUpgrade(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	conn := l.dial(overWebSocket + "&sid=" + sid)
	l.write(conn, "2probe")
	assert.Equal(t, "3probe", l.read(conn))
	session := l.server.session(sid)
	require.NoError(t, session.Send(TextMessage([]byte("bye"))))
	session.Close()
	l.write(conn, "5")
	assert.Equal(t, "4bye", l.read(conn))
	_, data, err := conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%q %v", data, err)
	l.endsWith(ForcedClose)
}

// A session whose OnSession runs while the server closes gets the notice of its end like any other.
func TestASessionThatOpensWhileTheServerClosesEnds(t *testing.T) {
	for _, transport := range []string{Polling, WebSocket} {
		t.Run(transport, func(t *testing.T) {
			var l *lab
			closing := make(chan error, 1)
			l = newLab(t, Config{OnSession: func(s *Session) {
				go func() { closing <- l.server.Close(t.Context()) }()
				require.Eventually(t, func() bool { // Close has seen the sessions that there are
					l.server.mu.Lock()
					defer l.server.mu.Unlock()
					return l.server.closed && len(l.server.sessions) == 0
				}, 10*time.Second, time.Millisecond)
				s.OnClose(func(reason Reason, _ error) { l.closed <- string(reason) })
			}})
			if transport == Polling {
				l.do("GET", overPolling, "")
			} else {
				l.shake(overWebSocket)
			}
			l.endsWith(ServerClose)
			require.NoError(t, <-closing)
			assert.Zero(t, l.server.Len())
		})
	}
}

// The client's close packet may come in a POST that the upgrade overtakes.
func TestAClosePacketThatAnUpgradeOvertakesClosesTheWebSocket(t *testing.T) {
	taken, release, upgraded := make(chan struct{}), make(chan struct{}), make(chan struct{})
	var l *lab
	l = newLab(t, Config{OnSession: func(s *Session) {
		s.OnMessage(func([]byte, bool) { close(taken); <-release })
		s.OnUpgrade(func(string) { close(upgraded) })
		s.OnClose(func(reason Reason, _ error) { l.closed <- string(reason) })
	}})
	sid := l.open()
	posted := make(chan struct{})
	go func() { defer close(posted); l.post(sid, "4a\x1e1") }()
	<-taken
	conn := l.dial(overWebSocket + "&sid=" + sid)
	l.write(conn, "2probe")
	assert.Equal(t, "3probe", l.read(conn))
	l.write(conn, "5")
	<-upgraded
	close(release)
	<-posted
	l.endsWith(TransportClose)
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, _, err := conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
}

// A request that its client cancels after the upgrade ends nothing.
func TestARequestGivenUpAfterTheUpgradeEndsNothing(t *testing.T) {
	for name, method := range map[string]string{"poll": "GET", "post": "POST"} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, Config{})
			sid := l.open()
			session := l.server.session(sid)
			handled := make(chan struct{})
			web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
				r *http.Request) {
				l.server.ServeHTTP(w, r)
				close(handled)
			}))
			defer web.Close()
			nc, err := net.Dial("tcp", web.Listener.Addr().String())
			require.NoError(t, err)
			fmt.Fprintf(nc,
				"%s /engine.io/?%s&sid=%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n",
				method, overPolling, sid, len(method)-3)
			require.Eventually(t, func() bool {
				session.mu.Lock()
				defer session.mu.Unlock()
				polls := session.transport.(*polling)
				return polls.poll != nil || polls.posting
			}, 10*time.Second, time.Millisecond)
			conn := l.dial(overWebSocket + "&sid=" + sid)
			l.write(conn, "2probe")
			assert.Equal(t, "3probe", l.read(conn))
			l.write(conn, "5", "4a")
			assert.Equal(t, "4a", l.read(conn))
			nc.Close()
			<-handled
			l.write(conn, "4b")
			assert.Equal(t, "4b", l.read(conn))
		})
	}
}
