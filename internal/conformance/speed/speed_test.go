//go:build unix

// Package speed measures our Socket.IO server beside three others in the same run: a bare
// gorilla/websocket hub, canned answers (the same requests and frames, answered with fixed bytes by
// net/http and gorilla/websocket alone), and the official server from npm. Clients are a process of
// their own. Each figure is the median of the runs.
//
//	go test -run '^$' -bench . -benchtime 5x ./internal/conformance/speed
//	go test -run '^$' -bench . -benchtime 5x ./internal/conformance/speed -figures FILE
package speed

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/conformance/node"
	"realtimelab/lessons/socketio/sio"
)

// The servers, as the figures name them.
const (
	hubs      = "hub"
	canneds   = "canned"
	ours      = "ours"
	officials = "official"
)

// A server is a measured server.
type server struct {
	addr     string
	cpu      func() time.Duration // used by its process so far
	resident func() float64       // memory of its process in KiB, after a garbage collection
	emit     func()               // starts a broadcast to everyone
	frame    int                  // bytes of that broadcast's frame
	rooms    func(n int) (join, leave time.Duration)
	stop     func()
}

const message = "hello, everyone: this is a message of a chat"

// here is a server in this process.
func here(handler http.Handler) server {
	web := httptest.NewServer(handler)
	return server{
		addr: web.Listener.Addr().String(),
		cpu:  cpu,
		resident: func() float64 {
			runtime.GC()
			debug.FreeOSMemory()
			return resident()
		},
		frame: 2 + len(message),
		stop:  web.Close,
	}
}

func startOurs() server {
	io := sio.NewServer(sio.Config{Log: slog.New(slog.DiscardHandler)})
	var socket *sio.Socket
	io.OnConnection(func(s *sio.Socket) {
		socket = s
		s.On("q", func(text string, ack sio.Ack) { ack(text) })
	})
	s := here(io)
	s.frame = 2 + len(`42["m","`+message+`"]`)
	s.emit = func() { _ = io.Emit("m", message) }
	s.rooms = func(n int) (join, leave time.Duration) {
		start := time.Now()
		for i := range n {
			socket.Join("room " + strconv.Itoa(i))
		}
		joined := time.Now()
		for i := n - 1; i >= 0; i-- {
			socket.Leave("room " + strconv.Itoa(i))
		}
		return joined.Sub(start), time.Since(joined)
	}
	closeHTTP := s.stop
	s.stop = func() { _ = io.Close(context.Background()); closeHTTP() }
	return s
}

func startOfficial(b *testing.B) server {
	script, addr := node.Talk(b, "speed-server.mjs")
	number := func(line string) (f float64) {
		f, err := strconv.ParseFloat(script.Ask(line), 64)
		require.NoError(b, err)
		return f
	}
	return server{
		addr:     addr,
		cpu:      func() time.Duration { return time.Duration(number("cpu") * 1000) },
		resident: func() float64 { return number("memory") },
		frame:    2 + len(`42["m","`+message+`"]`),
		emit:     func() { script.Say("emit " + message) },
		rooms: func(n int) (join, leave time.Duration) {
			var j, l float64
			_, err := fmt.Sscan(script.Ask("rooms "+strconv.Itoa(n)), &j, &l)
			require.NoError(b, err)
			return time.Duration(j * 1000), time.Duration(l * 1000)
		},
		stop: script.Stop,
	}
}

// cpu returns the CPU time of this process.
func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// resident is the process's resident memory in KiB, as Linux counts it.
func resident() float64 {
	text, _ := os.ReadFile("/proc/self/statm")
	var size, pages float64
	_, _ = fmt.Sscan(string(text), &size, &pages)
	return pages * float64(os.Getpagesize()) / 1024
}

const clientsEnv = "LAB_SPEED_CLIENTS"

// TestClients runs the clients of the benchmarks in a process of their own. It tests nothing. The
// environment names their part and the address of the server.
func TestClients(t *testing.T) {
	args := strings.Fields(os.Getenv(clientsEnv))
	if len(args) == 0 {
		t.Skip("only as the other process of a benchmark")
	}
	parts := map[string]func(t *testing.T, addr string, args []string){
		"rounds": playRounds, "crowd": playCrowd, "idlers": playIdlers,
	}
	parts[args[0]](t, args[1], args[2:])
}

// clients starts this program as the clients' process, and waits until it is ready. Its lines are
// read from out; it ends when in is closed, or with stop.
func clients(b *testing.B, part, addr string, args ...string) (in io.WriteCloser,
	out *bufio.Scanner, stop func()) {
	c := exec.Command(os.Args[0], "-test.run=^TestClients$", "-test.v=false")
	c.Env = append(os.Environ(), clientsEnv+"="+
		strings.Join(append([]string{part, addr}, args...), " "))
	in, err := c.StdinPipe()
	require.NoError(b, err)
	pipe, err := c.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, c.Start())
	out = bufio.NewScanner(pipe)
	require.True(b, out.Scan(), "the clients' process has ended")
	require.Equal(b, "ready", out.Text())
	return in, out, func() { _ = in.Close(); _ = c.Process.Kill(); _ = c.Wait() }
}

// ready reports that the clients have connected, and waits for the signal to go on.
func ready() {
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

var figuresFile = flag.String("figures", "", "file that the figures are written to, as JSON")

// figures holds the contents of the figures' file.
type figures struct {
	Machine compare.Machine `json:"machine"`
	Rows    map[string]row  `json:"rows"`
}

// A row holds the results of a benchmark, in the given unit. A server without the feature has no
// entry.
type row struct {
	Unit     string  `json:"unit"`
	Hub      float64 `json:"hub,omitempty"`
	Canned   float64 `json:"canned,omitempty"`
	Ours     float64 `json:"ours"`
	Official float64 `json:"official,omitempty"`
	Runs     int     `json:"runs"`
}

// results gathers the runs of a benchmark.
type results map[string]map[string][]float64 // by row and server

func (r results) add(name, server string, value float64) {
	if r[name] == nil {
		r[name] = map[string][]float64{}
	}
	r[name][server] = append(r[name][server], value)
}

// report shows the medians, and writes them to the figures' file if there is one.
func (r results) report(b *testing.B, unit string) {
	all := figures{compare.ThisMachine(), map[string]row{}}
	if *figuresFile != "" {
		if data, err := os.ReadFile(*figuresFile); err == nil { // from an earlier benchmark
			require.NoError(b, json.Unmarshal(data, &all))
		}
	}
	for name, servers := range r {
		median := func(server string) float64 {
			values := slices.Sorted(slices.Values(servers[server]))
			if len(values) == 0 {
				return 0
			}
			return values[len(values)/2]
		}
		w := row{unit, median(hubs), median(canneds), median(ours), median(officials),
			len(servers[ours])}
		all.Rows[name] = w
		slug := strings.ReplaceAll(name, " ", "-")
		for server, v := range map[string]float64{hubs: w.Hub, canneds: w.Canned,
			officials: w.Official} {
			if v > 0 {
				b.ReportMetric(w.Ours/v, slug+":of-"+server)
			}
		}
		b.ReportMetric(w.Ours, slug+":"+unit)
	}
	if *figuresFile != "" {
		data, err := json.MarshalIndent(all, "", "  ")
		require.NoError(b, err)
		file, err := filepath.Abs(*figuresFile)
		require.NoError(b, err)
		require.NoError(b, os.WriteFile(file, append(data, '\n'), 0o644))
	}
}

// dial opens a connection to a server in a benchmark.
func dial(t *testing.T, addr string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	return conn
}
