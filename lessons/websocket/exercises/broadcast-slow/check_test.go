//go:build exercise

package broadcastslow_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/broadcast-slow"
)

const patience = 2 * time.Second

// room is how many messages a queue holds in these checks.
const room = 8

// client is a Client that notes how it was closed.
type client struct {
	Client
	mu    sync.Mutex
	codes []int
}

func join(h *Hub) *client {
	c := &client{Client: Client{Queue: make(chan string, room)}}
	c.Close = func(code int) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.codes = append(c.codes, code)
	}
	h.Join(&c.Client)
	return c
}

func (c *client) closed() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int(nil), c.codes...)
}

// broadcast fails the check if it waits.
func broadcast(t *testing.T, h *Hub, m string) {
	t.Helper()
	done := make(chan struct{})
	go func() { h.Broadcast(m); close(done) }()
	select {
	case <-done:
	case <-time.After(patience):
		check.Fail(t, "One client reads nothing, its queue is full, and Broadcast waits for it: everybody else waits, too.",
			"有一个客户端什么都不读，队列满了，Broadcast 就在等它：其他人也跟着等。")
	}
}

func TestEverybody(t *testing.T) {
	h := NewHub()
	a, b := join(h), join(h)
	broadcast(t, h, "hi")
	for i, c := range []*client{a, b} {
		select {
		case m := <-c.Queue:
			check.Value(t, "message", m, "hi", "Every client gets the message.", "每个客户端都收到这条消息。")
		case <-time.After(patience):
			check.Fail(t, "Client %d got nothing.", "第 %d 个客户端什么也没收到。", i+1)
		}
	}
}

func TestTheSlowOneIsDropped(t *testing.T) {
	h := NewHub()
	slow, quick := join(h), join(h)
	before := runtime.NumGoroutine()
	for i := range 3 * room {
		broadcast(t, h, fmt.Sprint(i))
		select {
		case m := <-quick.Queue:
			check.Value(t, "message", m, fmt.Sprint(i), "A client that keeps up gets each message, in order.", "跟得上的客户端按顺序收到每一条消息。")
		case <-time.After(patience):
			check.Fail(t, "A client that keeps up missed message %d.", "跟得上的客户端漏了第 %d 条。", i)
		}
	}
	if n := runtime.NumGoroutine(); n > before+room {
		check.Fail(t, "There are %d goroutines more than before: each waits to send one message to the client that reads nothing.",
			"多出了 %d 个 goroutine：每一个都在等着给那个不读的客户端发一条消息。", n-before)
	}
	time.Sleep(time.Millisecond) // for those who close from a goroutine of their own
	codes := slow.closed()
	if len(codes) == 0 {
		check.Fail(t, "The slow client lost messages and was not told: close it with TooSlow, then it reconnects and asks for what it missed.",
			"慢客户端丢了消息却没人告诉它：用 TooSlow 关闭它，它会重连，来要错过的消息。")
	}
	if len(codes) > 1 {
		check.Fail(t, "The slow client was closed %d times: take it out of the hub when it is dropped.", "慢客户端被关闭了 %d 次：断开它的时候，要把它从 hub 里拿掉。", len(codes))
	}
	check.Value(t, "code", codes[0], TooSlow, "The code tells the client what to do: 1013 is try again later.", "关闭码告诉客户端该怎么办：1013 是稍后再试。")
	check.Value(t, "clients", h.Len(), 1, "A client that was dropped is no client any more.", "断开的客户端就不再是客户端。")
	for i := range room {
		if m := <-slow.Queue; m != fmt.Sprint(i) {
			check.Fail(t, "The slow client's queue held %q where message %d belongs: what it got before the end has no hole.", "慢客户端的队列里，第 %[2]d 条的位置是 %[1]q：在断开之前，它收到的不能有洞。", m, i)
		}
	}
	if len(slow.Queue) > 0 {
		check.Fail(t, "A client that was dropped got another message.", "已经断开的客户端又收到了消息。")
	}
}

func TestNotUnderTheLock(t *testing.T) {
	h := NewHub()
	c := join(h)
	inHub := make(chan int, 1)
	c.Close = func(int) { inHub <- h.Len() } // what a real Close does: it asks the hub
	go func() {
		for i := range room + 1 {
			h.Broadcast(fmt.Sprint(i))
		}
	}()
	select {
	case <-inHub:
	case <-time.After(patience):
		check.Fail(t, "Close was called while the hub's lock is held, or not at all: it writes to the network, and until that is done nobody can join or speak.",
			"Close 是在持有 hub 的锁时调用的，或者根本没有调用：它要写网络，在写完之前谁也不能加入或说话。")
	}
}

func TestOrder(t *testing.T) {
	for range 50 {
		h := NewHub()
		c := join(h)
		for i := range room {
			broadcast(t, h, fmt.Sprint(i))
		}
		for i := range room {
			select {
			case m := <-c.Queue:
				check.Value(t, "message", m, fmt.Sprint(i), "The messages must come in the order in which they were broadcast.", "消息必须按广播的顺序到达。")
			case <-time.After(patience):
				check.Fail(t, "Message %d did not come.", "第 %d 条没有到。", i)
			}
		}
	}
}
