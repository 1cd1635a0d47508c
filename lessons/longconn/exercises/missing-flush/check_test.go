//go:build exercise

package missingflush_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/missing-flush"
)

const patience = time.Second

// connect opens the stream; lines come as they arrive.
func connect(t *testing.T, handler http.Handler) <-chan string {
	server := httptest.NewServer(handler)
	ctx, leave := context.WithCancel(context.Background())
	t.Cleanup(func() {
		leave()
		server.CloseClientConnections()
	})
	request, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 10)
	connected := make(chan struct{})
	go func() {
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return
		}
		defer response.Body.Close()
		close(connected)
		for scanner := bufio.NewScanner(response.Body); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	select {
	case <-connected:
	case <-time.After(patience):
		check.Fail(t, "The stream flushes its headers, but through Count they do not arrive: the flush never reaches the real ResponseWriter.",
			"流已经 flush 了头部，可经过 Count 就到不了：flush 根本没有到达真正的 ResponseWriter。")
	}
	return lines
}

func TestMessagesFlowThroughTheCounter(t *testing.T) {
	var bytes atomic.Int64
	messages := make(chan string, 1)
	lines := connect(t, Count(Stream(messages), &bytes))
	for _, m := range []string{"one", "two"} {
		messages <- m
		select {
		case line := <-lines:
			check.Value(t, "line", line, m, "The message changed on its way through Count.", "消息经过 Count 时变了。")
		case <-time.After(patience):
			check.Fail(t, "Message %q was written and flushed, but through Count it does not arrive.", "消息 %q 写了也 flush 了，可经过 Count 就到不了。", m)
		}
	}
	check.Value(t, "bytes", bytes.Load(), 8, "Two lines of four bytes went through: the middleware must still see each byte.",
		"过去了两行，每行四个字节：中间件仍然要看到每一个字节。")
}

func TestDeadlinesWorkToo(t *testing.T) {
	var bytes atomic.Int64
	failed := make(chan error, 1)
	connect(t, Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		failed <- control.SetWriteDeadline(time.Now().Add(time.Minute))
		_ = control.Flush()
		<-r.Context().Done()
	}), &bytes))
	if err := <-failed; err != nil {
		check.Fail(t, "Flush works again, but a write deadline does not (%v): a method for each ability never ends. Let the wrapper say what is inside, with Unwrap.",
			"Flush 又能用了，写截止时间却不行（%v）：一种能力补一个方法，永远补不完。用 Unwrap 让包装层说出里面是什么。", err)
	}
}
