package lessons_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/websocket"
)

const benchClients = 1000

// carrier is one transport, as a client on a bare TCP connection sees it.
type carrier struct {
	name    string
	handler http.Handler
	feed    *feed.Feed
	clients func() int
	close   func(context.Context) error
	target  string
	headers string
	polls   bool // a request for each message
	held    bool // the request goes out before the message is there
}

func carriers() []carrier {
	short, long := longpoll.NewShort(longpoll.Config{}), longpoll.NewLong(longpoll.Config{})
	stream, events := longconn.NewStream(longconn.Config{}), longconn.NewEvents(longconn.Config{})
	chat := websocket.NewChat(websocket.Config{})
	upgrade := "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	return []carrier{
		{"short-polling", short, short.Feed, short.Clients, short.Close, "/messages?after=%d", "", true, false},
		{"long-polling", long, long.Feed, long.Clients, long.Close, "/messages?wait=60s&after=%d", "", true, true},
		{"hanging", stream, stream.Feed, stream.Clients, stream.Close, "/stream?after=%d", "", false, true},
		{"sse", events, events.Feed, events.Clients, events.Close, "/events?after=%d", "", false, true},
		{"ws-chat", chat, chat.Feed, chat.Clients, chat.Close, "/ws?after=%d", upgrade, false, true},
	}
}

func (c carrier) ask(conn net.Conn, after int64) {
	fmt.Fprintf(conn, "GET "+c.target+" HTTP/1.1\r\nHost: lab\r\n%s\r\n", after, c.headers)
}

// BenchmarkTransports has 1,000 clients on each transport and publishes to all of
// them. cpu-µs/delivery is the CPU time of the whole process, and so counts the
// bare clients' reading too; B/idle-client is heap and stacks of the server, and
// some 300 bytes of the client's socket.
func BenchmarkTransports(b *testing.B) {
	for _, c := range carriers() {
		b.Run(c.name, func(b *testing.B) { benchmark(b, c) })
	}
}

func benchmark(b *testing.B, c carrier) {
	server := httptest.NewServer(c.handler)
	before := inUse()
	conns := make([]net.Conn, benchClients)
	for i := range conns {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(b, err)
		conns[i] = conn
		if c.held {
			c.ask(conn, 0)
		}
	}
	if c.held { // short polling has nothing to wait for, and what it costs idle is an idle connection of net/http
		require.Eventually(b, func() bool { return c.clients() == benchClients }, 30*time.Second, time.Millisecond)
	}
	idle := float64(inUse()-before) / benchClients

	r := newReceivers(c, conns)
	r.everyone(b) // warm: the first message brings the headers, too
	start := cpu()
	messages := 0
	for b.Loop() {
		r.everyone(b)
		messages++
	}
	spent := cpu() - start
	b.ReportMetric(float64(spent.Microseconds())/float64(messages*benchClients), "cpu-µs/delivery")
	b.ReportMetric(idle, "B/idle-client")

	for i, conn := range conns {
		_ = conn.Close()
		close(r.turn[i])
	}
	r.wg.Wait() // first: what a closing server says is no message
	require.NoError(b, c.close(b.Context()))
	server.Close()
}

// receivers read on all connections. A message is over with its closing brace, on every transport.
type receivers struct {
	c    carrier
	wg   sync.WaitGroup
	got  sync.WaitGroup
	turn []chan struct{} // short polling: ask now
}

func newReceivers(c carrier, conns []net.Conn) *receivers {
	r := &receivers{c: c}
	for _, conn := range conns {
		turn := make(chan struct{}, 1)
		r.turn = append(r.turn, turn)
		r.wg.Go(func() { r.read(conn, turn) })
	}
	return r
}

func (r *receivers) read(conn net.Conn, turn chan struct{}) {
	br := bufio.NewReaderSize(conn, 1<<10)
	for after := int64(1); ; after++ {
		if r.c.polls && !r.c.held {
			if _, ok := <-turn; !ok {
				return
			}
			r.c.ask(conn, after-1)
		}
		if _, err := br.ReadSlice('}'); err != nil {
			return
		}
		if r.c.polls && r.c.held {
			r.c.ask(conn, after)
		}
		r.got.Done()
	}
}

// everyone publishes one message and waits until each client has it.
func (r *receivers) everyone(b *testing.B) {
	r.got.Add(len(r.turn))
	_, err := r.c.feed.Publish("ann", "hello, everybody")
	require.NoError(b, err)
	if r.c.polls && !r.c.held {
		for _, turn := range r.turn {
			turn <- struct{}{}
		}
	}
	r.got.Wait()
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
