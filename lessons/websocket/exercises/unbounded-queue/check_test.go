//go:build exercise

package unboundedqueue_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/unbounded-queue"
)

// fill pushes n messages and returns the first error.
func fill(q *Queue, n int) error {
	for i := range n {
		if err := q.Push(fmt.Sprint(i)); err != nil {
			return fmt.Errorf("message %d: %w", i+1, err)
		}
	}
	return nil
}

func TestInOrder(t *testing.T) {
	q := NewQueue()
	if err := fill(q, Limit); err != nil {
		check.Fail(t, "%d messages may wait, but %v.", "可以有 %d 条消息在等，可是 %v。", Limit, err)
	}
	for i := range Limit {
		m, ok := q.Pop()
		if !ok || m != fmt.Sprint(i) {
			check.Fail(t, "Message %d came out as %q (%v): the oldest comes first, and none is lost.", "第 %d 条取出来是 %q（%v）：旧的先出，一条不少。", i+1, m, ok)
		}
	}
}

func TestTheEnd(t *testing.T) {
	q := NewQueue()
	if err := fill(q, Limit+1); !errors.Is(err, ErrSlow) {
		check.Fail(t, "%d messages wait for a client that reads nothing, and one more was taken (error: %v): without a limit one sleeping phone fills the memory.",
			"一个什么都不读的客户端已经积压了 %d 条，又收下了一条（错误：%v）：没有上限，一部睡着的手机就能塞满内存。", Limit, err)
	}
	if n := q.Len(); n > 0 {
		check.Fail(t, "The client is too slow and will be closed, but %d messages are still kept for it.", "客户端太慢，就要被关闭了，却还替它留着 %d 条消息。", n)
	}
	if err := q.Push("again"); !errors.Is(err, ErrSlow) {
		check.Fail(t, "The queue overflowed, and later takes messages again (error: %v): this client's chat has a hole now, and nobody tells it.",
			"队列溢出过，后来又开始收消息（错误：%v）：这个客户端的聊天里现在有了一个洞，却没人告诉它。", err)
	}
}

// pops runs Pop, and tells whether it came back.
func pops(q *Queue) (ok, back bool) {
	result := make(chan bool, 1)
	go func() {
		_, ok := q.Pop()
		result <- ok
	}()
	select {
	case ok := <-result:
		return ok, true
	case <-time.After(2 * time.Second):
		return false, false
	}
}

func TestTheWriterEnds(t *testing.T) {
	q := NewQueue()
	_ = fill(q, Limit+1)
	ok, back := pops(q)
	if !back {
		check.Fail(t, "The queue is over, and the writer waits in Pop for ever: its connection is never closed.", "队列已经完了，写的一方却永远等在 Pop 里：连接一直没有关闭。")
	}
	if ok {
		check.Fail(t, "The queue is over, and Pop still hands out messages: after a hole no message may follow.", "队列已经完了，Pop 还在给出消息：洞的后面不能再有消息。")
	}
}

func TestMerelySlow(t *testing.T) {
	q := NewQueue()
	for i := range 10 * Limit {
		if err := q.Push("x"); err != nil {
			check.Fail(t, "A client that was behind by %d messages at most was dropped after %d of them: what counts is how many wait, not how many there were.",
				"一个最多落后 %d 条的客户端，在第 %d 条之后被断开了：要数的是正在等的，而不是总共有过多少。", Limit/2, i)
		}
		if i >= Limit/2 {
			if _, ok := q.Pop(); !ok {
				check.Fail(t, "A client that keeps up was told that its queue is over.", "跟得上的客户端被告知队列已经完了。")
			}
		}
	}
}
