package socketio

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/cors"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// Too large a message is refused with a reason on the wire; the lesson quotes both.
func TestTooLargeAMessageIsAnsweredByACode(t *testing.T) {
	_, url := serve(t, sio.Config{Engine: engineio.Config{MaxPayload: 1000}})
	k := dial(t, url)
	k.hear(1)
	require.NoError(t, k.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("4"), 1001)))
	_, _, err := k.ReadMessage()
	var closed *websocket.CloseError
	require.True(t, errors.As(err, &closed), "%v", err)
	assert.Equal(t, 1009, closed.Code)

	polling := strings.Replace(strings.Replace(url, "ws", "http", 1), "websocket", "polling", 1)
	res, err := http.Get(polling)
	require.NoError(t, err)
	var handshake [200]byte
	n, _ := res.Body.Read(handshake[:])
	res.Body.Close()
	_, sid, _ := strings.Cut(string(handshake[:n]), `"sid":"`)
	sid, _, _ = strings.Cut(sid, `"`)
	res, err = http.Post(polling+"&sid="+sid, "text/plain",
		strings.NewReader(strings.Repeat("4", 1001)))
	require.NoError(t, err)
	res.Body.Close()
	assert.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
	http.DefaultClient.CloseIdleConnections()
	isInTheLesson(t, "1009")
	isInTheLesson(t, "413")
}

// A server that does not check origins accepts a WebSocket from any page, and CORS changes nothing
// about that.
func TestCORSDoesNotGuardWebSockets(t *testing.T) {
	for name, config := range map[string]sio.Config{
		"the default": {},
		"CORS for one origin": {Engine: engineio.Config{
			CORS: &cors.Policy{Origins: []string{"https://example.com"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := serve(t, config)
			ws, res, err := websocket.DefaultDialer.Dial(url,
				http.Header{"Origin": {"http://evil.example"}})
			require.NoError(t, err)
			ws.Close()
			assert.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
		})
	}
}

// The lesson states the size of the browser client.
func TestSizeOfTheBrowserClient(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "web", "client", "dist", "socket.io.min.js"))
	require.NoError(t, err)
	var small bytes.Buffer
	z, _ := gzip.NewWriterLevel(&small, gzip.BestCompression)
	_, _ = z.Write(data)
	_ = z.Close()
	kb := func(n int) int { return (n + 500) / 1000 }
	isInTheLesson(t, fmt.Sprintf("%d KB", kb(len(data))))
	isInTheLesson(t, fmt.Sprintf("%d KB", kb(small.Len())))
}
