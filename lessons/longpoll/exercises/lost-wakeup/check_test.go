//go:build exercise

package lostwakeup_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/lost-wakeup"
)

// log is a Log that records its calls and publishes a message right after a chosen one.
type log struct {
	mu       sync.Mutex
	messages []Message
	changed  chan struct{}

	calls  []string       // in order, with the published messages between them
	counts map[string]int // by method

	method string // publish right after call number call of this method
	call   int
}

func newLog() *log { return &log{changed: make(chan struct{}), counts: map[string]int{}} }

// slow is the number of calls after which each one takes a minute: even a loop without a pause lets
// the clock go on.
const slow = 50

func (l *log) publish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add()
}

// publishFirst publishes message 1 unless it has been.
func (l *log) publishFirst() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.method = ""
	if len(l.messages) == 0 {
		l.add()
	}
}

func (l *log) add() {
	l.messages = append(l.messages, Message{ID: int64(len(l.messages) + 1)})
	l.calls = append(l.calls, fmt.Sprintf("message %d is published", len(l.messages)))
	close(l.changed)
	l.changed = make(chan struct{})
}

// record notes a call. The caller holds the lock.
func (l *log) record(method, result string) (calls int) {
	l.counts[method]++
	l.calls = append(l.calls, method+result)
	if l.method == method && l.call == l.counts[method] {
		l.add()
	}
	return l.counts["Since"] + l.counts["Changed"]
}

func (l *log) Since(after int64) []Message {
	l.mu.Lock()
	news := append([]Message(nil), l.messages[min(int(after), len(l.messages)):]...)
	calls := l.record("Since", fmt.Sprintf("(%d) returns %d message(s)", after, len(news)))
	l.mu.Unlock()
	if calls > slow {
		time.Sleep(time.Minute)
	}
	return news
}

func (l *log) Changed() <-chan struct{} {
	l.mu.Lock()
	changed := l.changed
	calls := l.record("Changed", "() returns a channel")
	l.mu.Unlock()
	if calls > slow {
		time.Sleep(time.Minute)
	}
	return changed
}

// story returns what happened, in order.
func (l *log) story() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	if len(calls) > 10 {
		calls = append(calls[:10:10], "…")
	}
	return strings.Join(calls, "; ")
}

// busy fails if Wait has called the log too often for the few messages of this check.
func (l *log) busy(t *testing.T) {
	l.mu.Lock()
	looks := l.counts["Since"]
	calls := looks + l.counts["Changed"]
	l.mu.Unlock()
	if calls > 30 {
		check.Fail(t,
			"The log was asked %d times while at most two messages came: asking again and again "+
				"is short polling, on the server. Between two messages a poll sleeps.",
			"最多来了两条消息，日志却被问了 %d 遍：一问再问，"+
				"这是把短轮询搬到了服务器上。两条消息之间，轮询应该睡着。", calls)
	}
}

// poll is one call of Wait.
type poll struct {
	done chan struct{}
	news []Message
}

func start(ctx context.Context, l *log, after int64) *poll {
	p := &poll{done: make(chan struct{})}
	go func() {
		p.news = Wait(ctx, l, after)
		close(p.done)
	}()
	return p
}

// answered reports whether Wait has returned, or sleeps. No time passes meanwhile.
func (p *poll) answered() bool {
	synctest.Wait()
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Step: news already / 已有新消息
func TestNewsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		l := newLog()
		l.publish()
		l.publish()
		p := start(ctx, l, 0)
		if !p.answered() {
			check.Fail(t,
				"Messages 1 and 2 were in the log before the poll came, and yet the poll waits.",
				"第 1、2 条消息在轮询到来之前就在日志里了，轮询却还在等。")
		}
		if len(p.news) != 2 {
			check.Fail(t,
				"Messages 1 and 2 were in the log, and the poll was answered with %d of them: "+
					"the answer is everything newer than the cursor.",
				"日志里有第 1、2 两条消息，轮询只得到 %d 条：应答是比游标新的全部消息。",
				len(p.news))
		}
	})
}

// Step: a message at any moment / 任何时刻的消息
func TestAMessageAtAnyMoment(t *testing.T) {
	for _, method := range []string{"Since", "Changed"} {
		for call := 1; call <= 5; call++ {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				l := newLog()
				l.method, l.call = method, call
				p := start(ctx, l, 0)
				if !p.answered() { // it sleeps before that call, or for another reason
					l.publishFirst()
				}
				answered := p.answered()
				l.busy(t)
				if !answered {
					check.Fail(t,
						"Message 1 is in the log, and the poll that wants it "+
							"sleeps. The calls in order: %s.",
						"第 1 条消息已经在日志里，要它的轮询却睡着。依次发生了：%s。", l.story())
				}
				if len(p.news) == 0 {
					check.Fail(t,
						"The poll was answered without message 1, although its client was still "+
							"there. The calls in order: %s.",
						"轮询得到的应答里没有第 1 条消息，而客户端还在。依次发生了：%s。",
						l.story())
				}
			})
		}
	}
}

// Step: an old message / 旧消息
func TestAMessageThatIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		l := newLog()
		// the log has been restarted: its first message is not newer than the cursor
		p := start(ctx, l, 1)
		synctest.Wait()
		l.publish()
		answered := p.answered()
		l.busy(t)
		if answered {
			check.Fail(t,
				"The poll has cursor 1. Message 1 came, which is not newer, and the poll "+
					"returned (messages in its answer: %d): it has to go back to sleep.",
				"轮询的游标是 1。来了第 1 条消息，它不比游标新，"+
					"轮询却得到了 %d 条消息的应答：这时应该继续睡。", len(p.news))
		}
		l.publish()
		if !p.answered() || len(p.news) != 1 {
			check.Fail(t,
				"The poll has cursor 1. Message 1 came and woke it for nothing; then message 2 "+
					"came, and the poll did not bring it (messages in its "+
					"answer: %d). The calls in order: %s.",
				"轮询的游标是 1。第 1 条消息来了，白白叫醒它一次；然后第 2 条来了，"+
					"轮询没有把它带回来（应答里有 %d 条消息）。依次发生了：%s。", len(p.news),
				l.story())
		}
		l.busy(t)
	})
}

// Step: a quiet hour / 安静的一小时
func TestSleepsUntilTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(context.Background())
		l := newLog()
		p := start(ctx, l, 0)
		time.Sleep(time.Hour)
		answered := p.answered()
		l.busy(t)
		if answered {
			check.Fail(t,
				"The client waits for an hour, nothing comes, and the poll returned (messages in "+
					"its answer: %d): only ctx ends a wait without a message.",
				"客户端等了一个小时，什么都没来，轮询却带着 %d 条消息返回了："+
					"没有消息时，只有 ctx 能结束等待。", len(p.news))
		}
		leave()
		if !p.answered() {
			check.Fail(t,
				"The client has disconnected (ctx ended), and the poll still waits for news.",
				"客户端断开了（ctx 已结束），轮询还在等没有人会读的消息。")
		}
	})
}
