package engineio

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/cors"
)

// A client that takes no more of an answer does not hold the request, and its
// connection, longer than its session.
func TestAnAnswerThatIsNotReadEndsAfterItsSession(t *testing.T) {
	need.Time(t)
	large := TextMessage(make([]byte, 32<<20)) // more than the kernel takes
	config := Config{PingInterval: 300 * time.Millisecond, PingTimeout: 300 * time.Millisecond,
		MaxQueue: 64 << 20}
	l, returned := newLabWatched(t, config, func(*http.Request) bool { return true })
	c := l.rude()
	defer c.conn.Close()
	sid := c.handshake(t)
	l.waitFor(returned)
	require.NoError(t, l.server.session(sid).Send(large))
	c.ask("transport=polling&sid=" + sid)
	l.endsWith(PingTimeout)
	l.waitFor(returned) // else the answer is still being written
}

// A request that is refused whatever its body holds is answered before the body has come, and its
// connection is closed. Else the answer would wait for a slow client, and the client for it.
func TestARefusalDoesNotWaitForTheBody(t *testing.T) {
	l := newLab(t, Config{MaxPayload: 50, CORS: &cors.Policy{}})
	var clients sync.WaitGroup
	for _, test := range []struct{ request, header, status string }{
		{"POST /?EIO=4&transport=polling&sid=nobody", "",
			`400 {"code":1,"message":"Session ID unknown"}`},
		{"POST /?EIO=4&transport=polling", "", `400 {"code":2,"message":"Bad handshake method"}`},
		{"PUT /?EIO=4&transport=tarot", "", `400 {"code":0,"message":"Transport unknown"}`},
		{"GET /?EIO=4&transport=polling&sid=nobody", "",
			`400 {"code":1,"message":"Session ID unknown"}`},
		{"GET /?EIO=4&transport=polling&sid=nobody", upgradeHeaders, "400 Bad request"},
		{"GET /?EIO=4&transport=websocket&sid=nobody", upgradeHeaders, "400 Session ID unknown"},
		{"OPTIONS /?EIO=4&transport=polling", "", "204 "},
		{"PUT /?EIO=4&transport=polling&sid=" + l.open(), "", "500 "},
		{"POST /?EIO=4&transport=polling&sid=" + l.open(), "", "413 "},
		{"POST /?EIO=4&transport=polling&sid=" + l.open(),
			"Content-Type: application/octet-stream\r\n", "400 "},
		{"POST /?EIO=4&transport=websocket&sid=" + l.open(), "",
			`400 {"code":3,"message":"Bad request"}`},
	} {
		c := l.rude()
		defer c.conn.Close()
		fmt.Fprintf(c.conn, "%s HTTP/1.1\r\nHost: lab\r\n%sContent-Length: 100\r\n\r\n4abc",
			test.request, test.header)
		clients.Go(func() {
			c.conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // a session lives for 67 s
			res, err := http.ReadResponse(c.read, nil)
			if !assert.NoError(t, err, test.request) {
				return
			}
			text, err := io.ReadAll(res.Body)
			assert.NoError(t, err, test.request)
			assert.Equal(t, test.status, fmt.Sprintf("%d %s", res.StatusCode, text), test.request)
			assert.True(t, res.Close, "Connection: close: %s", test.request)
			_, err = c.read.ReadByte()
			assert.ErrorIs(t, err, io.EOF, "the server closes the connection: %s", test.request)
		})
	}
	clients.Wait()
}
