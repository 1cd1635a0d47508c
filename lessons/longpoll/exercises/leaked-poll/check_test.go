//go:build exercise

package leakedpoll_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longpoll/exercises/leaked-poll"
)

// enough bounds the waits of this check. Only a failing program waits that long.
const enough = time.Second

// oneAtATime runs goroutines one after the other, so that a new one runs only when its maker waits.
func oneAtATime(t *testing.T) {
	before := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// ends runs f and reports whether it ended.
func ends(f func()) bool {
	done := make(chan struct{})
	go func() { f(); close(done) }()
	return closed(done)
}

func closed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-time.After(enough):
		return false
	}
}

// Step: messages arrive / 消息到达
func TestMessagesArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		got := make(chan Message, 3)
		ctx, leave := context.WithCancel(context.Background())
		defer leave()
		for range 3 {
			go func() {
				if m, ok := h.Wait(ctx); ok {
					got <- m
				}
			}()
		}
		synctest.Wait()
		if n := h.Waiting(); n != 3 {
			check.Fail(t, "Three polls wait, and Waiting returns %d.",
				"三个轮询在等，Waiting 返回的却是 %d。", n)
		}
		h.Publish(Message{"hi"})
		synctest.Wait()
		if len(got) != 3 {
			check.Fail(t, "Three polls waited, a message came, and %d of them got it.",
				"三个轮询在等，来了一条消息，其中 %d 个收到了。", len(got))
		}
		if n := h.Waiting(); n != 0 {
			check.Fail(t,
				"All three polls were answered, but Waiting still "+
					"returns %d: an answered poll is over.",
				"三个轮询都得到了应答，Waiting 却还返回 %d：应答过的轮询就结束了。", n)
		}
	})
}

// Step: clients leave / 客户端离开
func TestAfterClientsHaveLeft(t *testing.T) {
	oneAtATime(t)
	h := NewHub()
	ctx, leave := context.WithCancel(context.Background())
	var left sync.WaitGroup
	for range 100 {
		left.Go(func() { h.Wait(ctx) })
	}
	for tries := 0; h.Waiting() < 100 && tries < 10000; tries++ {
		runtime.Gosched()
	}
	leave()
	if !ends(left.Wait) {
		check.Fail(t, "100 clients left, no message came, and their calls of Wait do not return.",
			"100 个客户端走了，没有消息到来，它们的 Wait 却没有返回。")
	}
	if n := h.Waiting(); n == 100 {
		check.Fail(t,
			"100 clients left, all their calls of Wait have returned, and Waiting returns %d.",
			"100 个客户端走了，它们的 Wait 全都返回了，Waiting 返回的却是 %d。", n)
	}
	if !ends(func() { h.Publish(Message{"hi"}) }) {
		check.Fail(t, "100 clients left, then a message came, and Publish does not return.",
			"100 个客户端走了，然后来了一条消息，Publish 没有返回。")
	}
}

// Step: after Wait / Wait 之后
func TestWhenWaitReturns(t *testing.T) {
	oneAtATime(t)
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 {
		h := NewHub()
		if _, ok := h.Wait(gone); ok {
			check.Fail(t, "The client has left, no message came, and Wait says that one did.",
				"客户端已经走了，没有消息到来，Wait 却说有。")
		}
		if n := h.Waiting(); n != 0 {
			check.Fail(t,
				"Wait has returned because its client left, and right after that Waiting "+
					"returns %d: by then the hub must have forgotten the "+
					"poll, not some time later.",
				"客户端走了，Wait 已经返回，紧接着 Waiting 返回的却是 %d：这时 hub "+
					"就该忘掉这个轮询，而不是过一会儿再忘。", n)
		}
	}
}

