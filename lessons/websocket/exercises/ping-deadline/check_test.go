//go:build exercise

package pingdeadline_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/ping-deadline"
)

const (
	every   = 25 * time.Second
	timeout = 20 * time.Second
)

// conn answers pings as answer says; nil is silence.
type conn struct {
	pings  []string
	at     []time.Time
	pongs  chan string
	answer func(payload string)
	err    error
}

func (c *conn) Ping(payload string) error {
	c.pings, c.at = append(c.pings, payload), append(c.at, time.Now())
	if c.answer != nil {
		go c.answer(payload)
	}
	return c.err
}

func (c *conn) Pongs() <-chan string { return c.pongs }

// pong delivers a pong, and tells whether anybody took it within a minute.
func (c *conn) pong(payload string) bool {
	select {
	case c.pongs <- payload:
		return true
	case <-time.After(time.Minute):
		return false
	}
}

// keepalive runs Keepalive in a bubble for so long; err is nil if it still ran, and then ended with
// its context.
func keepalive(t *testing.T, c *conn, long time.Duration) (err error, took time.Duration) {
	ctx, cancel := context.WithCancel(context.Background())
	start := time.Now()
	done := make(chan error, 1)
	defer time.Sleep(5 * time.Minute) // until the pongs that are under way have come
	go func() { done <- Keepalive(ctx, c, every, timeout) }()
	select {
	case err := <-done:
		cancel()
		return err, time.Since(start)
	case <-time.After(long):
	}
	cancel()
	synctest.Wait()
	select {
	case <-done:
	default:
		check.Fail(t, "The connection was closed after %v (ctx ended), and Keepalive goes on.",
			"%v 后连接已关闭（ctx 结束），Keepalive 却还在继续。", long)
	}
	return nil, long
}

func TestAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{pongs: make(chan string)}
		c.answer = func(payload string) { time.Sleep(time.Second); c.pong(payload) }
		err, took := keepalive(t, c, 5*time.Minute)
		if err != nil {
			check.Fail(t,
				"Each ping was answered after one second, and yet after %v "+
					"the connection was given up: %v.",
				"每个 ping 都在一秒后得到应答，%v 之后连接却被放弃了：%v。", took, err)
		}
		if len(c.pings) < 10 || len(c.pings) > 12 {
			check.Fail(t, "In five minutes of answers there were %d pings: one is due every 25 s.",
				"五分钟里都有应答，却发了 %d 个 ping：应该每 25 秒一个。", len(c.pings))
		}
		seen := map[string]bool{}
		for _, payload := range c.pings {
			if seen[payload] {
				check.Fail(t,
					"Two pings carry the same bytes, %q: an answer to the first "+
						"would pass for one to the second.",
					"有两个 ping 带着同样的字节 %q：对前一个的应答会被当成对后一个的。", payload)
			}
			seen[payload] = true
		}
	})
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err, took := keepalive(t, &conn{pongs: make(chan string)}, 10*time.Minute)
		if !errors.Is(err, ErrSilent) {
			check.Fail(t,
				"The client never answered, and ten minutes later it still counts as there: a "+
					"ping without a deadline is only noise.",
				"客户端从不应答，十分钟后它还算在线：没有截止时间的 ping 只是噪音。")
		}
		check.Value(t, "given up after", took, every+timeout,
			"A ping after 25 s, and a timeout of 20 s.", "25 秒后发 ping，再等 20 秒。")
	})
}

func TestPongsOfOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{pongs: make(chan string)}
		c.answer = func(string) {
			for i := range 15 {
				time.Sleep(5 * time.Second)
				if !c.pong("nobody asked " + string(rune('a'+i))) {
					return
				}
			}
		}
		err, took := keepalive(t, c, 3*time.Minute)
		if !errors.Is(err, ErrSilent) {
			check.Fail(t,
				"The client sent pongs without a ping, but never the answer, and passed for "+
					"alive: only the payload of the last ping counts.",
				"客户端发了没人问过的 pong，却从不应答，还被当成在线："+
					"只有最近那个 ping 的内容才算数。")
		}
		check.Value(t, "given up after", took, every+timeout,
			"Wrong pongs came every 5 s: they must not restart the timeout.",
			"每 5 秒来一个不对的 pong：它们不能让计时重新开始。")
	})
}

func TestOldPongs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{pongs: make(chan string)}
		last := ""
		c.answer = func(payload string) {
			if old := last; old != "" {
				last = payload
				c.pong(old)
				return
			}
			last = payload
			c.pong(payload)
		}
		err, took := keepalive(t, c, 3*time.Minute)
		if !errors.Is(err, ErrSilent) {
			check.Fail(t,
				"The second ping was answered with the bytes of the first: an old pong is late, "+
					"and does not say that the client is there now. It was taken for the answer.",
				"对第二个 ping 的应答带着第一个的字节：旧的 pong 迟到了，"+
					"不能说明客户端现在还在。它却被当成了应答。")
		}
		check.Value(t, "given up after", took, 2*every+timeout, "The second ping was not answered.",
			"第二个 ping 没有得到应答。")
	})
}

func TestPongsBetween(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &conn{pongs: make(chan string)}
		taken := make(chan bool, 1)
		c.answer = func(payload string) { c.pong(payload) }
		go func() {
			time.Sleep(30 * time.Second)
			start := time.Now()
			taken <- c.pong("unasked") && time.Since(start) < time.Second
		}()
		err, _ := keepalive(t, c, 2*time.Minute)
		if err != nil {
			check.Fail(t,
				"A pong without a ping came, and the connection was given "+
					"up: %v. Such pongs are allowed.",
				"两次 ping 之间来了一个没人问过的 pong，连接就被放弃了：%v。这样的 pong 是允许的。",
				err)
		}
		if !<-taken {
			check.Fail(t,
				"A pong came between two pings and stayed in the channel: the reader that "+
					"delivers it blocks, and with it all messages.",
				"两次 ping 之间来了一个 pong，没有人从 channel 里取走它："+
					"送它来的读循环停住了，所有消息也跟着停住。")
		}
	})
}

func TestTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, long := range []time.Duration{time.Second, 30 * time.Second} {
			if err, _ := keepalive(t, &conn{pongs: make(chan string)}, long); err != nil {
				check.Fail(t, "The connection lives, and after %v it was given up: %v.",
					"连接还活着，%v 后却被放弃了：%v。", long, err)
			}
		}
		broken := errors.New("broken pipe")
		err, _ := keepalive(t, &conn{pongs: make(chan string), err: broken}, time.Minute)
		if !errors.Is(err, broken) {
			check.Fail(t, "The ping could not be sent (%v), but the result was: %v.",
				"ping 发不出去（%v），结果却是：%v。", broken, err)
		}
	})
}
