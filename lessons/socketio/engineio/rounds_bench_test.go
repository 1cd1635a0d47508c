package engineio

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// bareEcho is the server that ours is held against: gorilla/websocket alone.
func bareEcho(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.WriteMessage(websocket.TextMessage, []byte("hello"))
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, data) != nil {
			return
		}
	}
}

func echoServer() *Server {
	return NewServer(Config{OnSession: func(s *Session) {
		s.OnMessage(func(data []byte, _ bool) { s.Send(TextMessage(data)) })
	}})
}

// dialBench opens a WebSocket, and returns it when the server's first message
// has come.
func dialBench(t testing.TB, addr string) rude {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	r := rude{conn, bufio.NewReaderSize(conn, 4096)}
	r.ask("transport=websocket", upgradeHeaders)
	res, err := http.ReadResponse(r.read, nil)
	require.NoError(t, err)
	require.Equal(t, 101, res.StatusCode)
	r.skipFrame(t)
	return r
}

// skipFrame reads a frame of the server's, which is no longer than 64 KiB.
func (r rude) skipFrame(t testing.TB) {
	head := make([]byte, 2, 4)
	_, err := io.ReadFull(r.read, head)
	require.NoError(t, err)
	n := int(head[1])
	if n == 126 {
		_, err = io.ReadFull(r.read, head[2:4])
		require.NoError(t, err)
		n = int(head[:4][2])<<8 | int(head[:4][3])
	}
	_, err = r.read.Discard(n)
	require.NoError(t, err)
}

// timed runs f n times against a server, and returns the time of each.
func timed(b *testing.B, handler http.Handler, n int,
	prepare func(addr string) (f, end func())) time.Duration {
	web := httptest.NewServer(handler)
	defer web.Close()
	f, end := prepare(web.Listener.Addr().String())
	defer end()
	for range 100 {
		f()
	}
	start := time.Now()
	for range n {
		f()
	}
	return time.Since(start) / time.Duration(n)
}

// beside measures both servers in turns, so that what the machine does
// meanwhile touches both.
func beside(b *testing.B, prepare func(addr string) (f, end func())) {
	const turns, rounds = 10, 200
	for range b.N {
		var bare, ours time.Duration
		for range turns {
			bare += timed(b, http.HandlerFunc(bareEcho), rounds, prepare) / turns
			ours += timed(b, echoServer(), rounds, prepare) / turns
		}
		b.ReportMetric(float64(bare.Nanoseconds())/1000, "bare-µs")
		b.ReportMetric(float64(ours.Nanoseconds())/1000, "µs")
		b.ReportMetric(float64(ours)/float64(bare), "ratio")
	}
}

// BenchmarkEcho measures a message and its answer over WebSocket.
func BenchmarkEcho(b *testing.B) {
	beside(b, func(addr string) (f, end func()) {
		c := dialBench(b, addr)
		frame := []byte(clientFrame(0x81, "4hello"))
		return func() { c.conn.Write(frame); c.skipFrame(b) }, func() { c.conn.Close() }
	})
}

// BenchmarkConnect measures the way from nothing to a WebSocket's first message.
func BenchmarkConnect(b *testing.B) {
	beside(b, func(addr string) (f, end func()) {
		return func() { dialBench(b, addr).conn.Close() }, func() {}
	})
}

func TestABroadcastAllocatesNothingPerRecipient(t *testing.T) {
	const recipients = 100
	var sessions []*Session
	l := newLab(t, Config{OnSession: func(s *Session) { sessions = append(sessions, s) }})
	var readers sync.WaitGroup
	for range recipients {
		c := dialBench(t, l.http.Listener.Addr().String())
		defer c.conn.Close()
		readers.Go(func() { io.Copy(io.Discard, c.conn) })
	}
	message := TextMessage([]byte("hello, everyone"))
	message.Prepare()
	broadcast := func() {
		for _, s := range sessions {
			if err := s.Enqueue(message); err != nil {
				t.Error(err)
			}
		}
		for start := time.Now(); !l.server.pending.Idle() && time.Since(start) < 10*time.Second; {
			runtime.Gosched() // require.Eventually would allocate
		}
	}
	broadcast()
	most := 10.0
	if need.Race {
		most = recipients // the race detector makes a sync.Pool drop a quarter of what it gets
	}
	assert.Less(t, testing.AllocsPerRun(20, broadcast), most)
}
