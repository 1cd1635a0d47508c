//go:build exercise

package ratelimit_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/rate-limit"
)

// room is a limiter with the check's own clock. It runs in a bubble whose time stands still, so
// sleeping is noticed.
type room struct {
	*testing.T
	*Limiter
	clock time.Time
}

func inRoom(t *testing.T, f func(r *room)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &room{T: t, clock: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
		r.Limiter = NewLimiter(func() time.Time { return r.clock })
		start := time.Now()
		f(r)
		if time.Since(start) > 0 {
			check.Fail(t,
				"Allow sleeps. Meanwhile the connection is not read, not even its "+
					"pongs: refuse the message at once.",
				"Allow 会睡眠。这期间连接没有人读，连 pong 也收不到：应该立刻拒绝这条消息。")
		}
	})
}

// after moves the clock on.
func (r *room) after(d time.Duration) { r.clock = r.clock.Add(d) }

// send sends n messages at once and returns the number that were let through.
func (r *room) send(client string, n int) (through int) {
	for range n {
		if _, ok := r.Allow(client); ok {
			through++
		}
	}
	return through
}

// told fails unless the client is refused, and returns its retryAfter.
func (r *room) told(client string) time.Duration {
	r.Helper()
	text, ok := r.Allow(client)
	if ok {
		check.Fail(r, "A client with an empty bucket sent a message, and it was let through.",
			"桶已经空了的客户端又发了一条消息，居然放行了。")
	}
	var refusal struct {
		Error      *string      `json:"error"`
		RetryAfter *json.Number `json:"retryAfter"`
	}
	err := json.Unmarshal([]byte(text), &refusal)
	if err != nil || refusal.Error == nil || refusal.RetryAfter == nil ||
		*refusal.Error != "too fast" {
		check.Fail(r,
			`The refused client was sent %q: it wants {"error":"too fast","retryAfter":120}.`,
			`被拒绝的客户端收到的是 %q：应该是 {"error":"too fast","retryAfter":120} 这样的 JSON。`,
			text)
	}
	ms, err := refusal.RetryAfter.Int64()
	if err != nil {
		check.Fail(r, "retryAfter is %s: it is a whole number of milliseconds.",
			"retryAfter 是 %s：应该是整数毫秒。", *refusal.RetryAfter)
	}
	if ms <= 0 {
		check.Fail(r,
			"A refused client got retryAfter %d: it comes back at once "+
				"and is refused again. Round up.",
			"被拒绝的客户端被告知等 %d 毫秒：它立刻再来，又被拒绝。要向上取整。", ms)
	}
	return time.Duration(ms) * time.Millisecond
}

func TestBurst(t *testing.T) {
	inRoom(t, func(r *room) {
		switch n := r.send("ann", 1000); {
		case n == 1000:
			check.Fail(t, "A script sent 1000 messages at once, and all of them went through.",
				"一个脚本一口气发了 1000 条消息，全部放行了。")
		case n < Burst:
			check.Fail(t,
				"A client's first %d messages came at once, and only %d went "+
					"through: a new bucket is full.",
				"客户端最初的 %d 条消息同时到达，只放行了 %d 条：新的桶应该是满的。", Burst, n)
		case n > Burst:
			check.Fail(t, "%d messages went through at once: Burst is %d.",
				"一口气放行了 %d 条：Burst 是 %d。", n, Burst)
		}
	})
}

func TestEachForItself(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("mallory", 100)
		if n := r.send("bob", 1); n == 0 {
			check.Fail(t,
				"Mallory sent too fast, and Bob's first message was refused: "+
					"each client has its own bucket.",
				"Mallory 发得太快，Bob 的第一条消息却被拒绝了：每个客户端要有自己的桶。")
		}
		r.send("carol", 1)
		if n := r.send("mallory", 1); n > 0 {
			check.Fail(t,
				"Mallory's bucket was empty, others sent a message, and "+
					"Mallory's next one went through.",
				"Mallory 的桶已经空了，别人发了消息之后，Mallory 的下一条却放行了。")
		}
	})
}

