//go:build exercise

package hold_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/hold"
)

type log struct {
	mu       sync.Mutex
	messages []Message
	changed  chan struct{}
	closed   chan struct{} // at the end of the check, so that nothing waits on
}

func newLog(t *testing.T) *log {
	l := &log{changed: make(chan struct{}), closed: make(chan struct{})}
	t.Cleanup(func() { close(l.closed) })
	return l
}

func (l *log) publish(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages = append(l.messages, Message{ID: int64(len(l.messages) + 1), Text: text})
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *log) Wait(ctx context.Context, after int64) []Message {
	for {
		l.mu.Lock()
		changed, news := l.changed, l.messages[min(int(after), len(l.messages)):]
		l.mu.Unlock()
		if len(news) > 0 {
			return news
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		case <-l.closed:
			return nil
		}
	}
}

// poll asks, and gives up after five minutes of the bubble's time.
func poll(l *log, ctx context.Context, wait string) (body string, status int, took time.Duration) {
	w := httptest.NewRecorder()
	start := time.Now()
	done := make(chan struct{})
	go func() {
		Poll(w, httptest.NewRequestWithContext(ctx, "GET", "/messages?after=0&wait="+wait, nil), l)
		close(done)
	}()
	select {
	case <-done:
		return strings.TrimSpace(w.Body.String()), w.Code, time.Since(start)
	case <-time.After(5 * time.Minute):
		return "", 0, time.Since(start)
	}
}

func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body, status, took := poll(newLog(t), context.Background(), "25s")
		if status == 0 {
			check.Fail(t, "The client asked to be held for 25 s, nothing came, and after five minutes it still has no answer: the wait needs an end of its own.",
				"客户端要求挂起 25 秒，什么都没来，五分钟后还没有得到回答：等待本身要有尽头。")
		}
		check.Value(t, "held for", took, 25*time.Second, "Nothing came, and the client asked to be held for 25 s.", "没有消息，而客户端要求挂起 25 秒。")
		check.Value(t, "status", status, 200, "A quiet time is no failure: the answer is 200 with an empty list, and the client asks again.",
			"安静不是故障：应答是 200 和空列表，客户端再来问就是了。")
		check.Wire(t, check.Chars, []byte(body), []byte("[]"), "Nothing new is an empty list, as in short polling.", "没有新消息就是空列表，和短轮询一样。")
	})
}

func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		go func() { time.Sleep(7 * time.Second); l.publish("hi") }()
		body, _, took := poll(l, context.Background(), "25s")
		check.Value(t, "held for", took, 7*time.Second, "A message came after 7 s: that ends the wait at once.", "7 秒后来了一条消息：等待应该立刻结束。")
		check.Wire(t, check.Chars, []byte(body), []byte(`[{"id":1,"text":"hi"}]`), "The answer is the news.", "应答就是新消息。")
	})
}

func TestTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(context.Background())
		go func() { time.Sleep(3 * time.Second); leave() }()
		_, _, took := poll(newLog(t), ctx, "25s")
		check.Value(t, "held for", took, 3*time.Second, "The client closed its tab after 3 s, and the server went on waiting for it: r.Context() tells when a client is gone.",
			"客户端 3 秒后关了标签页，服务器还在替它等：客户端走了，r.Context() 会告诉你。")
	})
}

func TestNotTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, _, took := poll(newLog(t), context.Background(), "3m")
		check.Value(t, "held for", took, time.Minute, "The client asked for three minutes. Proxies give up sooner, and then the client cannot tell quiet from broken: a minute is the most.",
			"客户端要求三分钟。代理会更早放弃，那时客户端就分不清是安静还是断了：最多一分钟。")
	})
}
