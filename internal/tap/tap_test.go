package tap

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pair returns the two ends of a loopback connection, the first one recorded.
func pair(t testing.TB, tap *Tap) (*Conn, net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		c, err := tap.Listener(l).Accept()
		if err == nil {
			accepted <- c
		}
	}()
	client, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	server := (<-accepted).(*Conn)
	t.Cleanup(func() { client.Close(); server.Close() })
	return server, client
}

// all reads the available events and copies their bytes.
func all(r *Reader) (events []Event) {
	batch := make([]Event, 7)
	for n := r.Read(batch); n > 0; n = r.Read(batch) {
		for _, e := range batch[:n] {
			e.Bytes = bytes.Clone(e.Bytes)
			events = append(events, e)
		}
	}
	return events
}

func kinds(events []Event) (k []string) {
	for _, e := range events {
		k = append(k, e.Kind.String()+" "+e.Dir.String()+" "+string(e.Bytes))
	}
	return k
}

func TestWhatCrossesIsRecordedInOrder(t *testing.T) {
	tap := New(Config{})
	r := tap.NewReader()
	defer r.Close()
	server, client := pair(t, tap)
	_, err := client.Write([]byte("question"))
	require.NoError(t, err)
	buf := make([]byte, 100)
	n, err := server.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "question", string(buf[:n]))
	_, err = io.Copy(server, io.LimitReader(strings.NewReader("answer, and more"), 6))
	require.NoError(t, err)
	n, err = server.Write([]byte(", and more"))
	require.NoError(t, err)
	require.Equal(t, 10, n)
	require.NoError(t, server.CloseWrite())
	got, err := io.ReadAll(client)
	require.NoError(t, err)
	assert.Equal(t, "answer, and more", string(got))
	client.Close()
	_, err = server.Read(buf)
	require.ErrorIs(t, err, io.EOF)
	assert.Equal(t, Counters{In: 8, Out: 16, Open: 1, Total: 1}, tap.Counters())
	require.Len(t, tap.Conns(), 1)
	assert.Equal(t, ConnCounters{server.Peer(), 8, 16}, tap.Conns()[0])
	require.NoError(t, server.Close())
	require.Error(t, server.Close())

	events := all(r)
	assert.Equal(t, []string{"opened in ", "data in question", "data out answer",
		"data out , and more", "ended out ", "ended in ", "closed out "}, kinds(events))
	assert.Equal(t, []int64{0, 0, 0, 6, 16, 8, 0}, offsets(events))
	assert.Equal(t, client.LocalAddr().String(), events[0].Peer.Remote.String())
	assert.Empty(t, tap.Conns())
	assert.Zero(t, tap.Counters().Open)
}

func offsets(events []Event) (all []int64) {
	for _, e := range events {
		all = append(all, e.Offset)
	}
	return all
}

// The ring always holds the end of all entries ever added.
func TestRingKeepsTheNewest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := newRing(1<<10, 16)
	var added [][]byte
	for range 5000 {
		p := make([]byte, random.IntN(700))
		for i := range p {
			p[i] = byte(random.Uint32())
		}
		kept := r.add(entry{size: len(p)}, p)
		require.Equal(t, min(len(p), 512), kept)
		added = append(added, p[:kept])
		require.LessOrEqual(t, r.next-r.first, uint64(16))
		require.LessOrEqual(t, r.head-r.tail, uint64(1<<10))
		for seq := r.first; seq < r.next; seq++ {
			require.True(t, bytes.Equal(added[seq], r.appendBytes(nil, r.at(seq))))
		}
	}
}

func TestSlowReaderLosesTheOldestAndIsTold(t *testing.T) {
	tap := New(Config{MaxEvents: 8})
	server, client := pair(t, tap)
	go io.Copy(io.Discard, client)
	r := tap.NewReader()
	defer r.Close()
	for range 20 {
		_, err := server.Write([]byte("x"))
		require.NoError(t, err)
	}
	events := all(r)
	assert.Len(t, events, 8)
	assert.EqualValues(t, 13, r.Lost())
	assert.EqualValues(t, 12, events[0].Offset)
}

func TestLazyReaderIsCalledWhenHalfIsUnread(t *testing.T) {
	tap := New(Config{MaxEvents: 16})
	r := tap.NewReader()
	defer r.Close()
	r.Lazy(true)
	server, client := pair(t, tap)
	go io.Copy(io.Discard, client)
	for range 6 {
		server.Write([]byte("x"))
	}
	assert.Empty(t, r.C)
	server.Write([]byte("x"))
	assert.Len(t, r.C, 1)
	<-r.C
	assert.Len(t, all(r), 8)
	server.Write([]byte("x"))
	assert.Empty(t, r.C)
	r.Lazy(false)
	assert.Len(t, r.C, 1)
}

func TestHugeWriteIsCountedAndCut(t *testing.T) {
	tap := New(Config{MaxBytes: 1 << 10})
	r := tap.NewReader()
	defer r.Close()
	server, client := pair(t, tap)
	go server.Write(make([]byte, 5000))
	_, err := io.ReadFull(client, make([]byte, 5000))
	require.NoError(t, err)
	events := all(r)
	assert.Equal(t, 5000, events[1].Size)
	assert.Len(t, events[1].Bytes, 512)
	assert.EqualValues(t, 5000-512, tap.Counters().Dropped)
}