// Step: a busy moment / 忙碌的一刻
func TestLeavingAsAMessageComes(t *testing.T) {
	oneAtATime(t)
	before := runtime.NumGoroutine()
	for range 20 {
		h := NewHub()
		ctx, leave := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { h.Wait(ctx); close(ended) }()
		for h.Waiting() == 0 {
			runtime.Gosched()
		}
		if !ends(func() {
			leave() // from here on the poll takes no message, but it is still in the hub
			h.Publish(Message{"hi"})
		}) {
			if ends(func() { h.Waiting() }) {
				check.Fail(t,
					"A client left at the moment in which a message came, and Publish waits "+
						"forever for that client to take the message.",
					"客户端恰好在消息到来的那一刻离开，Publish 永远等着它来取消息。")
			}
			check.Fail(t,
				"A client left at the moment in which a message came. Publish does not return, "+
					"and it holds the lock: nothing else works either.",
				"客户端恰好在消息到来的那一刻离开。Publish 不返回，"+
					"还一直拿着锁：别的什么也做不了。")
		}
		if !closed(ended) {
			check.Fail(t,
				"A client left at the moment in which a message came, "+
					"and its Wait does not return.",
				"客户端恰好在消息到来的那一刻离开，它的 Wait 没有返回。")
		}
		if n := h.Waiting(); n != 0 {
			check.Fail(t,
				"A client left at the moment in which a message came. Wait and Publish have "+
					"returned, and Waiting returns %d.",
				"客户端恰好在消息到来的那一刻离开。Wait 和 Publish "+
					"都返回了，Waiting 返回的却是 %d。", n)
		}
	}
	for deadline := time.Now().Add(enough); runtime.NumGoroutine() > before &&
		time.Now().Before(deadline); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine() - before; n > 0 {
		check.Fail(t,
			"20 clients left, each at the moment in which a message came. All calls have "+
				"returned, and %d goroutines are left over, waiting "+
				"forever for a client that is gone.",
			"20 个客户端离开，每个都恰好在消息到来的那一刻。所有调用都返回了，却还剩下 %d 个 "+
				"goroutine，永远在等已经走了的客户端。", n)
	}
}

// moment is a context that calls then once, when a poll that the hub counts asks for Done: just
// before the poll waits.
type moment struct {
	context.Context
	hub  *Hub
	then func()

	mu    sync.Mutex
	early bool // Done was asked for before the hub counted the poll
	used  bool
}

func (m *moment) Done() <-chan struct{} {
	waiting := make(chan int, 1)
	go func() { waiting <- m.hub.Waiting() }()
	counted := false
	select {
	case n := <-waiting:
		counted = n > 0
	case <-time.After(enough): // Done was asked for under the hub's lock
	}
	m.mu.Lock()
	now := counted && !m.used
	m.early, m.used = m.early || !counted, m.used || counted
	m.mu.Unlock()
	if now {
		m.then()
	}
	return m.Context.Done()
}

// missed waits until the poll has registered, and reports whether the moment is not to come.
func (m *moment) missed() bool {
	for deadline := time.Now().Add(enough); time.Now().Before(deadline); runtime.Gosched() {
		m.mu.Lock()
		early, used := m.early, m.used
		m.mu.Unlock()
		if used {
			return false
		}
		if early && m.hub.Waiting() > 0 {
			return true
		}
	}
	return true
}

// Step: two messages / 两条消息
func TestMessagesJustBeforeItWaits(t *testing.T) {
	h := NewHub()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stuck := make(chan bool, 1)
	m := &moment{Context: ctx, hub: h, then: func() {
		stuck <- !ends(func() { h.Publish(Message{"first"}); h.Publish(Message{"second"}) })
	}}
	ended := make(chan struct{})
	var got Message
	go func() { got, _ = h.Wait(m); close(ended) }()
	if m.missed() {
		h.Publish(Message{"first"})
		h.Publish(Message{"second"})
		stuck <- false
	}
	if <-stuck {
		check.Fail(t,
			"Two messages came quickly, one after the other, and the "+
				"second Publish does not return.", "两条消息接连到来，第二次 Publish 没有返回。")
	}
	if !closed(ended) {
		check.Fail(t,
			"Two messages came after the poll had registered, and Wait does not "+
				"return: the poll got neither of them.",
			"轮询登记之后来了两条消息，Wait 却没有返回：它一条也没收到。")
	}
	if got.Text != "first" {
		check.Fail(t,
			"The messages first and second came after the poll had registered, in this order, "+
				"and Wait returned %q: it has to return the next message.",
			"轮询登记之后依次来了 first 和 second 两条消息，Wait "+
				"返回的却是 %q：它要返回下一条消息。", got.Text)
	}
}

// Step: clients that stay / 留下的客户端
func TestWhoStaysIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub()
		ctx, leave := context.WithCancel(context.Background())
		go h.Wait(ctx)
		stay, end := context.WithCancel(context.Background())
		defer end()
		got := make(chan Message, 2)
		for range 2 {
			go func() {
				if m, ok := h.Wait(stay); ok {
					got <- m
				}
			}()
		}
		synctest.Wait()
		leave()
		synctest.Wait()
		h.Publish(Message{"hi"})
		synctest.Wait()
		if len(got) != 2 {
			check.Fail(t,
				"One client left, two stayed, then a message came, and %d of the two got it.",
				"一个客户端走了，两个留着，然后来了一条消息，留着的两个里 %d 个收到了。", len(got))
		}
	})
}
