//go:build unix

package sio_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

const (
	asked      = 4000 // questions, one after the other
	connected  = 1000 // connections, one after the other
	idlers     = 5000 // clients that are only connected
	roundsAddr = "LAB_ROUNDS"
	idleAddr   = "LAB_IDLERS"
	question   = `420["q","hello"]`
	answer     = `430["hello"]`
)

// handshake opens a WebSocket by hand.
func handshake(t *testing.T, addr, query string) (net.Conn, *bufio.Reader) {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	fmt.Fprint(conn, "GET /socket.io/?EIO=4&transport=websocket"+query+" HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReaderSize(conn, 512)
	_, err = http.ReadResponse(in, nil)
	require.NoError(t, err)
	return conn, in
}

// connect opens a WebSocket, and a Socket.IO socket on it.
func connect(t *testing.T, addr string, socketIO bool) (net.Conn, *bufio.Reader) {
	conn, in := handshake(t, addr, "")
	if socketIO {
		skipFrame(t, in)
		conn.Write(masked("40"))
		skipFrame(t, in)
	}
	return conn, in
}

// rounds are what the clients' process of the benchmarks does again and again:
// prepare returns one round.
var rounds = map[string]struct {
	times   int
	prepare func(t *testing.T, addr string) func()
}{
	"ack of the hub": {asked, func(t *testing.T, addr string) func() { return askOver(t, addr, false) }},
	"ack":            {asked, func(t *testing.T, addr string) func() { return askOver(t, addr, true) }},
	"ack over polling": {asked, func(t *testing.T, addr string) func() {
		p := poll(t, addr)
		return func() { p.post(question); p.get() }
	}},
	"connect to the hub": {connected, func(t *testing.T, addr string) func() {
		return func() { conn, _ := connect(t, addr, false); conn.Close() }
	}},
	"connect": {connected, func(t *testing.T, addr string) func() {
		return func() { conn, _ := connect(t, addr, true); conn.Close() }
	}},
	"connect and upgrade": {connected, func(t *testing.T, addr string) func() {
		return func() { poll(t, addr).upgrade() }
	}},
}

func askOver(t *testing.T, addr string, socketIO bool) func() {
	conn, in := connect(t, addr, socketIO)
	frame := masked(question)
	return func() {
		conn.Write(frame)
		skipFrame(t, in)
	}
}

// masked is a text frame of a client, under a mask of zeros.
func masked(text string) []byte {
	return append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
}

// poller is a client of the polling transport on one connection that is kept alive.
type poller struct {
	*testing.T
	addr, sid string
	conn      net.Conn
	in        *bufio.Reader
}

func poll(t *testing.T, addr string) *poller {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	p := &poller{T: t, addr: addr, conn: conn, in: bufio.NewReader(conn)}
	open := p.get()
	p.sid = regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(open)[1]
	p.post("40")
	p.get()
	return p
}

func (p *poller) url() string {
	url := "/socket.io/?EIO=4&transport=polling"
	if p.sid != "" {
		url += "&sid=" + p.sid
	}
	return url
}

func (p *poller) get() string {
	fmt.Fprintf(p.conn, "GET %s HTTP/1.1\r\nHost: lab\r\n\r\n", p.url())
	return p.answer()
}

func (p *poller) post(packet string) {
	fmt.Fprintf(p.conn, "POST %s HTTP/1.1\r\nHost: lab\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", p.url(), len(packet), packet)
	p.answer()
}

func (p *poller) answer() string {
	response, err := http.ReadResponse(p.in, nil)
	require.NoError(p, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(p, err)
	require.Equal(p, 200, response.StatusCode, "%s", body)
	return string(body)
}

// upgrade goes over to a WebSocket, asks over it, and closes.
func (p *poller) upgrade() {
	conn, in := handshake(p.T, p.addr, "&sid="+p.sid)
	conn.Write(masked("2probe"))
	skipFrame(p.T, in)
	conn.Write(masked("5"))
	conn.Write(masked(question))
	skipFrame(p.T, in)
	conn.Close()
	p.conn.Close()
}

// TestRounds is the clients' process: it does one kind of round, and prints the
// microseconds that each took.
func TestRounds(t *testing.T) {
	addr, kind, _ := strings.Cut(os.Getenv(roundsAddr), " ")
	if addr == "" {
		t.Skip("only as the other process of a benchmark")
	}
	round := rounds[kind].prepare(t, addr)
	round()
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	start := time.Now()
	for range rounds[kind].times {
		round()
	}
	fmt.Println(float64(time.Since(start).Nanoseconds()) / 1000 / float64(rounds[kind].times))
}

// TestIdlers is the clients' process of BenchmarkIdle.
func TestIdlers(t *testing.T) {
	addr, kind, _ := strings.Cut(os.Getenv(idleAddr), " ")
	if addr == "" {
		t.Skip("only as the other process of BenchmarkIdle")
	}
	conns := make([]net.Conn, idlers)
	for i := range conns {
		conns[i], _ = connect(t, addr, kind == "sio")
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(conns)
}

// bareHub answers each client as a hub does that is built of goroutines: one
// reads, the hub's own decides, one writes.
type bareHub struct{ questions chan chan []byte }

func startHub(b *testing.B) http.Handler {
	h := bareHub{make(chan chan []byte)}
	done := make(chan struct{})
	b.Cleanup(func() { close(done) })
	go func() {
		for {
			select {
			case client := <-h.questions:
				client <- []byte(answer)
			case <-done:
				return
			}
		}
	}()
	return h
}

func (h bareHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	queue := make(chan []byte, 256)
	defer close(queue)
	go func() {
		for m := range queue {
			conn.WriteMessage(websocket.TextMessage, m)
		}
	}()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			return
		}
		h.questions <- queue
	}
}

func asks() (http.Handler, func()) {
	server := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler)})
	server.OnConnection(func(s *sio.Socket) {
		s.On("q", func(text string, ack sio.Ack) { ack(text) })
	})
	return server, func() { server.Close(context.Background()) }
}