func TestFailedWriteIsTakenBack(t *testing.T) {
	tap := New(Config{MaxBytes: 64 << 20})
	r := tap.NewReader()
	defer r.Close()
	server, client := pair(t, tap)
	require.NoError(t, server.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
	n, err := server.Write(make([]byte, 16<<20))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	server.Close()
	got, _ := io.Copy(io.Discard, client)
	require.EqualValues(t, n, got)
	assert.EqualValues(t, n, tap.Counters().Out)
	events := all(r)
	last := events[len(events)-3] // the server's FIN and the end come after it
	assert.Equal(t, Unsent, last.Kind)
	assert.EqualValues(t, n, last.Offset)
	assert.Equal(t, 16<<20-n, last.Size)
}

func TestCountOnly(t *testing.T) {
	tap := New(Config{CountOnly: true})
	r := tap.NewReader()
	defer r.Close()
	server, client := pair(t, tap)
	go io.Copy(io.Discard, client)
	server.Write([]byte("12"))
	server.Write([]byte("34567"))
	assert.EqualValues(t, 7, tap.Counters().Out)
	assert.Empty(t, all(r))
}

// A server behind the tap upgrades, streams and answers as one without.
func TestHTTPServer(t *testing.T) {
	tap := New(Config{})
	r := tap.NewReader()
	defer r.Close()
	var upgrader websocket.Upgrader
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter,
		req *http.Request) {
		if FromContext(req.Context()) == nil {
			http.Error(w, "no label", 500)
			return
		}
		if !websocket.IsWebSocketUpgrade(req) {
			io.Copy(w, strings.NewReader("plain"))
			return
		}
		c, err := upgrader.Upgrade(w, req, nil)
		if err != nil {
			return
		}
		defer c.Close()
		kind, p, err := c.ReadMessage()
		if err == nil {
			c.WriteMessage(kind, p)
		}
	}))
	s.Listener = tap.Listener(s.Listener)
	s.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return ConnContext(ctx, c)
	}
	s.Start()
	defer s.Close()
	res, err := s.Client().Get(s.URL)
	require.NoError(t, err)
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	assert.Equal(t, "plain", string(body))
	c, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http"), nil)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.WriteMessage(websocket.TextMessage, []byte("hello")))
	_, p, err := c.ReadMessage()
	require.NoError(t, err)
	assert.Equal(t, "hello", string(p))
	s.CloseClientConnections()
	s.Close()
	assert.Zero(t, tap.Counters().Open)
	assert.EqualValues(t, 2, tap.Counters().Total)
}

// Every byte of many writers arrives once, in order, however they are mixed.
func TestConcurrentWriters(t *testing.T) {
	tap := New(Config{MaxBytes: 16 << 20, MaxEvents: 1 << 17})
	r := tap.NewReader()
	defer r.Close()
	const conns, writes = 8, 500
	received := make([]bytes.Buffer, conns)
	var wg sync.WaitGroup
	for range conns {
		server, client := pair(t, tap)
		wg.Go(func() { io.Copy(&received[server.Peer().ID-1], client) })
		wg.Go(func() {
			for n := range writes {
				p := bytes.Repeat([]byte{byte(n)}, 1+n%50)
				server.Write(p)
			}
			server.Close()
		})
	}
	stop, seen := make(chan struct{}), make([]bytes.Buffer, conns)
	var reading sync.WaitGroup
	reading.Go(func() {
		batch := make([]Event, 64)
		for done := false; ; {
			n := r.Read(batch)
			for _, e := range batch[:n] {
				if e.Kind == Data {
					assert.EqualValues(t, seen[e.Peer.ID-1].Len(), e.Offset)
					seen[e.Peer.ID-1].Write(e.Bytes)
				}
			}
			if n > 0 {
				continue
			}
			if done {
				return
			}
			select {
			case <-r.C:
			case <-stop:
				done = true
			}
		}
	})
	wg.Wait()
	close(stop)
	reading.Wait()
	for i := range conns {
		assert.True(t, bytes.Equal(received[i].Bytes(), seen[i].Bytes()))
	}
	assert.Zero(t, r.Lost())
}

func TestNothingIsHeldAfterClose(t *testing.T) {
	tap := New(Config{MaxEvents: 64})
	gone := make(chan struct{}, 200)
	for range 200 {
		server, client := net.Pipe()
		c := tap.Conn(server)
		runtime.AddCleanup(c, func(int) { gone <- struct{}{} }, 0)
		client.Close()
		c.Close()
	}
	for range 200 {
		for len(gone) == 0 {
			runtime.GC()
			runtime.Gosched()
		}
		<-gone
	}
}

func BenchmarkWrite(b *testing.B) {
	p := bytes.Repeat([]byte("x"), 128)
	for _, tapped := range []bool{false, true} {
		name := "bare"
		if tapped {
			name = "tapped"
		}
		b.Run(name, func(b *testing.B) {
			server, client := pair(b, New(Config{}))
			go io.Copy(io.Discard, client)
			var w io.Writer = server.Conn
			if tapped {
				w = server
			}
			b.ReportAllocs()
			for b.Loop() {
				w.Write(p)
			}
		})
	}
}

// BenchmarkRecord measures the cost of the tap per write.
func BenchmarkRecord(b *testing.B) {
	c := New(Config{}).Conn(nowhere{})
	p := bytes.Repeat([]byte("x"), 128)
	b.ReportAllocs()
	for b.Loop() {
		c.Write(p)
	}
}

type nowhere struct{ net.Conn }

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) LocalAddr() net.Addr         { return nil }
func (nowhere) RemoteAddr() net.Addr        { return nil }
