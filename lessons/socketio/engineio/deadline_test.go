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
)

// A client that takes no more of an answer does not hold the request, and its
// connection, longer than its session.
func TestAnAnswerThatIsNotReadEndsAfterItsSession(t *testing.T) {
	large := TextMessage(make([]byte, 32<<20)) // more than the kernel takes
	config := Config{PingInterval: 300 * time.Millisecond, PingTimeout: 300 * time.Millisecond, MaxQueue: 64 << 20}
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

func TestABodyThatDoesNotComeHoldsNoConnection(t *testing.T) {
	l := newLab(t, Config{PingInterval: 50 * time.Millisecond, PingTimeout: 50 * time.Millisecond})
	var clients sync.WaitGroup
	for _, request := range []string{
		"POST /?EIO=4&transport=polling&sid=nobody",
		"POST /?EIO=4&transport=polling",
		"GET /?EIO=4&transport=polling",
		"PUT /?EIO=4&transport=tarot",
	} {
		c := l.rude()
		defer c.conn.Close()
		fmt.Fprintf(c.conn, "%s HTTP/1.1\r\nHost: lab\r\nContent-Length: 100\r\n\r\n4abc", request)
		clients.Go(func() {
			c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			_, err := io.ReadAll(c.read)
			assert.NoError(t, err, "the server closes the connection: %s", request)
		})
	}
	clients.Wait()
}
