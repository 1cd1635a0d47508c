//go:build exercise

package missingflush_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/missing-flush"
)

// enough is the time after which a piece counts as held back. Only a failing program waits that
// long.
const enough = time.Second

// connect opens the stream and returns its body.
func connect(t *testing.T, handler http.Handler) *http.Response {
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
	answered := make(chan *http.Response, 1)
	go func() {
		if response, err := server.Client().Do(request); err == nil {
			answered <- response
		}
	}()
	select {
	case response := <-answered:
		t.Cleanup(func() { response.Body.Close() })
		return response
	case <-time.After(enough):
		check.Fail(t,
			"A client connects through Count, and gets neither status nor headers, although "+
				"Stream flushes them at once.",
			"客户端经过 Count 连上来，没有收到状态码，也没有收到头部，而 "+
				"Stream 一开始就 flush 了它们。")
		return nil
	}
}

// Step: messages arrive / 消息到达
func TestMessagesArrive(t *testing.T) {
	var bytes atomic.Int64
	messages := make(chan string, 1)
	body := connect(t, Count(Stream(messages), &bytes)).Body
	for _, m := range []string{"one", "two"} {
		messages <- m
		line := make([]byte, len(m)+1)
		read := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(body, line)
			read <- err
		}()
		select {
		case err := <-read:
			if err != nil {
				check.Fail(t, "Stream wrote the message %q, and the client's body ended: %v.",
					"Stream 写出了消息 %q，客户端收到的正文却结束了：%v。", m, err)
			}
			check.Value(t, "line", string(line), m+"\n",
				"The message has changed on its way through Count.", "消息经过 Count 时变了。")
		case <-time.After(enough):
			check.Fail(t, "Stream wrote the message %q and flushed it, and the client got nothing.",
				"Stream 写出了消息 %q，也 flush 了，客户端却什么都没收到。", m)
		}
	}
	switch n := bytes.Load(); n {
	case 8:
	case 0:
		check.Fail(t,
			"Two lines of four bytes have reached the client, and Count has counted none of them.",
			"两行各四个字节的消息到了客户端，Count 却一个字节都没有统计到。")
	default:
		check.Value(t, "bytes", n, 8,
			"Two lines of four bytes have reached the client: each byte is counted once.",
			"两行各四个字节的消息到了客户端：每个字节统计一次。")
	}
}

// Step: other abilities / 其他能力
func TestOtherAbilities(t *testing.T) {
	var bytes atomic.Int64
	failed := make(chan error, 1)
	connect(t, Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		failed <- errors.Join(control.SetWriteDeadline(time.Now().Add(time.Minute)),
			control.SetReadDeadline(time.Time{}), control.EnableFullDuplex())
		_ = control.Flush()
		<-r.Context().Done()
	}), &bytes))
	if err := <-failed; err != nil {
		check.Fail(t,
			"Messages arrive again, but a handler behind Count cannot set a write deadline, a "+
				"read deadline, or full duplex (%s). A method for each ability never ends: let "+
				"the counter say which writer is inside it.",
			"消息又能到了，可 Count 后面的处理函数不能设写截止时间、读截止时间，"+
				"也不能用全双工（%s）。一种能力补一个方法，永远补不完：让 "+
				"counter 说出里面是哪个 writer。", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
}

// Step: status and headers / 状态码和头部
func TestStatusAndHeadersPass(t *testing.T) {
	var bytes atomic.Int64
	response := connect(t, Count(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Room", "7")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "tea")
	}), &bytes))
	check.Value(t, "status", response.StatusCode, http.StatusTeapot,
		"The handler behind Count chose the status 418.", "Count 后面的处理函数选的状态码是 418。")
	check.Value(t, "X-Room", response.Header.Get("X-Room"), "7",
		"The handler behind Count set the header X-Room.", "Count 后面的处理函数设了头部 X-Room。")
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	check.Value(t, "body", string(body), "tea", "The handler behind Count wrote a short body.",
		"Count 后面的处理函数写了一段短的正文。")
	check.Value(t, "bytes", bytes.Load(), 3, "The body has three bytes.", "正文有三个字节。")
}
