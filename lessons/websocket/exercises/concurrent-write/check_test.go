//go:build exercise

package concurrentwrite_test

import (
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/concurrent-write"
)

// conn keeps what is written, and lets others run after each write, as a busy network does.
type conn struct {
	mu    sync.Mutex
	bytes []byte
	fail  error
}

func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.fail != nil {
		defer c.mu.Unlock()
		return 0, c.fail
	}
	c.bytes = append(c.bytes, b...)
	c.mu.Unlock()
	runtime.Gosched()
	time.Sleep(50 * time.Microsecond)
	return len(b), nil
}

func (c *conn) written() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.bytes...)
}

func TestOneAfterTheOther(t *testing.T) {
	c := &conn{}
	p := NewPeer(c)
	_ = p.Send("Hello")
	_ = p.Ping("hi")
	want := []byte("\x81\x05Hello\x89\x02hi")
	waitFor(c, len(want))
	check.Wire(t, check.Frames, c.written(), want, "A message and then a ping: two frames.", "一条消息，然后一个 ping：两帧。")
}

// waitFor waits until so many bytes have been written, for those who write from a goroutine of their own.
func waitFor(c *conn, n int) {
	for end := time.Now().Add(time.Second); len(c.written()) < n && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func TestManyAtOnce(t *testing.T) {
	const each = 40
	c := &conn{}
	p := NewPeer(c)
	var senders sync.WaitGroup
	total := 0
	for _, kind := range []string{"send", "send", "ping", "ping"} {
		payload := "from the one who does " + kind
		total += each * (2 + len(payload))
		senders.Go(func() {
			for range each {
				if kind == "ping" {
					_ = p.Ping(payload)
				} else {
					_ = p.Send(payload)
				}
			}
		})
	}
	senders.Wait()
	waitFor(c, total)
	frames(t, c.written(), 4*each)
}

// frames reads the stream as a client does.
func frames(t *testing.T, wire []byte, want int) {
	t.Helper()
	n := 0
	for rest := wire; len(rest) > 0; n++ {
		if len(rest) < 2 || rest[0] != 0x81 && rest[0] != 0x89 || len(rest) < 2+int(rest[1]) {
			broken(t, wire, len(wire)-len(rest))
		}
		payload := string(rest[2 : 2+int(rest[1])])
		kind := map[byte]string{0x81: "send", 0x89: "ping"}[rest[0]]
		if !strings.HasSuffix(payload, "does "+kind) || !strings.HasPrefix(payload, "from the one") {
			broken(t, wire, len(wire)-len(rest))
		}
		rest = rest[2+int(rest[1]):]
	}
	check.Value(t, "frames", n, want, "Every frame that was sent must arrive.", "发出的每一帧都要到达。")
}

func broken(t *testing.T, wire []byte, at int) {
	t.Helper()
	yours := wire[at:min(at+64, len(wire))]
	check.Found(t, check.Finding{
		EN:     "Two goroutines wrote at the same time, and their frames are mixed up. This is what the client reads, and why it closes with 1002.",
		ZH:     "两个 goroutine 同时在写，帧混在了一起。这就是客户端读到的，也是它用 1002 关闭的原因。",
		Fields: []check.Field{{Name: "bytes", Yours: check.Hex(yours), Want: "81 or 89, the length, that many bytes of one sender", Spec: "RFC 6455, 5.2"}},
	})
}

func TestErrorsAreTold(t *testing.T) {
	gone := errors.New("connection reset by peer")
	p := NewPeer(&conn{fail: gone})
	for range 100 { // who writes from a goroutine of its own may learn it late
		if p.Send("Hello") != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	check.Fail(t, "The connection is gone, and Send never says so: its caller goes on for ever.", "连接已经断了，Send 却从不说：调用者会一直发下去。")
}

func TestALockIsGivenBack(t *testing.T) {
	p := NewPeer(&conn{fail: errors.New("connection reset by peer")})
	done := make(chan struct{})
	go func() {
		_ = p.Send("Hello")
		_ = p.Ping("hi")
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		check.Fail(t, "A write failed, and the next one waits for ever: the lock was not given back on the way out.", "一次写失败之后，下一次永远在等：出错返回时没有把锁还回去。")
	}
}
