//go:build exercise

package lostwakeup_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/lost-wakeup"
)

// log is a Log in which a message can come at a chosen moment.
type log struct {
	mu       sync.Mutex
	messages []Message
	changed  chan struct{}

	afterSince, afterChanged func() // called once, when that method has returned what it saw
}

func newLog() *log { return &log{changed: make(chan struct{})} }

func (l *log) publish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages = append(l.messages, Message{ID: int64(len(l.messages) + 1)})
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *log) Since(after int64) []Message {
	l.mu.Lock()
	news := append([]Message(nil), l.messages[min(int(after), len(l.messages)):]...)
	then := l.afterSince
	l.afterSince = nil
	l.mu.Unlock()
	if then != nil {
		then()
	}
	return news
}

func (l *log) Changed() <-chan struct{} {
	l.mu.Lock()
	changed := l.changed
	then := l.afterChanged
	l.afterChanged = nil
	l.mu.Unlock()
	if then != nil {
		then()
	}
	return changed
}

// wait runs Wait for at most ten seconds of the bubble's time.
func wait(l Log, after int64) ([]Message, time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	start := time.Now()
	news := Wait(ctx, l, after)
	return news, time.Since(start)
}

func TestNewsIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		l.publish()
		if news, took := wait(l, 0); len(news) != 1 || took > 0 {
			check.Fail(t, "Message 1 was in the log before the poll came, and yet the poll waited: look before you sleep.",
				"第 1 条消息在轮询到来之前就在日志里了，轮询却还在等：睡之前先看一眼。")
		}
	})
}

func TestBetweenLookingAndWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, moment := range []string{"Since", "Changed"} {
			l := newLog()
			if moment == "Since" {
				l.afterSince = l.publish
			} else {
				l.afterChanged = l.publish
			}
			if news, _ := wait(l, 0); len(news) != 1 {
				check.Fail(t, "Message 1 came right after %s had returned, and the poll slept through it: this is the lost wakeup.",
					"第 1 条消息恰好在 %s 返回之后到达，而轮询睡过去了：这就是丢失的唤醒。", moment)
			}
		}
	})
}

func TestSleepsInBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog()
		looks := 0
		var again func()
		again = func() {
			l.mu.Lock()
			looks++
			l.afterSince = again
			l.mu.Unlock()
		}
		l.afterSince = again
		go func() {
			time.Sleep(3 * time.Second)
			l.publish()
		}()
		news, took := wait(l, 0)
		if looks > 3 {
			check.Fail(t, "The log was looked at %d times for one message: looking again and again is short polling, on the server.",
				"为了一条消息把日志看了 %d 遍：一看再看，这是把短轮询搬到了服务器上。", looks)
		}
		if len(news) != 1 || took != 3*time.Second {
			check.Fail(t, "A message came after 3 s, but the poll was answered after %v: wake up at the message, not by the clock.",
				"消息在 3 秒后到达，轮询却在 %v 后才得到回答：应该被消息叫醒，而不是靠时钟。", took)
		}
	})
}

func TestTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, leave := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { Wait(ctx, newLog(), 0); close(done) }()
		synctest.Wait()
		leave()
		synctest.Wait()
		select {
		case <-done:
		default:
			check.Fail(t, "The client went away (ctx ended), and the poll still waits for news that nobody will read.",
				"客户端走了（ctx 已结束），轮询还在等没有人会读的消息。")
		}
	})
}
