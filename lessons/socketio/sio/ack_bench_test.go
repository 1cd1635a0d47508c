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
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

const (
	askers   = 20   // clients that ask, each one question at a time
	asked    = 1000 // questions of each
	idlers   = 5000 // clients that are only connected
	askAddr  = "LAB_ASKERS"
	idleAddr = "LAB_IDLERS"
	question = `420["q","hello"]`
	answer   = `430["hello"]`
)

// connect opens a WebSocket by hand, and a Socket.IO socket on it.
func connect(t *testing.T, addr string, socketIO bool) (net.Conn, *bufio.Reader) {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	fmt.Fprint(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: lab\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	in := bufio.NewReaderSize(conn, 512)
	_, err = http.ReadResponse(in, nil)
	require.NoError(t, err)
	if socketIO {
		skipFrame(t, in)
		conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '4', '0'})
		skipFrame(t, in)
	}
	return conn, in
}

// TestAskers is the clients' process of BenchmarkAck.
func TestAskers(t *testing.T) {
	addr, kind, _ := strings.Cut(os.Getenv(askAddr), " ")
	if addr == "" {
		t.Skip("only as the other process of BenchmarkAck")
	}
	frame := append([]byte{0x81, 0x80 | byte(len(question)), 0, 0, 0, 0}, question...)
	var all sync.WaitGroup
	start := make(chan struct{})
	for range askers {
		conn, in := connect(t, addr, kind == "sio")
		all.Go(func() {
			<-start
			for range asked {
				conn.Write(frame)
				skipFrame(t, in)
			}
		})
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	close(start)
	all.Wait()
	fmt.Println("done")
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

// echo answers as the bare hub would: read, hand over, write.
func echo(w http.ResponseWriter, r *http.Request) {
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
		queue <- []byte(answer)
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

func ackCPU(b *testing.B, handler http.Handler, kind string) float64 {
	web := httptest.NewServer(handler)
	defer web.Close()
	in, out, stop := other(b, "TestAskers", fmt.Sprintf("%s=%s %s", askAddr, web.Listener.Addr(), kind))
	defer stop()
	start := cpu()
	fmt.Fprintln(in)
	require.True(b, out.Scan())
	return float64((cpu() - start).Microseconds()) / (askers * asked)
}

// BenchmarkAck measures the CPU of the server alone, in microseconds for each
// event that is acknowledged, beside a bare echo in the same run.
func BenchmarkAck(b *testing.B) {
	for range b.N {
		bare := ackCPU(b, http.HandlerFunc(echo), "bare")
		server, stop := asks()
		ours := ackCPU(b, server, "sio")
		stop()
		b.ReportMetric(bare, "hub-µs")
		b.ReportMetric(ours, "ack-µs")
		b.ReportMetric(ours/bare, "ratio")
	}
}

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