// other starts this binary as the clients' process and waits until it is ready.
func other(b *testing.B, test, env string) (in io.WriteCloser, out *bufio.Scanner, stop func()) {
	c := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	c.Env = append(os.Environ(), env)
	in, err := c.StdinPipe()
	require.NoError(b, err)
	pipe, err := c.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, c.Start())
	out = bufio.NewScanner(pipe)
	require.True(b, out.Scan())
	require.Equal(b, "ready", out.Text())
	return in, out, func() { c.Process.Kill(); c.Wait() }
}

// measure lets the clients' process do its rounds, and returns the
// microseconds of each: as the client sees it, and of this process's CPU.
func measure(b *testing.B, handler http.Handler, kind string) (wall, used float64) {
	web := httptest.NewServer(handler)
	defer web.Close()
	in, out, stop := other(b, "TestRounds", fmt.Sprintf("%s=%s %s", roundsAddr, web.Listener.Addr(), kind))
	defer stop()
	start := cpu()
	fmt.Fprintln(in)
	require.True(b, out.Scan())
	_, err := fmt.Sscan(out.Text(), &wall)
	require.NoError(b, err, out.Text())
	return wall, float64((cpu() - start).Microseconds()) / float64(rounds[kind].times)
}

// against measures a kind of round beside the hub's in the same run, in turn, and
// reports the medians.
func against(b *testing.B, kind, hubs string) {
	all := map[string][]float64{}
	note := func(unit string, v float64) { all[unit] = append(all[unit], v) }
	for range b.N {
		hubWall, hubCPU := measure(b, startHub(b), hubs)
		server, stop := asks()
		wall, used := measure(b, server, kind)
		stop()
		note("hub-µs", hubWall)
		note("µs", wall)
		note("ratio", wall/hubWall)
		note("hub-cpu-µs", hubCPU)
		note("cpu-µs", used)
	}
	for unit, values := range all {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], unit)
	}
}

// BenchmarkAck measures an event and its acknowledgement over WebSocket, in
// microseconds of the clock for the client, and of the CPU for the server.
func BenchmarkAck(b *testing.B) { against(b, "ack", "ack of the hub") }

// BenchmarkConnect measures the way from nothing to a socket that has joined,
// over WebSocket.
func BenchmarkConnect(b *testing.B) { against(b, "connect", "connect to the hub") }

// BenchmarkConnectAndUpgrade measures the same way through polling, with the
// upgrade and an acknowledged event after it.
func BenchmarkConnectAndUpgrade(b *testing.B) {
	against(b, "connect and upgrade", "connect to the hub")
}

// BenchmarkAckOverPolling measures an event posted and the poll that answers it.
func BenchmarkAckOverPolling(b *testing.B) { against(b, "ack over polling", "ack of the hub") }

// resident is the process's resident memory in KiB, as Linux counts it.
func resident(b *testing.B) float64 {
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc here")
	}
	var size, pages float64
	fmt.Sscan(string(text), &size, &pages)
	return pages * float64(os.Getpagesize()) / 1024
}

// BenchmarkIdle measures the resident memory of the server's process for each
// connected client that does nothing, in KiB.
func BenchmarkIdle(b *testing.B) {
	for range b.N {
		server, stop := asks()
		web := httptest.NewServer(server)
		before := resident(b)
		_, _, kill := other(b, "TestIdlers", fmt.Sprintf("%s=%s sio", idleAddr, web.Listener.Addr()))
		b.ReportMetric((resident(b)-before)/idlers, "KiB/client")
		kill()
		stop()
		web.Close()
	}
}