func TestClock(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("ann", Burst)
		r.after(time.Minute)
		if n := r.send("ann", 1); n == 0 {
			check.Fail(t,
				"The limiter's clock has moved on by a minute, and the bucket is still empty: "+
					"what refills it, and does it ask the clock that was passed in?",
				"限速器的时钟走了一分钟，桶还是空的：谁来补充令牌？看的是传进来的那个时钟吗？")
		}
	})
}

func TestIdle(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("ann", 1)
		r.after(time.Hour)
		if n := r.send("ann", 100_000); n > Burst {
			check.Fail(t,
				"After an hour of silence %d messages went through at once: a "+
					"bucket holds Burst tokens at most.",
				"安静一小时之后，一口气放行了 %d 条：桶里最多只有 Burst 个令牌。", n)
		} else if n < Burst {
			check.Fail(t,
				"After an hour of silence only %d messages went through at "+
					"once: the bucket is full again.",
				"安静一小时之后，一口气只放行了 %d 条：桶应该又满了。", n)
		}
	})
}

func TestNoWindow(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("mallory", 1)
		r.after(9 * Every / 2)
		before := r.send("mallory", 100)
		r.after(Every / 2)
		after := r.send("mallory", 100)
		if n := before + after; n > Burst+1 {
			check.Fail(t,
				"%d messages went through at the end of one second and %d at the start of the "+
					"next, all within %v: counting by the second allows "+
					"twice the burst at its border.",
				"一秒的末尾放行了 %d 条，下一秒的开头又放行了 %d 条，都在 %v "+
					"之内：按秒计数，边界处就能放行两倍。", before, after, Every/2)
		}
		if before < Burst {
			check.Fail(t,
				"A client sent one message, then nothing for %v, and then only %d "+
					"at once: its bucket was full again.",
				"客户端发了一条，然后 %v 没有发，接着一口气只放行了 %d 条：它的桶早就又满了。",
				9*Every/2, before)
		}
	})
}

func TestRefusalsCostNothing(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("ann", Burst+100)
		r.after(Every + time.Millisecond)
		if r.send("ann", 1) == 0 {
			check.Fail(t,
				"A client was refused a hundred times, waited for Every, and was refused again: "+
					"a refused message takes no token.",
				"客户端被拒绝了一百次，等了 Every，又被拒绝：被拒绝的消息不消耗令牌。")
		}
	})
}

func TestRefill(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("ann", Burst)
		r.after(Every + time.Millisecond)
		switch n := r.send("ann", Burst); {
		case n == 0:
			check.Fail(t,
				"The bucket was empty, Every has passed, and the next message was refused.",
				"桶空了，过了 Every 那么久，下一条消息却被拒绝。")
		case n > 1:
			check.Fail(t,
				"The bucket was empty, Every has passed, and %d messages went "+
					"through: it is one message in that time.",
				"桶空了，过了 Every 那么久，放行了 %d 条：这段时间只够一条。", n)
		}
	})
}

