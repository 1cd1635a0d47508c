package socketio

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

// abortable serves a Socket.IO server with withAborts, and tells the reason of each disconnect.
func abortable(t *testing.T) (url string, gone chan sio.Reason) {
	gone = make(chan sio.Reason, 1)
	server := sio.NewServer(sio.Config{})
	server.OnConnection(func(s *sio.Socket) {
		s.OnDisconnect(func(reason sio.Reason) { gone <- reason })
	})
	front := httptest.NewServer(withAborts(server))
	t.Cleanup(func() {
		assert.NoError(t, server.Close(context.Background())) // t.Context() has ended
		front.Close()
	})
	return front.URL, gone
}

func abort(t *testing.T, url string) string {
	res, err := http.Post(url+"/cut?client=me", "", nil)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}

func reasonOf(t *testing.T, gone chan sio.Reason) sio.Reason {
	select {
	case reason := <-gone:
		return reason
	case <-time.After(20 * time.Second):
		require.Fail(t, "the socket is still connected")
		return ""
	}
}

// TestAbortWebSocket: the client sees a reset, without a close frame, and the server a broken
// connection.
func TestAbortWebSocket(t *testing.T) {
	url, gone := abortable(t)
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+
		"/socket.io/?EIO=4&transport=websocket&client=me", nil)
	require.NoError(t, err)
	defer ws.Close()
	require.NoError(t, ws.WriteMessage(websocket.TextMessage, []byte("40")))
	for _, prefix := range []string{"0{", "40{"} {
		_, data, err := ws.ReadMessage()
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(data), prefix), "%s", data)
	}
	assert.Equal(t, "{\"cut\":1}\n", abort(t, url))
	_, _, err = ws.ReadMessage()
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Contains(t, []sio.Reason{sio.TransportError, sio.TransportClose}, reasonOf(t, gone))
	assert.Equal(t, "{\"cut\":0}\n", abort(t, url), "a connection that has ended is forgotten")
}

// TestAbortPolling: the held request is reset without an answer, and the session is over.
func TestAbortPolling(t *testing.T) {
	url, gone := abortable(t)
	session := url + "/socket.io/?EIO=4&transport=polling&client=me"
	ask := func(method, body string) (string, error) {
		req, err := http.NewRequest(method, session, strings.NewReader(body))
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return "", err
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		return string(data), err
	}
	handshake, err := ask("GET", "")
	require.NoError(t, err)
	_, rest, _ := strings.Cut(handshake, `"sid":"`)
	sid, _, _ := strings.Cut(rest, `"`)
	session += "&sid=" + sid
	_, err = ask("POST", "40")
	require.NoError(t, err)
	joined, err := ask("GET", "")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(joined, "40{"), joined)

	host := strings.TrimPrefix(url, "http://")
	held, err := net.Dial("tcp", host)
	require.NoError(t, err)
	defer held.Close()
	_, err = io.WriteString(held, "GET "+strings.TrimPrefix(session, url)+" HTTP/1.1\r\nHost: "+
		host+"\r\n\r\n")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return abort(t, url) == "{\"cut\":1}\n"
	}, 20*time.Second, 5*time.Millisecond)
	got, err := io.ReadAll(held)
	assert.Empty(t, got)
	require.ErrorIs(t, err, syscall.ECONNRESET)
	assert.Equal(t, sio.TransportError, reasonOf(t, gone))
	answer, err := ask("GET", "")
	require.NoError(t, err)
	assert.Contains(t, answer, "Session ID unknown")
}

// TestAbortIsRefusedToForeignPages: a page of another origin may not abort, and nor may a client
// without a name.
func TestAbortIsRefusedToForeignPages(t *testing.T) {
	url, _ := abortable(t)
	for target, header := range map[string]http.Header{
		"/cut?client=me": {"Sec-Fetch-Site": {"cross-site"}}, "/cut": {}} {
		req, err := http.NewRequest("POST", url+target, nil)
		require.NoError(t, err)
		req.Header = header
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Contains(t, []int{400, 403}, res.StatusCode)
	}
}
