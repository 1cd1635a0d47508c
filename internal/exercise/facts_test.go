package exercise_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	labcheck "realtimelab/internal/exercise/check"
	"realtimelab/internal/feed/feedtest"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
)

// says fails unless both texts of an exercise, hints included, contain these words.
func says(t *testing.T, name, en, zh string) {
	t.Helper()
	for _, e := range catalogue(t) {
		if e.Name != name {
			continue
		}
		english, chinese := e.Text.EN, e.Text.ZH
		for _, h := range e.Hints {
			english, chinese = english+"\n"+h.EN, chinese+"\n"+h.ZH
		}
		assert.Contains(t, strings.Join(strings.Fields(english), " "), en, name)
		assert.Contains(t, chinese, zh, name)
		return
	}
	t.Fatalf("no exercise %s", name)
}

// pair is a TCP connection over loopback: the end that http.Server would have, and the other.
func pair(t *testing.T) (server, client net.Conn) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	client, err = net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	server, err = listener.Accept()
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = client.Close()
		_ = server.Close()
	})
	return server, client
}

// TestFactOneWrite: a TCPConn writes a whole buffer before it begins the next, so one Write for
// each frame is enough.
func TestFactOneWrite(t *testing.T) {
	says(t, "concurrent-write",
		"Go's `TCPConn` writes a whole buffer before it begins the next one",
		"Go 的 `TCPConn` 会先写完整个缓冲区，再开始下一次写")
	const size, writers = 8 << 20, 4 // far more than the socket's buffer takes at once
	server, client := pair(t)
	var writing sync.WaitGroup
	for i := range writers {
		writing.Go(func() {
			_, err := server.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
			assert.NoError(t, err)
		})
	}
	buffer, seen := make([]byte, size), map[byte]bool{}
	for range writers {
		_, err := io.ReadFull(client, buffer)
		require.NoError(t, err)
		require.Equal(t, size, bytes.Count(buffer, buffer[:1]),
			"the bytes of one writer, in one piece")
		seen[buffer[0]] = true
	}
	writing.Wait()
	assert.Len(t, seen, writers)
}

// TestFactOverflow: the first attempt for which 500ms << attempt overflows.
func TestFactOverflow(t *testing.T) {
	says(t, "backoff", "from attempt 35 on the number no longer fits into 63 bits",
		"从 attempt 35 起，63 位装不下这个数")
	says(t, "backoff", "from attempt 56 on zero", "从 attempt 56 起变成零")
	shifted := func(attempt int) time.Duration { return 500 * time.Millisecond << attempt }
	assert.Equal(t, 2*shifted(33), shifted(34))
	assert.Positive(t, shifted(34))
	assert.Negative(t, shifted(35))
	assert.NotZero(t, shifted(55))
	assert.Zero(t, shifted(56))
}

// TestFactBuffer: the number of lines of 66 bytes that are sent together without a flush.
func TestFactBuffer(t *testing.T) {
	const together = 63
	says(t, "flush", fmt.Sprintf("the first message leaves the machine together with the %drd",
		together), fmt.Sprintf("第一条消息要等到第 %d 条", together))
	message := strings.Repeat("x", 65) // and the line feed
	synctest.Test(t, func(t *testing.T) {
		next := make(chan struct{})
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for range next {
				fmt.Fprintln(w, message)
			}
		})
		conn := feedtest.Pipes(t, &http.Server{Handler: handler})()
		_, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n")
		require.NoError(t, err)
		arrived := make(chan struct{})
		go func() {
			in := bufio.NewReader(conn)
			_, _ = in.ReadByte()
			close(arrived)
			_, _ = io.Copy(io.Discard, in)
		}()
		n := 0
		for waiting := true; waiting; {
			next <- struct{}{}
			n++
			synctest.Wait()
			select {
			case <-arrived:
				waiting = false
			default:
			}
			require.Less(t, n, 200)
		}
		assert.Equal(t, together, n)
		close(next)
	})
}

// TestFactWrongHeader: a browser's answer to a frame with a wrong header, and what its page sees.
func TestFactWrongHeader(t *testing.T) {
	says(t, "frame-header",
		"A browser answers a wrong header with a close frame, code 1002 (protocol error). The "+
			"page itself gets a `close` event with 1006",
		"浏览器会回一个关闭码为 1002（协议错误）的关闭帧；页面自己的 `close` 事件里看到的却是 1006")
	browser := labtest.NewBrowser(t)
	sent := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ws" {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<link rel="icon" href="data:,">`)
			return
		}
		conn, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			sent <- err
			return
		}
		defer conn.Close()
		_, _ = conn.NetConn().Write([]byte("\xf1\x05Hello")) // reserved bits are set
		_, _, err = conn.ReadMessage()
		sent <- err
	}))
	t.Cleanup(server.Close)
	tab := browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(server.URL)
	code := labtest.Eval[int](tab,
		`new Promise((resolve) => { new WebSocket(location.origin.replace("http", "ws") + "/ws").onclose = (e) => resolve(e.code); })`)
	assert.Equal(t, 1006, code)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	select {
	case err := <-sent:
		assert.True(t, websocket.IsCloseError(err, websocket.CloseProtocolError), "%v", err)
	case <-ctx.Done():
		t.Fatal("no close frame came")
	}
}

// TestHostileOutput: control characters in a report's quotes do not reach the terminal.
func TestHostileOutput(t *testing.T) {
	const evil = "a\x1b]52;c;ZXZpbA==\a\x1b[2J\u202eb\rc\x00\u009b2J"
	r := exercise.Report{Name: "cursor", Steps: 2, Output: evil + "\n" + evil,
		Problem: &exercise.Problem{Cause: exercise.Idea}}
	r.Problem.Text.EN, r.Problem.Text.ZH = evil, evil
	r.Problem.Fields = append(r.Problem.Fields, labcheck.Field{Name: "f", Yours: evil, Want: evil},
		labcheck.Field{Name: "f", Yours: evil, Want: evil, OK: true})
	r.Problem.Lines = []exercise.SourceLine{{File: evil + ".go", Line: 3, Column: 4,
		Text: "\t" + evil, Message: evil}}
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		shown := r.Render(language, exercise.Style{})
		assert.False(t, strings.ContainsAny(shown, "\x1b\a\u202e\r\x00\u009b"), "%q", shown)
	}
}
