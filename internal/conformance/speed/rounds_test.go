//go:build unix

package speed

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

const (
	asked     = 4000 // questions, one after the other
	connected = 1000 // connections, one after the other
	idlers    = 5000 // clients that are only connected
	question  = `420["q","hello"]`
	answer    = `430["hello"]`
)

// handshake opens a WebSocket by hand.
func handshake(t *testing.T, addr, query string) (net.Conn, *bufio.Reader) {
	conn := dial(t, addr)
	fmt.Fprint(conn, "GET /socket.io/?EIO=4&transport=websocket"+query+
		" HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReaderSize(conn, 512)
	skipHead(t, in, "101")
	return conn, in
}

// skipHead reads the head of an answer, which has that status, and returns the length of its body.
// With net/http, the client's own work would be measured too.
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

// rounds holds the loops of the benchmarks' client process: prepare returns one round.
var rounds = map[string]struct {
	times   int
	prepare func(t *testing.T, addr string) func()
}{
	"ack of the hub": {asked, func(t *testing.T, addr string) func() {
		return askOver(t, addr, false)
	}},
	"ack": {asked, func(t *testing.T, addr string) func() {
		return askOver(t, addr, true)
	}},
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
	conn := dial(t, addr)
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

// upgrade switches to a WebSocket, asks over it, and closes.
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

// playRounds does one kind of round, and prints the microseconds that each took.
func playRounds(t *testing.T, addr string, args []string) {
	kind := rounds[strings.Join(args, " ")]
	round := kind.prepare(t, addr)
	round()
	ready()
	start := time.Now()
	for range kind.times {
		round()
	}
	fmt.Println(float64(time.Since(start).Nanoseconds()) / 1000 / float64(kind.times))
}

// playIdlers connects clients that do nothing.
func playIdlers(t *testing.T, addr string, args []string) {
	conns := make([]net.Conn, idlers)
	for i := range conns {
		conns[i], _ = connect(t, addr, true)
	}
	ready()
	runtime.KeepAlive(conns)
}

// bareHub answers each client like a hub with goroutines: one reads, the hub's own decides, one
// writes.
type bareHub struct{ questions chan chan []byte }

func startHub(b *testing.B) server {
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
	return here(h)
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

// canned gives fixed answers without any state per client. It measures what net/http and
// gorilla/websocket alone take for the round trips of the protocol.
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

// measure lets the clients' process do its rounds, and returns the microseconds of each: as seen by
// the client, and of the CPU of the server's process.
func measure(b *testing.B, s server, kind string) (wall, used float64) {
	in, out, stop := clients(b, "rounds", s.addr, kind)
	defer stop()
	start := s.cpu()
	fmt.Fprintln(in)
	require.True(b, out.Scan())
	_, err := fmt.Sscan(out.Text(), &wall)
	require.NoError(b, err, out.Text())
	return wall, float64((s.cpu() - start).Nanoseconds()) / 1000 / float64(rounds[kind].times)
}

// against measures a kind of round with each server in turn. The hub knows one kind for many.
func against(b *testing.B, kind, ofHub string) {
	all := results{}
	for range b.N {
		for _, candidate := range []struct {
			name  string
			kind  string
			start func() server
		}{
			{hubs, ofHub, func() server { return startHub(b) }},
			{canneds, kind, func() server { return here(http.HandlerFunc(canned)) }},
			{ours, kind, startOurs},
			{officials, kind, func() server { return startOfficial(b) }},
		} {
			s := candidate.start()
			wall, used := measure(b, s, candidate.kind)
			s.stop()
			all.add(kind+" wall", candidate.name, wall)
			all.add(kind+" CPU", candidate.name, used)
		}
	}
	all.report(b, "µs")
}

// BenchmarkAck measures an event and its acknowledgement over WebSocket: the round trip that the
// client sees, and the server's CPU.
func BenchmarkAck(b *testing.B) { against(b, "ack", "ack of the hub") }

// BenchmarkConnect measures the time from the first byte to a joined socket, over WebSocket.
func BenchmarkConnect(b *testing.B) { against(b, "connect", "connect to the hub") }

// BenchmarkUpgrade measures the same through polling, followed by the upgrade and an acknowledged
// event. The hub only connects.
func BenchmarkUpgrade(b *testing.B) { against(b, "connect and upgrade", "connect to the hub") }

// BenchmarkAckOverPolling measures an event posted and the poll that answers it. The hub answers
// over WebSocket.
func BenchmarkAckOverPolling(b *testing.B) { against(b, "ack over polling", "ack of the hub") }

// BenchmarkIdle measures the resident memory of the server's process for each connected client that
// does nothing, in KiB, after a garbage collection.
func BenchmarkIdle(b *testing.B) {
	if resident() == 0 {
		b.Skip("no /proc here")
	}
	all := results{}
	for range b.N {
		for name, start := range map[string]func() server{
			ours:      startOurs,
			officials: func() server { return startOfficial(b) },
		} {
			s := start()
			before := s.resident()
			_, _, stop := clients(b, "idlers", s.addr)
			all.add("idle client", name, (s.resident()-before)/idlers)
			stop()
			s.stop()
		}
	}
	all.report(b, "KiB")
}
