//go:build exercise

package flush_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/flush"
)

// patience is how long a piece may take over loopback before it counts as held back.
const patience = time.Second

// stream is a client of Stream.
type stream struct {
	messages chan string
	ended    chan struct{} // when the handler has
	leave    func()
	lines    chan string
}

// open connects, and fails the check if no headers come.
func open(t *testing.T) *stream {
	s := &stream{messages: make(chan string), ended: make(chan struct{}), lines: make(chan string, 10)}
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(s.ended)
		Stream(w, r, s.messages)
	}))
	t.Cleanup(func() {
		close(over)
		s.leave()
		server.CloseClientConnections()
	})
	ctx, cancel := context.WithCancel(context.Background())
	s.leave = cancel
	request, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan *http.Response, 1)
	go func() {
		if response, err := http.DefaultClient.Do(request); err == nil {
			answered <- response
		}
	}()
	select {
	case response := <-answered:
		go func() {
			defer response.Body.Close()
			for lines := bufio.NewScanner(response.Body); lines.Scan(); {
				s.lines <- lines.Text()
			}
		}()
	case <-time.After(patience):
		check.Fail(t, "No message has come yet, and the client does not even have the status: the headers wait in the buffer for the first message.",
			"还没有消息，客户端却连状态都没收到：头部躺在缓冲区里，等着第一条消息。")
	}
	return s
}

func (s *stream) publish(t *testing.T, message string) {
	select {
	case s.messages <- message:
	case <-time.After(patience):
		check.Fail(t, "Nobody took the message %q: the handler has ended, or waits for something else.", "没有人来取消息 %q：处理函数结束了，或者在等别的东西。", message)
	}
}

func TestConnectedAtOnce(t *testing.T) { open(t) }

func TestEachMessageAtOnce(t *testing.T) {
	s := open(t)
	for _, message := range []string{"one", "two", "你好"} {
		s.publish(t, message)
		select {
		case line := <-s.lines:
			check.Wire(t, check.Chars, []byte(line), []byte(message), "Each message is one line.", "每条消息占一行。")
		case <-time.After(patience):
			check.Fail(t, "The message %q was written, but it did not arrive: it waits in the server's buffer for more to come.",
				"消息 %q 写了，却没有到：它躺在服务器的缓冲区里，等着凑够更多。", message)
		}
	}
}

func TestEndsWithItsClient(t *testing.T) {
	s := open(t)
	s.publish(t, "one")
	s.leave()
	select {
	case <-s.ended:
	case <-time.After(2 * patience):
		check.Fail(t, "The client went away, and the handler still waits for messages: in a quiet room it would wait for ever. r.Context() ends with the client.",
			"客户端走了，处理函数还在等消息：房间要是一直安静，它就永远等下去。r.Context() 会随客户端一起结束。")
	}
}
