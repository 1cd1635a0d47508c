package sio_test

import (
	"context"
	"net"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

// maxFrames bounds our functions between a connection and a handler, and back.
const maxFrames = 8

// ours lists the functions of the Socket.IO packages on the caller's stack, the outermost first.
func ours() (names []string) {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		name, module := strings.CutPrefix(frame.Function, "realtimelab/")
		if name = strings.TrimPrefix(strings.TrimPrefix(name, "lessons/socketio/"),
			"internal/"); module && !strings.Contains(name, "_test.") {
			names = append([]string{name}, names...)
		}
	}
	return names
}

// writingConn notes the stack of each write.
type writingConn struct {
	net.Conn
	wrote func([]byte)
}

func (c writingConn) Write(p []byte) (int, error) {
	c.wrote(p)
	return c.Conn.Write(p)
}

func (c writingConn) NetConn() net.Conn { return c.Conn }

// isWrapped is the function that writes to a writingConn. That of a plain connection ends in a
// system call.
func isWrapped(name string) bool { return name == "gather.(*wrapped).TryWrite" }

type writingListener struct {
	net.Listener
	wrote func([]byte)
}

func (l writingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &writingConn{conn, l.wrote}, err
}

// TestTheWayOfAMessage compares the functions of this repository that a message passes with the
// list in the lesson: at most eight each way.
func TestTheWayOfAMessage(t *testing.T) {
	var mu sync.Mutex
	written := map[string][]string{} // by the text that is written
	server := sio.NewServer(sio.Config{})
	web := httptest.NewUnstartedServer(server)
	web.Listener = writingListener{web.Listener, func(p []byte) {
		for _, text := range []string{`"hello"`, `"all"`} {
			if strings.Contains(string(p), text) {
				mu.Lock()
				written[text] = slices.DeleteFunc(ours(), isWrapped)
				mu.Unlock()
			}
		}
	}}
	web.Start()
	defer web.Close()
	defer server.Close(context.Background())
	handled := make(chan []string, 1)
	server.OnConnection(func(s *sio.Socket) {
		s.On("x", func() {
			handled <- ours()
			go func() { // not under the handler
				s.Emit("hello")
				server.Emit("all")
			}()
		})
	})
	p := join(t, "ws"+strings.TrimPrefix(web.URL, "http")+"/socket.io/?EIO=4&transport=websocket")
	p.write(`42["x"]`)
	in := <-handled
	for range 2 {
		p.read()
	}
	both := func() bool { mu.Lock(); defer mu.Unlock(); return len(written) == 2 }
	require.Eventually(t, both, time.Minute, time.Millisecond)
	for _, text := range []string{"../lesson.md", "../lesson.zh.md"} {
		lists := listedFrames(t, text)
		require.Len(t, lists, 3, text)
		assert.Equal(t, lists[0], in, "%s: from the connection's goroutine to the handler", text)
		assert.Equal(t, lists[1], written[`"hello"`], "%s: from Emit to the connection", text)
		assert.Equal(t, lists[2], written[`"all"`],
			"%s: a broadcast, from the work list to the connection", text)
	}
	for _, frames := range append([][]string{in}, written[`"hello"`], written[`"all"`]) {
		assert.LessOrEqual(t, len(frames), maxFrames)
	}
}

// listedFrames are the first words of the lines in each block of a lesson that lists frames.
func listedFrames(t *testing.T, file string) (lists [][]string) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for i, part := range strings.Split(string(text), "```") {
		if i%2 == 0 || !strings.Contains(part, "engineio.(*") {
			continue
		}
		var frames []string
		for line := range strings.Lines(strings.TrimSpace(part)) {
			frames = append(frames, strings.Fields(line)[0])
		}
		lists = append(lists, frames)
	}
	return lists
}
