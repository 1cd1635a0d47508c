package meter

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/tap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSplitterCountsHeads(t *testing.T) {
	const post = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n"
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
	for name, c := range map[string]struct {
		dir          tap.Direction
		stream       string
		count, bytes int
	}{
		"lengths":   {tap.In, post + "a\nb\n" + post + "\r\n\r\n", 2, 2 * len(post)},
		"chunks":    {tap.Out, chunked + "3\r\na\nb\r\n0\r\n\r\n" + chunked + "1\r\nx\r\n", 2, 2 * len(chunked)},
		"switching": {tap.Out, switching + "\x81\x02\n\n", 1, len(switching)},
	} {
		for step := 1; step <= len(c.stream); step++ {
			h := &heads{}
			s := splitter{heads: h, dir: c.dir}
			for at := 0; at < len(c.stream); at += step {
				s.take([]byte(c.stream[at:min(at+step, len(c.stream))]))
			}
			assert.EqualValues(t, c.count, h.count[c.dir].Load(), "%s by %d", name, step)
			assert.EqualValues(t, c.bytes, h.bytes[c.dir].Load(), "%s by %d", name, step)
		}
	}
}

// onePipe is a listener with one connection.
type onePipe struct {
	net.Listener
	conn net.Conn
}

func (l onePipe) Accept() (net.Conn, error) { return l.conn, nil }

// A write that has begun is said to be under way until its bytes are counted: the peer may have them
// before.
func TestAMeterSaysWhatItHasNotCountedYet(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	meter := New(onePipe{conn: server})
	conn, err := meter.Listener().Accept()
	require.NoError(t, err)
	defer conn.Close()
	var writing sync.WaitGroup
	writing.Go(func() { _, _ = conn.Write([]byte("hello")) })
	require.Eventually(t, func() bool { return meter.Count().Writing == 1 }, time.Minute, time.Millisecond)
	_, err = io.ReadFull(client, make([]byte, 5))
	require.NoError(t, err)
	writing.Wait()
	assert.Zero(t, meter.Count().Writing)
	assert.EqualValues(t, 5, meter.Count().Out)
}
