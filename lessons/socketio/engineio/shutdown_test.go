package engineio

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shutDown begins a shutdown, and returns its result when new handshakes are refused.
func (l *lab) shutDown(ctx context.Context) <-chan error {
	result := make(chan error, 1)
	go func() { result <- l.server.Shutdown(ctx) }()
	require.Eventually(l, func() bool {
		status, _ := l.do("POST", overPolling, "")
		return status == 503
	}, time.Minute, time.Millisecond)
	return result
}

func TestShutdownDeliversWhatIsQueued(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	l.server.session(sid).Send(TextMessage([]byte("bye")))
	conn := l.dial(overWebSocket)
	l.read(conn)
	result := l.shutDown(t.Context())
	res, body := l.ask("GET", overPolling, "")
	assert.Equal(t, `503 1 {"code":3,"message":"Server closed"}`,
		fmt.Sprint(res.StatusCode, " ", res.Header.Get("Retry-After"), " ", body))
	res, _ = l.shake(overWebSocket)
	assert.Equal(t, 503, res.StatusCode)

	_, _, err := conn.ReadMessage()
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
	conn.Close()
	l.endsWith(ServerClose)
	assert.Equal(t, 1, l.server.Len(), "one that polls, and has not fetched everything")
	_, body = l.get(sid)
	assert.Equal(t, "4bye", body)
	_, body = l.get(sid)
	assert.Equal(t, "6\x1e1", body)
	l.endsWith(ServerClose)
	assert.NoError(t, <-result)
	assert.NoError(t, l.server.Shutdown(t.Context()), "again")
}

func TestShutdownTellsAPollThatWaits(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	body := make(chan string, 1)
	go func() { _, text := l.get(sid); body <- text }()
	l.waitForPoll(sid)
	assert.NoError(t, <-l.shutDown(t.Context()))
	assert.Equal(t, "1", <-body)
	l.endsWith(ServerClose)
}

// A poll that has found its session before the session's end, and comes to it after that.
func TestAPollBehindTheEndOfItsSession(t *testing.T) {
	l := newLab(t, Config{})
	session := l.server.session(l.open())
	session.end(ServerClose, nil)
	w := httptest.NewRecorder()
	session.servePolling(w, httptest.NewRequest("GET",
		"/engine.io/?"+overPolling+"&sid="+session.ID(), nil))
	assert.Equal(t, `400 {"code":1,"message":"Session ID unknown"}`,
		fmt.Sprint(w.Code, " ", w.Body))
}

// A client that does not fetch what waits for it: the context ends the shutdown, or its silence
// does.
func TestShutdownOfAClientThatIsGone(t *testing.T) {
	l := newLab(t, Config{})
	l.server.session(l.open()).Send(TextMessage([]byte("bye")))
	ctx, cancel := context.WithCancel(t.Context())
	result := l.shutDown(ctx)
	cancel()
	assert.ErrorIs(t, <-result, context.Canceled)
	l.endsWith(ServerClose)

	l = newLab(t, Config{PingInterval: 50 * time.Millisecond, PingTimeout: 50 * time.Millisecond})
	l.open()
	assert.NoError(t, <-l.shutDown(t.Context()))
	assert.Contains(t, []string{string(ServerClose), string(PingTimeout)}, <-l.closed)
}

// A client that connects while the server closes gets the notice of the end before Close returns.
// After Close the program may cut the connections.
func TestCloseWaitsForASessionThatBegins(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	l := newLab(t, Config{OnSession: func(*Session) { close(entered); <-leave }})
	conn := make(chan *websocket.Conn, 1)
	go func() { defer close(conn); conn <- l.dial(overWebSocket) }()
	l.waitFor(entered)
	result := make(chan error, 1)
	go func() { result <- l.server.Close(t.Context()) }()
	require.Eventually(t, func() bool {
		status, _ := l.do("POST", overPolling, "")
		return status == 503
	}, time.Minute, time.Millisecond)
	select {
	case <-result:
		close(leave)
		require.Fail(t, "Close has returned")
	case <-time.After(50 * time.Millisecond): // a server that does not wait has returned by then
	}
	close(leave)
	c := <-conn
	require.NotNil(t, c, "connected")
	defer c.Close()
	_, _, err := c.ReadMessage()
	if err == nil { // the open packet
		_, _, err = c.ReadMessage()
	}
	assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
	c.Close()
	assert.NoError(t, <-result)
}
