//go:build exercise

package hold_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
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
	closed   chan struct{} // at the end of the check
	waiting  atomic.Int32  // calls of Wait
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
	l.waiting.Add(1)
	defer l.waiting.Add(-1)
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

// answer is the answer of one poll.
type answer struct {
	*httptest.ResponseRecorder
	ended bool // within five minutes of the bubble's time
	took  time.Duration
}

func poll(t *testing.T, l *log, ctx context.Context, wait string) answer {
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	start := time.Now()
	done := make(chan struct{})
	go func() {
		Poll(a, httptest.NewRequestWithContext(ctx, "GET", "/messages?after=0&wait="+wait, nil), l)
		close(done)
	}()
	select {
	case <-done:
		a.ended = true
	case <-time.After(5 * time.Minute):
	}
	a.took = time.Since(start)
	synctest.Wait()
	if n := l.waiting.Load(); a.ended && n > 0 {
		check.Fail(t,
			"Poll has returned after %v, and a goroutine still waits in log.Wait: each poll "+
				"leaves one behind. End its context.",
			"Poll 在 %v 后返回了，却还有一个 goroutine 在 log.Wait 里等："+
				"每个轮询都会留下一个。要结束它的 context。", a.took)
	}
	return a
}

// messages reads the body.
func (a answer) messages(t *testing.T) []Message {
	var list []Message
	body := strings.TrimSpace(a.Body.String())
	if body == "null" {
		check.Value(t, "answer", body, "[]",
			"A nil slice is sent as null, and a page that loops over "+
				"it fails: the empty list is [].",
			"nil 切片会发成 null，页面去遍历它就会出错：空列表是 []。")
	}
	if json.Unmarshal([]byte(body), &list) != nil {
		check.Value(t, "answer", body, "[]",
			"The answer must be a JSON array, even for one message.",
			"应答必须是 JSON 数组，只有一条消息也是。")
	}
	return list
}

// Step: news already / 已有新消息
func TestNewsAlready(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		l.publish("hi")
		l.publish("there")
		a := poll(t, l, context.Background(), "25s")
		check.Value(t, "held for", a.took, 0,
			"Two messages were newer than the cursor: they are the answer, at once.",
			"有两条消息比游标新：应答就是它们，立刻。")
		check.Value(t, "messages", len(a.messages(t)), 2,
			"Two messages were newer than the cursor.", "有两条消息比游标新。")
	})
}

// Step: a quiet wait / 安静的等待
func TestQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := poll(t, newLog(t), context.Background(), "25s")
		switch {
		case !a.ended:
			check.Fail(t,
				"The client asked to be held for 25 s, nothing came, and after five minutes it "+
					"still has no answer: the wait needs an end of its own.",
				"客户端要求挂起 25 秒，什么都没来，五分钟后还没有得到应答：等待本身要有尽头。")
		case a.took == Longest:
			check.Fail(t,
				"The client asked to be held for 25 s, nothing came, and it was held for a "+
					"minute: that is the most that a client gets, not the least.",
				"客户端要求挂起 25 秒，什么都没来，却挂了一分钟：一分钟是最多，不是最少。")
		}
		check.Value(t, "held for", a.took, 25*time.Second,
			"Nothing came, and the client asked to be held for 25 s.",
			"没有消息，而客户端要求挂起 25 秒。")
		check.Value(t, "status", a.Code, 200,
			"Silence is not an error: the answer is 200 with an empty "+
				"list, and the client asks again.",
			"安静不是故障：应答是 200 和空列表，客户端再来问就是了。")
		check.Value(t, "messages", len(a.messages(t)), 0, "Nothing came.", "没有消息。")
	})
}

// Step: news later / 后来的消息
func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(t)
		go func() { time.Sleep(7 * time.Second); l.publish("hi") }()
		a := poll(t, l, context.Background(), "25s")
		check.Value(t, "held for", a.took, 7*time.Second,
			"A message came after 7 s: that ends the wait at once.",
			"7 秒后来了一条消息：等待应该立刻结束。")
		check.Value(t, "status", a.Code, 200, "A message came: the answer is 200 with it.",
			"来了一条消息：应答是 200 和这条消息。")
		if list := a.messages(t); len(list) != 1 || list[0] != (Message{ID: 1, Text: "hi"}) {
			check.Value(t, "answer", strings.TrimSpace(a.Body.String()), `[{"id":1,"text":"hi"}]`,
				"A message came: the answer is the list of the new messages.",
				"来了一条消息：应答就是新消息的列表。")
		}
	})
}

// Step: the client leaves / 客户端离开
func TestTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(context.Background())
		go func() { time.Sleep(3 * time.Second); leave() }()
		a := poll(t, newLog(t), ctx, "25s")
		check.Value(t, "held for", a.took, 3*time.Second,
			"The client closed its tab after 3 s, and the server went on waiting for it: "+
				"r.Context() tells when a client is gone.",
			"客户端 3 秒后关了标签页，服务器还在替它等：客户端走了，r.Context() 会告诉你。")
	})
}

// Step: at most a minute / 最多一分钟
func TestNotTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := poll(t, newLog(t), context.Background(), "3m")
		if a.Code == 400 {
			check.Fail(t,
				"The client asked for three minutes and was refused with 400: hold "+
					"its request for a minute instead.",
				"客户端要求三分钟，被 400 拒绝了：应该把请求挂起一分钟。")
		}
		check.Value(t, "held for", a.took, time.Minute,
			"The client asked for three minutes. Proxies give up sooner, and then the client "+
				"cannot tell quiet from broken: a minute is the most.",
			"客户端要求三分钟。代理会更早放弃，那时客户端就分不清是安静还是断了：最多一分钟。")
		check.Value(t, "status", a.Code, 200,
			"A minute is over without a message: the answer is 200, as "+
				"at the end of a shorter wait.",
			"一分钟过去了，没有消息：应答是 200，和较短的等待结束时一样。")
	})
}
