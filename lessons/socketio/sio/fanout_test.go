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
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

const (
	crowd     = 1000                  // clients
	paced     = 25                    // broadcasts in a paced run
	pace      = 40 * time.Millisecond // between them
	streamed  = 320                   // broadcasts in a run with many in flight
	inFlight  = 32
	crowdAddr = "LAB_CROWD" // set in the process that plays the clients
)

// TestCrowd is no test: it is the clients' process of BenchmarkFanout. It
// prints a line when all have connected, and one for each broadcast that has
// reached all.
func TestCrowd(t *testing.T) {
	addr, size := os.Getenv(crowdAddr), 0
	if addr == "" {
		t.Skip("only as the other process of BenchmarkFanout")
	}
	addr, text, _ := strings.Cut(addr, " ")
	fmt.Sscan(text, &size)
	var bytes atomic.Int64
	var readers sync.WaitGroup
	for range crowd {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		fmt.Fprint(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		in := bufio.NewReader(conn)
		_, err = http.ReadResponse(in, nil)
		require.NoError(t, err)
		if size > 2+len(greeting) { // Socket.IO: open, CONNECT and its answer
			skipFrame(t, in)
			conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '4', '0'})
			skipFrame(t, in)
		}
		readers.Go(func() {
			buf := make([]byte, 16<<10)
			for {
				n, err := in.Read(buf)
				if err != nil {
					return
				}
				after := bytes.Add(int64(n))
				each := int64(size * crowd)
				for i := (after - int64(n)) / each; i < after/each; i++ {
					fmt.Println("delivered")
				}
			}
		})
	}
	fmt.Println("ready")
	readers.Wait()
}

func skipFrame(t *testing.T, in *bufio.Reader) {
	head := make([]byte, 2)
	_, err := io.ReadFull(in, head)
	require.NoError(t, err)
	require.Less(t, head[1], byte(127))
	n := int64(head[1])
	if n == 126 {
		io.ReadFull(in, head)
		n = int64(head[0])<<8 | int64(head[1])
	}
	_, err = io.CopyN(io.Discard, in, n)
	require.NoError(t, err)
}

const greeting = "hello, everyone: this is a message of a chat"

// hub is the bare gorilla hub that the server is held against: a goroutine each
// way for a client, and a prepared message.
type hub struct {
	mu      sync.Mutex
	clients []chan *websocket.PreparedMessage
	done    chan struct{}
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	queue := make(chan *websocket.PreparedMessage, 256)
	h.mu.Lock()
	h.clients = append(h.clients, queue)
	h.mu.Unlock()
	go func() {
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	defer conn.Close()
	for {
		select {
		case m := <-queue:
			if conn.WritePreparedMessage(m) != nil {
				return
			}
		case <-h.done:
			return
		}
	}
}

func (h *hub) emit() {
	m, _ := websocket.NewPreparedMessage(websocket.TextMessage, []byte(greeting))
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.clients) < crowd { // the last have their handshake, but not their place yet
		h.mu.Unlock()
		time.Sleep(time.Millisecond)
		h.mu.Lock()
	}
	for _, queue := range h.clients {
		queue <- m
	}
}

// BenchmarkFanout measures the CPU of the server alone, in microseconds for
// each delivery of a broadcast to 1,000 clients, beside a bare hub in the same
// run: paced at 25 broadcasts a second, and with 32 in flight.
func BenchmarkFanout(b *testing.B) {
	for range b.N {
		hubPaced, hubStreamed := fanoutOfHub(b)
		ourPaced, ourStreamed := fanoutOfServer(b)
		b.ReportMetric(hubPaced, "hub-paced-µs")
		b.ReportMetric(ourPaced, "paced-µs")
		b.ReportMetric(ourPaced/hubPaced, "paced-ratio")
		b.ReportMetric(hubStreamed, "hub-inflight-µs")
		b.ReportMetric(ourStreamed, "inflight-µs")
		b.ReportMetric(ourStreamed/hubStreamed, "inflight-ratio")
	}
}

func fanoutOfHub(b *testing.B) (float64, float64) {
	h := &hub{done: make(chan struct{})}
	server := httptest.NewServer(h)
	defer server.Close()
	defer close(h.done)
	return fanout(b, server.Listener.Addr(), 2+len(greeting), h.emit)
}

func fanoutOfServer(b *testing.B) (float64, float64) {
	server := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler)})
	web := httptest.NewServer(server)
	defer web.Close()
	defer server.Close(context.Background())
	frame := 2 + len(`42["m","`+greeting+`"]`)
	return fanout(b, web.Listener.Addr(), frame, func() { server.Emit("m", greeting) })
}

// fanout returns the microseconds of CPU for a paced delivery, and for one
// with many in flight.
func fanout(b *testing.B, addr net.Addr, frame int, emit func()) (pacedCPU, streamedCPU float64) {
	clients := exec.Command(os.Args[0], "-test.run=^TestCrowd$", "-test.v=false")
	clients.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d", crowdAddr, addr, frame))
	out, err := clients.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, clients.Start())
	defer clients.Wait()
	defer clients.Process.Kill()
	lines := bufio.NewScanner(out)
	await := func(word string) {
		require.True(b, lines.Scan())
		require.Equal(b, word, lines.Text())
	}
	await("ready")

	start := cpu()
	for range paced {
		next := time.After(pace)
		emit()
		await("delivered")
		<-next
	}
	pacedCPU = float64((cpu() - start).Microseconds()) / (paced * crowd)

	start = cpu()
	for i := range streamed {
		if i >= inFlight {
			await("delivered")
		}
		emit()
	}
	for range inFlight {
		await("delivered")
	}
	return pacedCPU, float64((cpu() - start).Microseconds()) / (streamed * crowd)
}

// cpu is what this process has used.
func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
