package cluster

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/redisserver"
	"realtimelab/lessons/socketio/sio"
)

// serverAs is the environment variable that makes this test binary a server.
const serverAs = "LAB_CLUSTER_SERVER"

// process is a server that emits on command.
type process struct {
	url string
	say func(line string)
}

// TestServer runs a server for the benchmarks, in a process of its own, with the Redis and the
// adapter that the environment names. It takes the same lines as cluster-server.mjs.
func TestServer(t *testing.T) {
	args := strings.Fields(os.Getenv(serverAs))
	if len(args) == 0 {
		t.Skip("only as the other process of a benchmark")
	}
	config := kinds[args[1]]
	db := redis.NewClient(&redis.Options{Network: "unix", Addr: args[0], MaxRetries: -1})
	defer db.Close()
	config.Client = db
	io, url, stop := serve(t, config)
	defer stop()
	fmt.Println(url)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		switch words := strings.Fields(lines.Text()); words[0] {
		case "emit":
			n, err := strconv.Atoi(words[1])
			require.NoError(t, err)
			every, err := time.ParseDuration(words[2])
			require.NoError(t, err)
			go emitNumbers(io, n, every)
		case "mark":
			_ = io.Emit("mark")
		}
	}
}

func emitNumbers(io *sio.Server, n int, every time.Duration) {
	start := time.Now()
	for i := range n {
		time.Sleep(time.Until(start.Add(time.Duration(i) * every)))
		_ = io.Emit("n", i, "hello, everyone: this is a message of a chat")
	}
}

// startProcess starts a server beside running ones.
func startProcess(b testing.TB, maker, kind string, r *redisserver.Server, others int) process {
	if maker == "official" {
		script, url := node.Talk(b, "cluster-server.mjs", r.Socket, kind, strconv.Itoa(others))
		return process{url, script.Say}
	}
	c := exec.Command(os.Args[0], "-test.run=^TestServer$", "-test.v=false")
	c.Env = append(os.Environ(), serverAs+"="+r.Socket+" "+kind)
	in, err := c.StdinPipe()
	require.NoError(b, err)
	out, err := c.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, c.Start())
	b.Cleanup(func() {
		_ = in.Close()
		stuck := time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() })
		_, _ = io.Copy(io.Discard, out)
		_ = c.Wait()
		stuck.Stop()
	})
	lines := bufio.NewScanner(out)
	require.True(b, lines.Scan(), "the server's process has ended")
	return process{lines.Text(), func(line string) { _, _ = fmt.Fprintln(in, line) }}
}

// listener is a client that records the numbers of the messages that it receives.
type listener struct {
	conn     *websocket.Conn
	seen     []int32      // how often each number came; read it after close
	count    atomic.Int64 // of all received messages
	distinct atomic.Int64 // numbers
	marks    atomic.Int64
	ended    chan struct{}
}

var number = regexp.MustCompile(`^42\["n",(\d+),`)

func listen(b testing.TB, url string, n int) *listener {
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+
		"/socket.io/?EIO=4&transport=websocket", nil)
	require.NoError(b, err)
	l := &listener{conn: conn, seen: make([]int32, n), ended: make(chan struct{})}
	read := func() string {
		require.NoError(b, conn.SetReadDeadline(time.Now().Add(time.Minute)))
		_, data, err := conn.ReadMessage()
		require.NoError(b, err)
		return string(data)
	}
	read()
	require.NoError(b, conn.WriteMessage(websocket.TextMessage, []byte("40")))
	require.Regexp(b, "^40", read())
	require.NoError(b, conn.SetReadDeadline(time.Time{}))
	go func() {
		defer close(l.ended)
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			l.note(data)
		}
	}()
	b.Cleanup(l.close)
	return l
}

// note counts a message.
func (l *listener) note(data []byte) {
	text := number.FindSubmatch(data)
	if text == nil {
		if bytes.HasPrefix(data, []byte(`42["mark"`)) {
			l.marks.Add(1)
		}
		return
	}
	i, _ := strconv.Atoi(string(text[1]))
	if l.seen[i]++; l.seen[i] == 1 {
		l.distinct.Add(1)
	}
	l.count.Add(1)
}

func (l *listener) close() {
	_ = l.conn.Close()
	<-l.ended
}

// scope is a part of a benchmark, at whose end its servers and clients end.
type scope struct {
	testing.TB
	cleanups []func()
}

// Cleanup calls f at the end of the scope.
func (s *scope) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *scope) end() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}

// group starts so many servers, with a client at each.
func group(b testing.TB, maker, kind string, servers, n int, args ...string) (*redisserver.Server,
	process, []*listener) {
	r := redisserver.Start(b, args...)
	var first process
	var listeners []*listener
	for i := range servers {
		p := startProcess(b, maker, kind, r, i)
		if i == 0 {
			first = p
		}
		listeners = append(listeners, listen(b, p.url, n))
	}
	return r, first, listeners
}
