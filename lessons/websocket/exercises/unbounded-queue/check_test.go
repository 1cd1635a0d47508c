//go:build exercise

package unboundedqueue_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/unbounded-queue"
)

// bounded runs f and fails the check if it does not return.
func bounded(t *testing.T, en, zh string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { f(); close(done) }()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		check.Fail(t, en, zh)
	}
}

// fill pushes the messages 0 to n-1 and returns the first error.
func fill(t *testing.T, q *Queue, n int) (err error) {
	t.Helper()
	bounded(t, "The client reads nothing, and Push blocks: it is called for each client in turn, "+
		"so all the others wait, too.",
		"客户端什么都不读，Push 就阻塞了：它是对客户端逐个调用的，于是其他人也在等。", func() {
			for i := 0; i < n && err == nil; i++ {
				if err = q.Push(fmt.Sprint(i)); err != nil {
					err = fmt.Errorf("message %d: %w", i+1, err)
				}
			}
		})
	return err
}

func TestInOrder(t *testing.T) {
	q := NewQueue()
	if err := fill(t, q, Limit); err != nil {
		check.Fail(t, "%d messages may wait, but %v.", "可以有 %d 条消息在等，可是 %v。",
			Limit, err)
	}
	for i := range Limit {
		var m string
		var ok bool
		bounded(t, "Messages wait in the queue, and Pop does not return one.",
			"队列里有消息在等，Pop 却不返回。", func() {
				m, ok = q.Pop()
			})
		if !ok || m != fmt.Sprint(i) {
			check.Fail(t,
				"Message %d came out as %q (%v): the oldest comes first, and none is lost.",
				"第 %d 条取出来是 %q（%v）：旧的先出，一条不少。", i+1, m, ok)
		}
	}
}

func TestTheNight(t *testing.T) {
	q := NewQueue()
	if err := fill(t, q, 100*Limit); err == nil {
		if n := q.Len(); n <= Limit {
			check.Fail(t,
				"%d messages were pushed for a client that reads nothing, %d are left, and no "+
					"Push returned an error: the client's chat has a gap, and it does not know.",
				"给一个什么都不读的客户端推入了 %d 条消息，剩下 %d 条，没有一次 Push 返回错误："+
					"这个客户端的聊天缺了一段，它却不知道。", 100*Limit, n)
		}
		check.Fail(t,
			"The client has not read for 212 minutes. Everybody talked meanwhile, no Push "+
				"returned an error, and %d messages are kept for it.",
			"客户端 212 分钟没有读。这期间大家一直在说话，没有一次 Push "+
				"返回错误，替它留着的消息有 %d 条。", q.Len())
	}
}

func TestTheEnd(t *testing.T) {
	q := NewQueue()
	err := fill(t, q, Limit+1)
	if err == nil {
		check.Fail(t, "%d messages wait, and one more was taken: Limit is the most.",
			"已经有 %d 条在等，又收下了一条：最多只能有 Limit 条。", Limit)
	}
	if !errors.Is(err, ErrSlow) {
		check.Fail(t, "The error of the Push that is one too many is ErrSlow, but was: %v.",
			"多出来的那次 Push 应该返回 ErrSlow，得到的却是：%v。", err)
	}
	if n := q.Len(); n > 0 {
		check.Fail(t,
			"The queue is over and its client will be closed, but %d "+
				"messages are still kept for it.",
			"队列已经结束，客户端就要被关闭了，却还替它留着 %d 条消息。", n)
	}
	for range 2 * Limit {
		if err := q.Push("again"); !errors.Is(err, ErrSlow) {
			check.Fail(t,
				"The queue was over, and later takes messages again (error: %v): this client's "+
					"chat has a gap now, and it does not know.",
				"队列已经结束，后来又开始收消息（错误：%v）："+
					"这个客户端的聊天里现在缺了一段，它却不知道。", err)
		}
	}
	if n := q.Len(); n > 0 {
		check.Fail(t, "Push returned ErrSlow and kept the message all the same: %d of them.",
			"Push 返回了 ErrSlow，却还是把消息留下了：一共 %d 条。", n)
	}
}

func TestTheWriterEnds(t *testing.T) {
	q := NewQueue()
	_ = fill(t, q, Limit+1)
	for range 2 {
		var ok bool
		bounded(t, "The queue is over, and the writer waits in Pop forever: "+
			"its connection is never closed.",
			"队列已经结束，写的一方却永远等在 Pop 里：连接一直没有关闭。",
			func() { _, ok = q.Pop() })
		if ok {
			check.Fail(t,
				"The queue is over, and Pop still returns messages: nothing may follow the gap.",
				"队列已经结束，Pop 还在给出消息：缺口后面不能再有消息。")
		}
	}
}

// TestTheWritersWake: more writers wait than the messages before the end can wake. One processor
// keeps them from running, and from emptying the queue, before it overflows.
func TestTheWritersWake(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		const writers = 3 * Limit
		q := NewQueue()
		var ended atomic.Int64
		for range writers {
			go func() {
				for ok := true; ok; {
					_, ok = q.Pop()
				}
				ended.Add(1)
			}()
		}
		synctest.Wait()
		for q.Push("x") == nil {
		}
		synctest.Wait()
		if n := writers - ended.Load(); n > 0 {
			check.Fail(t, "The queue is over, and a writer that was waiting in Pop is never woken.",
				"队列已经结束，早就等在 Pop 里的写 goroutine 却不知道：没有人叫醒它。")
		}
	})
}

func TestMerelySlow(t *testing.T) {
	q := NewQueue()
	for i := range 10 * Limit {
		if err := q.Push("x"); err != nil {
			check.Fail(t,
				"A client that was behind by %d messages at most was dropped after %d of them: "+
					"what counts is how many wait, not how many there were.",
				"一个最多落后 %d 条的客户端，在第 %d 条之后被断开了："+
					"要数的是正在等的，而不是总共有过多少。", Limit, i)
		}
		if i >= Limit-1 {
			if _, ok := q.Pop(); !ok {
				check.Fail(t, "The queue of a client that keeps up has ended.",
					"跟得上的客户端被告知队列已经结束。")
			}
		}
	}
}
