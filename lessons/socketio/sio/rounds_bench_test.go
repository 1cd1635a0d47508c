//go:build unix

package sio_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
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
	skipHead(t, in, "101")
	return conn, in
}

// skipHead reads the head of an answer, which has that status, and returns the
// length of its body. A client that read it with net/http would be measured too.
func skipHead(t *testing.T, in *bufio.Reader, status string) (length int) {
	line, err := in.ReadSlice('\n')
	require.NoError(t, err)
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 "+status)) {
		t.Fatalf("answered %q", line)
	}
	for len(line) > len("\r\n") {
		line, err = in.ReadSlice('\n')
		require.NoError(t, err)
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, err = strconv.Atoi(string(bytes.TrimSpace(value)))
			require.NoError(t, err)
		}
	}
	return length
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
		asking := p.request("POST", question)
		return func() { p.post(asking); p.get() }
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
	poll      []byte // the request
}

func poll(t *testing.T, addr string) *poller {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	p := &poller{T: t, addr: addr, conn: conn, in: bufio.NewReader(conn)}
	p.poll = p.request("GET", "")
	_, after, _ := strings.Cut(p.get(), `"sid":"`)
	p.sid, _, _ = strings.Cut(after, `"`)
	p.poll = p.request("GET", "")
	p.post(p.request("POST", "40"))
	p.get()
	return p
}

func (p *poller) request(method, body string) []byte {
	url := "/socket.io/?EIO=4&transport=polling"
	if p.sid != "" {
		url += "&sid=" + p.sid
	}
	head := method + " " + url + " HTTP/1.1\r\nHost: lab\r\n"
	if body != "" {
		head += "Content-Type: text/plain\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n"
	}
	return []byte(head + "\r\n" + body)
}

func (p *poller) get() string { return p.ask(p.poll) }

func (p *poller) post(request []byte) { p.ask(request) }

func (p *poller) ask(request []byte) string {
	p.conn.Write(request)
	body := make([]byte, skipHead(p.T, p.in, "200"))
	_, err := io.ReadFull(p.in, body)
	require.NoError(p, err)
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

// canned gives the answers that the rounds wait for, and knows no client: what net/http
// and gorilla/websocket alone take for the round trips of the protocol.
func canned(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	switch {
	case query.Get("transport") == "websocket":
		cannedWebSocket(w, r, query.Has("sid"))
	case r.Method == http.MethodPost:
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "ok")
	case query.Has("sid"):
		io.WriteString(w, answer)
	default:
		io.WriteString(w, cannedOpen)
	}
}

const cannedOpen = `0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`

func cannedWebSocket(w http.ResponseWriter, r *http.Request, probe bool) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	if !probe {
		conn.WriteMessage(websocket.TextMessage, []byte(cannedOpen))
	}
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if string(data) != "5" { // the upgrade, which has no answer
			conn.WriteMessage(websocket.TextMessage, []byte(answer))
		}
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

// against measures a kind of round beside the hub's and that of canned answers in the
// same run, in turn, and reports the medians.
func against(b *testing.B, kind, hubs string) {
	all := map[string][]float64{}
	note := func(unit string, v float64) { all[unit] = append(all[unit], v) }
	for range b.N {
		hubWall, hubCPU := measure(b, startHub(b), hubs)
		bareWall, bareCPU := measure(b, http.HandlerFunc(canned), kind)
		server, stop := asks()
		wall, used := measure(b, server, kind)
		stop()
		note("hub-µs", hubWall)
		note("canned-µs", bareWall)
		note("µs", wall)
		note("ratio", wall/hubWall)
		note("canned-ratio", wall/bareWall)
		note("hub-cpu-µs", hubCPU)
		note("canned-cpu-µs", bareCPU)
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
// connected client that does nothing, in KiB: at once, and when what connecting has
// left behind is given back, as Go does with time.
func BenchmarkIdle(b *testing.B) {
	for range b.N {
		server, stop := asks()
		web := httptest.NewServer(server)
		before := resident(b)
		_, _, kill := other(b, "TestIdlers", fmt.Sprintf("%s=%s sio", idleAddr, web.Listener.Addr()))
		b.ReportMetric((resident(b)-before)/idlers, "KiB/client")
		debug.FreeOSMemory()
		b.ReportMetric((resident(b)-before)/idlers, "settled-KiB/client")
		kill()
		stop()
		web.Close()
	}
}
