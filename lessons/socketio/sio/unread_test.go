package sio_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

// No answer waits for a body that is not read, which may never come.
func TestNoAnswerWaitsForABodyThatIsNotRead(t *testing.T) {
	server := sio.NewServer(sio.Config{
		Client: fstest.MapFS{"socket.io.js": {Data: []byte("export {}")}}})
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close(t.Context())
	for request, status := range map[string]int{
		"POST /elsewhere":                                     404,
		"GET /socket.io/socket.io.js":                         200,
		"POST /socket.io/socket.io.js":                        200,
		"POST /socket.io/other.js":                            400,
		"POST /socket.io/?EIO=4&transport=polling&sid=nobody": 400,
	} {
		conn, err := net.Dial("tcp", web.Listener.Addr().String())
		require.NoError(t, err)
		defer conn.Close()
		fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: lab\r\nContent-Length: 100\r\n\r\n4abc", request)
		conn.SetReadDeadline(time.Now().Add(20 * time.Second)) // a session lives for 67 s
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err, request)
		assert.Equal(t, status, res.StatusCode, request)
		assert.True(t, res.Close, "Connection: close: %s", request)
	}
}
