//go:build exercise

package flush_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/flush"
)

// enough is the time after which a piece counts as held back. Only a failing program waits that
// long.
const enough = time.Second

// stream is a client of Stream.
type stream struct {
	messages chan string
	ended    chan struct{} // closed when the handler has returned
	leave    func()
	pieces   chan string // the body, as it arrives
}

// open connects, and fails the check if no headers arrive.
func open(t *testing.T) *stream {
	s := &stream{messages: make(chan string), ended: make(chan struct{}),
		pieces: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(s.ended)
		Stream(w, r, s.messages)
	}))
	ctx, cancel := context.WithCancel(context.Background())
	s.leave = cancel
	t.Cleanup(func() {
		cancel()
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
		check.Value(t, "status", response.StatusCode, 200, "A stream begins with the status 200.",
			"流以状态码 200 开始。")
		go s.read(response)
	case <-time.After(enough):
		check.Fail(t,
			"No message has come yet, and the client does not even have the status: the headers "+
				"wait in the buffer for the first message.",
			"还没有消息，客户端却连状态码都没收到：头部躺在缓冲区里，等着第一条消息。")
	}
	return s
}

func (s *stream) read(response *http.Response) {
	defer response.Body.Close()
	defer close(s.pieces)
	piece := make([]byte, 4096)
	for {
		n, err := response.Body.Read(piece)
		if n > 0 {
			s.pieces <- string(piece[:n])
		}
		if err != nil {
			return
		}
	}
}

func (s *stream) publish(t *testing.T, message string) {
	select {
	case s.messages <- message:
	case <-s.ended:
		check.Fail(t,
			"The client is still there, and the handler has returned: "+
				"nothing takes the message %q.",
			"客户端还在，处理函数却返回了：没有什么来取消息 %q。", message)
	case <-time.After(enough):
		check.Fail(t, "The handler does not take the message %q: it waits for something else.",
			"处理函数没有来取消息 %q：它在等别的东西。", message)
	}
}

// wants reads until the message and its line end have arrived.
func (s *stream) wants(t *testing.T, message string) {
	want, got := message+"\n", ""
	timeout := time.After(enough)
	for len(got) < len(want) && strings.HasPrefix(want, got) {
		select {
		case piece, more := <-s.pieces:
			if !more {
				check.Fail(t,
					"The message %q was published, and the stream ended: the handler must go on "+
						"until its client leaves.",
					"发布了消息 %q，流却结束了：客户端没走，处理函数就要继续。", message)
			}
			got += piece
		case <-timeout:
			switch got {
			case "":
				check.Fail(t,
					"The message %q was published, and nothing arrived: it waits in the server's "+
						"buffer for more to come.",
					"消息 %q 发布了，却什么都没到：它躺在服务器的缓冲区里，等着凑够更多。", message)
			case message:
				check.Fail(t,
					"The message %q arrived without a line end: the client "+
						"cannot know that it is complete.",
					"消息 %q 到了，却没有换行：客户端不知道它是否完整。", message)
			}
			check.Fail(t, "The message %q was published, and only %q arrived.",
				"消息 %q 发布了，只到了 %q。", message, got)
		}
	}
	check.Wire(t, check.Chars, []byte(got), []byte(want),
		"Each message is one line, as it was published.", "每条消息占一行，和发布时一样。")
}

// Step: connected / 连上了
func TestConnectedAtOnce(t *testing.T) { open(t) }

// Step: each message at once / 每条消息立刻到
func TestEachMessageAtOnce(t *testing.T) {
	s := open(t)
	for _, message := range []string{"one", "two", "你好", "100%d sure"} {
		s.publish(t, message)
		s.wants(t, message)
	}
}

// Step: the client leaves / 客户端离开
func TestEndsWithItsClient(t *testing.T) {
	s := open(t)
	s.leave() // before any message, so that only the end of the client can end the handler
	select {
	case <-s.ended:
	case <-time.After(2 * enough):
		check.Fail(t,
			"The client has disconnected, and the handler still waits for messages: in a quiet "+
				"room it would wait forever. r.Context() ends with the client.",
			"客户端断开了，处理函数还在等消息：房间要是一直安静，"+
				"它就永远等下去。r.Context() 会随客户端一起结束。")
	}
	// so that yielding lets the other goroutine go on
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for range 1000 {
		select {
		case s.messages <- "late":
			check.Fail(t,
				"The handler has returned, and a goroutine that it started still takes messages: "+
					"they are lost, and each client leaves such a goroutine behind.",
				"处理函数返回了，它启动的 goroutine 却还在取消息：这些消息就丢了，"+
					"每个客户端都会留下这样一个 goroutine。")
		default:
			runtime.Gosched()
		}
	}
}
