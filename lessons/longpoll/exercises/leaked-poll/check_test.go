//go:build exercise

package leakedpoll_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/leaked-poll"
)

// does runs f, and tells whether it ended within a minute of the bubble's time.
func does(f func()) bool {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
		return true
	case <-time.After(time.Minute):
		return false
	}
}

func TestMessagesArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		got := make(chan Message, 3)
		for range 3 {
			go func() {
				m, _ := h.Wait(context.Background())
				got <- m
			}()
		}
		synctest.Wait()
		h.Publish(Message{"hi"})
		synctest.Wait()
		if len(got) != 3 {
			check.Fail(t, "Three polls waited, a message came, and %d of them got it.", "三个轮询在等，来了一条消息，其中 %d 个收到了。", len(got))
		}
		if n := h.Waiting(); n != 0 {
			check.Fail(t, "All three polls were answered, but %d are still counted as waiting: an answered poll is over.",
				"三个轮询都得到了回答，却还有 %d 个算在等待里：回答过的轮询就结束了。", n)
		}
	})
}

func TestWhoLeavesIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		ctx, leave := context.WithCancel(context.Background())
		for range 100 {
			go h.Wait(ctx)
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		if n := h.Waiting(); n != 0 {
			check.Fail(t, "100 clients closed their tabs, and the hub still keeps %d of their polls: this is the leak.",
				"100 个客户端关了标签页，hub 里还留着其中 %d 个轮询：这就是泄漏。", n)
		}
		if !does(func() { h.Publish(Message{"hi"}) }) {
			check.Fail(t, "A message came after clients had left, and Publish waits for ever for somebody to take it.",
				"客户端走了之后来了一条消息，Publish 永远在等人来取。")
		}
	})
}

func TestLeavingAsAMessageComes(t *testing.T) {
	for range 300 { // real time: who waits for a lock does not let a bubble's clock go on
		h := NewHub()
		ctx, leave := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { h.Wait(ctx); close(ended) }()
		for h.Waiting() == 0 {
			runtime.Gosched()
		}
		leave() // the poll wakes up because of this, and takes no message any more
		published := make(chan struct{})
		go func() { h.Publish(Message{"hi"}); close(published) }()
		for _, done := range []chan struct{}{published, ended} {
			select {
			case <-done:
			case <-time.After(2 * time.Second):
				check.Fail(t, "A client left in the very moment in which a message came: Publish holds the lock and waits for the poll, the poll waits for the lock.",
					"客户端恰好在消息到来的那一刻离开：Publish 拿着锁等轮询，轮询在等锁。")
			}
		}
		if n := h.Waiting(); n != 0 {
			check.Fail(t, "A client left as a message came, and the hub still counts %d poll.", "客户端在消息到来时离开，hub 里还算着 %d 个轮询。", n)
		}
	}
}

func TestNobodyIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		ctx, leave := context.WithCancel(context.Background())
		go h.Wait(ctx)
		got := make(chan Message, 1)
		go func() {
			m, _ := h.Wait(context.Background())
			got <- m
		}()
		synctest.Wait()
		leave()
		synctest.Wait()
		h.Publish(Message{"hi"})
		synctest.Wait()
		if len(got) != 1 {
			check.Fail(t, "One client left, another stayed, and the one who stayed got nothing.", "一个客户端走了，另一个留着，留着的那个却什么也没收到。")
		}
	})
}
