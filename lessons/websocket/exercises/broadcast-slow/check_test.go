//go:build exercise

package broadcastslow_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/broadcast-slow"
)

// room is how many messages a queue holds in these checks.
const room = 8

// client is a Client that notes how it was closed. Its notes are read after synctest.Wait.
type client struct {
	Client
	codes chan int
}

func join(h *Hub) *client {
	c := &client{Client: Client{Queue: make(chan string, room)}, codes: make(chan int, 1000)}
	c.Close = func(code int) { c.codes <- code }
	h.Join(&c.Client)
	return c
}

// broadcast broadcasts, and fails the check if that blocks. Afterwards, whatever it has started has
// ended or waits.
func broadcast(t *testing.T, h *Hub, m string) {
	t.Helper()
	done := make(chan struct{})
	go func() { h.Broadcast(m); close(done) }()
	synctest.Wait()
	select {
	case <-done:
	default:
		check.Fail(t,
			"One client reads nothing, its queue is full, and Broadcast waits "+
				"for it: everybody else waits, too.",
			"有一个客户端什么都不读，队列满了，Broadcast 就在等它：其他人也跟着等。")
	}
}

// queued takes what is in a client's queue.
func (c *client) queued() (all []string) {
	for len(c.Queue) > 0 {
		all = append(all, <-c.Queue)
	}
	return all
}

func numbers(n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprint(i))
	}
	return all
}

func TestEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		a, b := join(h), join(h)
		broadcast(t, h, "hi")
		for i, c := range []*client{a, b} {
			check.Value(t, fmt.Sprintf("client %d", i+1), fmt.Sprint(c.queued()), "[hi]",
				"Two clients, one message: each gets it once.",
				"两个客户端，一条消息：各收到一次。")
		}
	})
}

func TestAFullQueueIsEnough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		c := join(h)
		for i := range room {
			broadcast(t, h, fmt.Sprint(i))
		}
		check.Value(t, "queue", fmt.Sprint(c.queued()), fmt.Sprint(numbers(room)),
			"As many messages as the queue holds, in the order of the calls.",
			"消息正好装满队列，顺序就是调用的顺序。")
		if len(c.codes) > 0 || h.Len() != 1 {
			check.Fail(t,
				"A client with %d messages in a queue for %d was dropped: only a "+
					"client without room is too slow.",
				"队列能放 %[2]d 条，里面有 %[1]d 条的客户端被断开了：没有位置了才算太慢。",
				room, room)
		}
	})
}

func TestTwoAreSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		one, two := join(h), join(h)
		for i := range room + 1 {
			broadcast(t, h, fmt.Sprint(i))
		}
		defer func() { // ends what waits for room, which the next step looks at
			one.queued()
			two.queued()
		}()
		if len(one.codes)+len(two.codes) == 1 {
			check.Fail(t,
				"Two clients had no room for the same message, and only one of them was closed.",
				"两个客户端都没有位置放同一条消息，却只关闭了其中一个。")
		}
	})
}

func TestTheSlowOneIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		slow, quick, other := join(h), join(h), join(h)
		before := runtime.NumGoroutine()
		for i := range 3 * room {
			broadcast(t, h, fmt.Sprint(i))
			for _, c := range []*client{quick, other} {
				check.Value(t, "received", fmt.Sprint(c.queued()), fmt.Sprintf("[%d]", i),
					"A client that keeps up gets each message once, also "+
						"while another is being dropped.",
					"跟得上的客户端每条消息收到一次，别人正被断开时也一样。")
			}
		}
		if n := runtime.NumGoroutine() - before; n >= room {
			// one of the runtime's own may come and go
			check.Fail(t,
				"There are %d goroutines more than before: each waits to send one message to the "+
					"client that reads nothing.",
				"多出了 %d 个 goroutine：每一个都在等着给那个不读的客户端发一条消息。", n)
		}
		closed(t, slow)
		check.Value(t, "clients", h.Len(), 2, "The client that was dropped is still in the hub.",
			"断开的客户端还留在 hub 里。")
		got := slow.queued()
		if len(got) > room {
			check.Fail(t, "A client that was dropped got another message.",
				"已经断开的客户端又收到了消息。")
		}
		if !slices.Equal(got, numbers(room)) {
			check.Fail(t,
				"The slow client's queue holds %v: the first %d messages "+
					"belong there, without a gap.",
				"慢客户端的队列里是 %v：那里应该是最初的 %d 条，中间不缺。", got, room)
		}
		broadcast(t, h, "after its end")
		if len(slow.Queue) > 0 {
			check.Fail(t,
				"The slow client was closed, read the rest of its queue, and then got the "+
					"message %q: there is a gap before it.",
				"慢客户端已经被关闭，读完了队列里剩下的，然后又收到消息 %q：它前面缺了一段。",
				<-slow.Queue)
		}
	})
}

