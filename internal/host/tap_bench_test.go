//go:build unix

package host_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
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

	"realtimelab/internal/host"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio/sio"
)

const (
	crowd     = 200 // clients
	rounds    = 300 // broadcasts to them
	pace      = 10 * time.Millisecond
	crowdAddr = "LAB_TAP_CROWD"
)

// TestTapCrowd is the clients' process of BenchmarkTap.
func TestTapCrowd(t *testing.T) {
	addr := os.Getenv(crowdAddr)
	if addr == "" {
		t.Skip("only as the other process of BenchmarkTap")
	}
	var heard atomic.Int64
	var readers sync.WaitGroup
	for range crowd {
		conn, _, err := websocket.DefaultDialer.Dial("ws://"+addr+
			"/socket.io/?EIO=4&transport=websocket", nil)
		require.NoError(t, err)
		require.NoError(t, conn.WriteMessage(websocket.TextMessage, []byte("40")))
		for range 2 { // open, CONNECT's answer
			conn.ReadMessage()
		}
		readers.Go(func() {
			for {
				if _, _, err := conn.ReadMessage(); err != nil {
					return
				}
				if heard.Add(1)%crowd == 0 {
					fmt.Println("delivered")
				}
			}
		})
	}
	fmt.Println("ready")
	readers.Wait()
}

func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// delivery returns the CPU time of this process for each delivery of a chat message by the demo, in
// microseconds.
func delivery(b *testing.B, noTap, watched bool) float64 {
	io := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler)})
	chat := demo
	chat.Start = func(lesson.Env) (*lesson.Instance, error) {
		return &lesson.Instance{Handler: io, Clients: io.Clients, Close: io.Close}, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	r, err := host.Start(host.Config{Demo: chat, Listener: l, Web: web, NoTap: noTap,
		Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer r.Close(context.Background())
	if watched {
		page, _, err := websocket.DefaultDialer.Dial("ws://"+l.Addr().String()+"/lab/xray",
			http.Header{"Origin": {"http://" + l.Addr().String()}})
		require.NoError(b, err)
		defer page.Close()
		go func() {
			for {
				if _, _, err := page.ReadMessage(); err != nil {
					return
				}
			}
		}()
	}
	clients := exec.Command(os.Args[0], "-test.run=^TestTapCrowd$")
	clients.Env = append(os.Environ(), crowdAddr+"="+l.Addr().String())
	out, err := clients.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, clients.Start())
	defer clients.Wait()
	defer clients.Process.Kill()
	lines := bufio.NewScanner(out)
	await := func(word string) {
		require.True(b, lines.Scan())
		require.Equal(b, word, strings.TrimSpace(lines.Text()))
	}
	await("ready")
	start := cpu()
	for range rounds {
		next := time.After(pace)
		io.Emit("chat message", "a message of a chat, as long as such messages are")
		await("delivered")
		<-next
	}
	return float64((cpu() - start).Microseconds()) / (rounds * crowd)
}

// BenchmarkTap measures the cost of the wire tap per delivery of a broadcast to 200 clients:
// without a viewer and with one page, beside the same demo without the tap in the same run. The
// figures are means of all rounds.
func BenchmarkTap(b *testing.B) {
	var off, on, watched float64
	for range b.N {
		off += delivery(b, true, false)
		on += delivery(b, false, false)
		watched += delivery(b, false, true)
	}
	b.ReportMetric(off/float64(b.N), "off-µs")
	b.ReportMetric(on/float64(b.N), "on-µs")
	b.ReportMetric(on/off, "on-ratio")
	b.ReportMetric(watched/off, "watched-ratio")
}
