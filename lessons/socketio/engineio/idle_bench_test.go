//go:build linux

package engineio

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	idlers     = 5000 // clients that are only connected
	idlersAddr = "LAB_ENGINE_IDLERS"
)

// TestIdlers runs the clients of BenchmarkIdle in a process of their own. It tests nothing.
func TestIdlers(t *testing.T) {
	addr := os.Getenv(idlersAddr)
	if addr == "" {
		t.Skip("only as the other process of BenchmarkIdle")
	}
	conns := make([]net.Conn, idlers)
	for i := range conns {
		conn, err := net.Dial("tcp", addr)
		require.NoError(t, err)
		r := rude{conn, bufio.NewReaderSize(conn, 512)}
		r.upgrade(t, "transport=websocket")
		conns[i] = conn
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(conns)
}

// resident is this process's resident memory in bytes, as Linux counts it.
func resident(b *testing.B) float64 {
	runtime.GC()
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(b, err)
	var size, pages float64
	_, err = fmt.Sscan(string(text), &size, &pages)
	require.NoError(b, err)
	return pages * float64(os.Getpagesize())
}

// idleCost returns the cost of an idle client in bytes.
func idleCost(b *testing.B, handler http.Handler) float64 {
	web := httptest.NewServer(handler)
	defer web.Close()
	before := resident(b)
	clients := exec.Command(os.Args[0], "-test.run=^TestIdlers$")
	clients.Env = append(os.Environ(), idlersAddr+"="+web.Listener.Addr().String())
	in, err := clients.StdinPipe()
	require.NoError(b, err)
	out, err := clients.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, clients.Start())
	defer clients.Wait()
	defer in.Close()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(b, err)
	require.Equal(b, "ready\n", line)
	cost := (resident(b) - before) / idlers
	return cost
}

// BenchmarkIdle measures the resident memory of the server's process for each
// client over WebSocket that does nothing, in KiB, beside a bare server's.
func BenchmarkIdle(b *testing.B) {
	for range b.N {
		server := NewServer(Config{OnSession: func(*Session) {}})
		ours := idleCost(b, server) // first: what the other leaves behind would be used again
		bare := idleCost(b, http.HandlerFunc(bareEcho))
		b.ReportMetric(bare/1024, "bare-KiB/client")
		b.ReportMetric(ours/1024, "KiB/client")
		b.ReportMetric(ours/bare, "ratio")
	}
}