func TestFractions(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("ann", Burst)
		const tries = 80
		through := 0
		for range tries {
			r.after(Every / 4)
			through += r.send("ann", 1)
		}
		if want := tries / 4; through < want-1 || through > want {
			check.Fail(t,
				"A client tried every %v for %v: %d messages went through, not %d. Each refill, "+
					"also a part of a token, counts once: it is neither lost nor counted twice.",
				"客户端每隔 %v 试一次，试了 %v：放行了 %d 条，而不是 %d 条。"+
					"上次尝试以来补充的令牌，哪怕不到一个，也不能丢，不能重复计算。", Every/4,
				tries*Every/4, through, want)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	for _, passed := range []time.Duration{0, Every / 2, Every*3/4 + 300*time.Microsecond} {
		inRoom(t, func(r *room) {
			r.send("ann", Burst)
			r.after(passed)
			wait := r.told("ann")
			if wait > Every+time.Millisecond {
				check.Fail(t,
					"retryAfter is %d, and one token takes %d ms: it is in "+
						"milliseconds, until the next token.",
					"retryAfter 是 %d，而一个令牌只要 %d 毫秒：单位是毫秒，到下一个令牌为止。",
					wait.Milliseconds(), Every.Milliseconds())
			}
			if wait > 2*time.Millisecond {
				r.after(wait - 2*time.Millisecond)
				if r.send("ann", 1) > 0 {
					check.Fail(t,
						"A client got a retryAfter of %v, but its message would have gone "+
							"through earlier: %v of Every had passed already.",
						"客户端被告知等 %v，其实不用等那么久：Every 里已经过去了 %v。",
						wait, passed)
				}
				r.after(2 * time.Millisecond)
			}
			r.after(time.Microsecond) // for limiters that count in floating point
			if r.send("ann", 1) == 0 {
				check.Fail(t,
					"A client waited for its retryAfter of %v, and was refused again: round up.",
					"客户端按要求等了 %v，又被拒绝：要向上取整。", wait)
			}
		})
	}
}

func TestMemory(t *testing.T) {
	inRoom(t, func(r *room) {
		for i := range 5 * MaxClients {
			if r.send(fmt.Sprint("visitor ", i), 1) == 0 {
				check.Fail(t,
					"Visitor %d is refused, although the buckets of earlier ones are full again: "+
						"a client with a full bucket need not be remembered.",
					"第 %d 位访客被拒绝，而前面的人的桶早就又满了：桶满的客户端不需要记住。", i+1)
			}
			if n := r.Len(); n > MaxClients {
				check.Fail(t,
					"%d clients are remembered after %d visitors, and each sent "+
						"one message: MaxClients is %d.",
					"%[2]d 位访客各发了一条消息之后，"+
						"记住的客户端有 %[1]d 个：MaxClients 是 %[3]d。", n, i+1, MaxClients)
			}
			r.after(10 * time.Millisecond)
		}
	})
}

func TestForgetsNobodyWhoOwes(t *testing.T) {
	inRoom(t, func(r *room) {
		r.send("mallory", Burst)
		for i := range MaxClients - 1 {
			r.send(fmt.Sprint("robot ", i), Burst)
		}
		if text, ok := r.Allow("one more"); ok {
			check.Fail(t,
				"MaxClients clients have empty buckets, and a new one is let in: to make room, a "+
					"client was forgotten and has a full bucket now.",
				"MaxClients 个客户端的桶都是空的，又放进来一个新的："+
					"为了腾位置忘掉了某个客户端，它现在有一个满的桶。")
		} else if text == "" {
			check.Fail(t,
				"A new client is refused because the limiter is full, and gets no refusal text.",
				"限速器满了，新客户端被拒绝，却什么都没有告诉它。")
		}
		if r.send("mallory", 1) > 0 {
			check.Fail(t,
				"Mallory sent under %d other names, was forgotten, and has a full bucket again: "+
					"forget only clients with full buckets.",
				"Mallory 换了 %d 个名字来发，自己被忘掉了，桶又满了：只能忘掉桶已经满的客户端。",
				MaxClients)
		}
		wait := r.told("one more")
		r.after(wait + time.Millisecond)
		if r.send("one more", 1) == 0 {
			check.Fail(t,
				"A new client was refused because the limiter is full, waited for its retryAfter "+
					"of %v, and was refused again: when is the first bucket full?",
				"限速器满了，新客户端被拒绝，按要求等了 %v，又被拒绝：第一个桶什么时候才满？", wait)
		}
		if n := r.Len(); n > MaxClients {
			check.Fail(t, "%d clients are remembered: MaxClients is %d.",
				"记住的客户端有 %d 个：MaxClients 是 %d。", n, MaxClients)
		}
	})
}

func TestTogether(t *testing.T) {
	inRoom(t, func(r *room) {
		var through atomic.Int64
		var tabs sync.WaitGroup
		for range 20 {
			tabs.Go(func() { through.Add(int64(r.send("ann", 10))) })
		}
		tabs.Wait()
		if n := through.Load(); n != Burst {
			check.Fail(t,
				"A client sent over 20 connections at the same time, and %d "+
					"messages went through: Burst is %d.",
				"客户端同时用 20 条连接发送，放行了 %d 条：Burst 是 %d。", n, Burst)
		}
	})
}