// closed fails unless the client was closed once, with TooSlow.
func closed(t *testing.T, slow *client) {
	t.Helper()
	if len(slow.codes) == 0 {
		check.Fail(t,
			"The slow client lost messages and was not told: close it with TooSlow, then it "+
				"reconnects and asks for what it missed.",
			"慢客户端丢了消息却没人告诉它：用 TooSlow 关闭它，它会重连，来要错过的消息。")
	}
	if n := len(slow.codes); n > 1 {
		check.Fail(t,
			"The slow client was closed %d times: remove it from the hub when it is dropped.",
			"慢客户端被关闭了 %d 次：断开它的时候，要把它从 hub 里拿掉。", n)
	}
	check.Value(t, "code", <-slow.codes, TooSlow,
		"The code tells the client what to do: 1013 is try again later.",
		"关闭码告诉客户端该怎么办：1013 是稍后再试。")
}

func TestCloseTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		c, quick := join(h), join(h)
		closing, gone := make(chan struct{}), make(chan struct{})
		c.Close = func(int) {
			close(closing)
			<-gone // the network takes its time
		}
		for i := range room {
			broadcast(t, h, fmt.Sprint(i))
		}
		quick.queued()
		go h.Broadcast("one too many")
		synctest.Wait()
		select {
		case <-closing:
		default:
			check.Fail(t,
				"A client's queue is full, a message is broadcast, and Close is not called.",
				"客户端的队列满了，又广播了一条消息，Close 却没有被调用。")
		}
		defer close(gone)
		// The lock is tried, not waited for: a bubble's clock stands still while somebody waits for
		// a lock.
		if !free(h) {
			check.Fail(t,
				"Close writes to the network, and meanwhile no client can join or send: it was "+
					"called with the hub's lock held.",
				"Close 正在写网络，这期间谁也不能加入或说话：调用它的时候还拿着 hub 的锁。")
		}
		check.Value(t, "received", fmt.Sprint(quick.queued()), "[one too many]",
			"One client is being closed, which takes time, and another client waits "+
				"for its message until that is done.",
			"一个客户端正在被关闭，这要花时间，另一个客户端却要等它关完才收到消息。")
	})
}

// free reports whether the hub answers while a Close is under way. It yields instead of waiting for
// a time.
func free(h *Hub) bool {
	// so that yielding lets the other goroutine go on
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	answered := make(chan struct{})
	go func() { h.Len(); close(answered) }()
	for range 10_000 {
		select {
		case <-answered:
			return true
		default:
			runtime.Gosched()
		}
	}
	return false
}

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			h := NewHub()
			c := join(h)
			done := make(chan struct{})
			go func() {
				for i := range room {
					h.Broadcast(fmt.Sprint(i))
				}
				close(done)
			}()
			synctest.Wait()
			<-done
			check.Value(t, "received", fmt.Sprint(c.queued()), fmt.Sprint(numbers(room)),
				"The messages must arrive in the order in which they were broadcast.",
				"消息必须按广播的顺序到达。")
		}
	})
}
