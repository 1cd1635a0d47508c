package engineio

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// dirtyCloses is how many clients go without a word.
const dirtyCloses = 10_000

// rude is a client on a bare connection.
type rude struct {
	conn net.Conn
	read *bufio.Reader
}

func (l *lab) rude() rude {
	conn, err := net.Dial("tcp", l.http.Listener.Addr().String())
	require.NoError(l, err)
	conn.(*net.TCPConn).SetLinger(0) // a reset, not an orderly close
	return rude{conn, bufio.NewReader(conn)}
}

func (r rude) ask(query string, headers ...string) {
	fmt.Fprintf(r.conn, "GET /?EIO=4&%s HTTP/1.1\r\nHost: lab\r\n%s\r\n", query,
		strings.Join(headers, ""))
}

// handshake returns the sid of a new session.
func (r rude) handshake(t *testing.T) string {
	r.ask("transport=polling")
	res, err := http.ReadResponse(r.read, nil)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := bufio.NewReader(res.Body).ReadString('}')
	require.NoError(t, err)
	return body[len(`0{"sid":"`) : len(`0{"sid":"`)+22]
}

const upgradeHeaders = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
	"13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// upgrade returns when the server has switched.
func (r rude) upgrade(t *testing.T, query string) {
	r.ask(query, upgradeHeaders)
	res, err := http.ReadResponse(r.read, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
}

func (l *lab) beRude(i int) {
	c := l.rude()
	defer c.conn.Close()
	switch i % 5 {
	case 0: // a poll that is abandoned
		c.ask("transport=polling&sid=" + c.handshake(l.T))
	case 1: // a session that is never heard of again
		c.handshake(l.T)
	case 2: // a socket cut in the middle of a frame
		c.upgrade(l.T, "transport=websocket")
		c.conn.Write([]byte{0x81, 0xfe, 0x10})
	case 3: // half an upgrade; on a busy machine none, as the session has ended by now
		sid := c.handshake(l.T)
		probe := l.rude()
		defer probe.conn.Close()
		probe.ask("transport=websocket&sid="+sid, upgradeHeaders)
		_, err := http.ReadResponse(probe.read, nil)
		require.NoError(l, err)
	case 4: // a body that does not come
		fmt.Fprintf(c.conn,
			"POST /?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: lab\r\n"+
				"Content-Length: 100\r\n\r\n4abc", c.handshake(l.T))
	}
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestLeakProofAfterTenThousandDirtyCloses(t *testing.T) {
	need.Time(t)
	l := newLab(t, Config{
		PingInterval: 200 * time.Millisecond, PingTimeout: 200 * time.Millisecond,
		UpgradeTimeout: 200 * time.Millisecond,
		OnSession:      func(*Session) {},
	})
	gone := func() bool { return l.server.Len() == 0 }
	round := func(n int) {
		var workers sync.WaitGroup
		for w := range 8 {
			workers.Go(func() {
				for i := w; i < n; i += 8 {
					l.beRude(i)
				}
			})
		}
		workers.Wait()
		require.Eventually(t, gone, 30*time.Second, 10*time.Millisecond)
	}
	round(200) // what is made once is made now
	goroutines, heap := runtime.NumGoroutine(), heapInUse()
	round(dirtyCloses)
	assert.Eventually(t, func() bool {
		return runtime.NumGoroutine() <= goroutines+4
	}, 30*time.Second, 10*time.Millisecond,
		"goroutines: %d before", goroutines)
	assert.Eventually(t, func() bool {
		return heapInUse() < heap+1<<20
	}, 30*time.Second, 100*time.Millisecond,
		"heap: %d bytes before", heap)
}
