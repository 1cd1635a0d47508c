//go:build exercise

package concurrentwrite_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/concurrent-write"
)

// slow is how long a write takes. A mutex is handed over to a goroutine that has waited for more
// than 1 ms; before that, the goroutine that unlocks it may lock it again at once, and two writes
// of one frame stay together by luck.
const slow = 1500 * time.Microsecond

// conn keeps what is written, and lets others run during each write, as a slow network does.
type conn struct {
	mu      sync.Mutex
	bytes   []byte
	inside  int
	overlap bool // two goroutines were in Write at the same time
	fail    error
}

func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	if c.fail != nil {
		defer c.mu.Unlock()
		return 0, c.fail
	}
	c.bytes = append(c.bytes, b...)
	c.inside++
	c.overlap = c.overlap || c.inside > 1
	c.mu.Unlock()
	time.Sleep(slow)
	c.mu.Lock()
	c.inside--
	c.mu.Unlock()
	return len(b), nil
}

func (c *conn) written() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.bytes...)
}

// waitFor waits for so many bytes, from a peer that writes in a goroutine of its own.
func waitFor(c *conn, n int) {
	for end := time.Now().Add(time.Second); len(c.written()) < n && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func TestOneAfterTheOther(t *testing.T) {
	c := &conn{}
	p := NewPeer(c)
	_ = p.Send("Hello")
	_ = p.Ping("hi")
	want := []byte("\x81\x05Hello\x89\x02hi")
	waitFor(c, len(want))
	check.Wire(t, check.Frames, c.written(), want,
		"One goroutine sends a message and then a ping: two frames, in this order.",
		"同一个 goroutine 先发一条消息，再发一个 ping：两帧，按这个顺序。")
}

// payload returns the text of a sender's frame number n.
func payload(sender, n int) string { return fmt.Sprintf("from %d: number %d", sender, n) }

func TestManyAtOnce(t *testing.T) {
	const each = 4
	c := &conn{}
	p := NewPeer(c)
	var senders sync.WaitGroup
	total := 0
	for sender := range 4 { // the even ones send messages, the odd ones pings
		senders.Go(func() {
			for n := range each {
				if sender%2 == 1 {
					_ = p.Ping(payload(sender, n))
				} else {
					_ = p.Send(payload(sender, n))
				}
			}
		})
		total += each * (2 + len(payload(0, 0)))
	}
	senders.Wait()
	waitFor(c, total)
	frames(t, c, each)
}

// frames reads the stream as a client does.
func frames(t *testing.T, c *conn, each int) {
	t.Helper()
	var next [4]int
	wire := c.written()
	for rest := wire; len(rest) > 0; {
		if len(rest) < 2 || rest[0] != 0x81 && rest[0] != 0x89 || len(rest) < 2+int(rest[1]) {
			broken(t, c, wire, rest)
		}
		var sender, n int
		text := string(rest[2 : 2+int(rest[1])])
		_, err := fmt.Sscanf(text, "from %d: number %d", &sender, &n)
		if err != nil || sender < 0 || sender > 3 || text != payload(sender, n) ||
			rest[0] != byte(0x81+8*(sender%2)) {
			broken(t, c, wire, rest)
		}
		if n != next[sender] {
			check.Fail(t,
				"Goroutine %d sent its frame %d, and the client gets its frame %d: nothing may "+
					"be lost, and the frames of one goroutine keep their order.",
				"goroutine %d 发的是它的第 %d 帧，客户端收到的是第 %d 帧：什么都不能丢，同一个 "+
					"goroutine 的帧要保持顺序。", sender, next[sender], n)
		}
		next[sender]++
		rest = rest[2+int(rest[1]):]
	}
	for sender, n := range next {
		check.Value(t, fmt.Sprintf("frames of goroutine %d", sender), n, each,
			"Every frame that was sent must arrive.", "发出的每一帧都要到达。")
	}
}

var kinds = map[byte][2]string{0x81: {"a message", "一条消息"}, 0x89: {"a ping", "一个 ping"}}

// broken shows what the client reads at the frame that rest begins with.
func broken(t *testing.T, c *conn, wire, rest []byte) {
	t.Helper()
	fields := []check.Field{{Name: "bytes", Yours: check.Hex(rest[:min(len(rest), 40)]),
		Want: "81 or 89, the length, that many bytes of one sender", Spec: "RFC 6455, 5.2"}}
	if len(rest) > 2 && kinds[rest[0]] != [2]string{} && kinds[rest[2]] != [2]string{} {
		one, other := kinds[rest[0]], kinds[rest[2]]
		f := check.Finding{Fields: fields,
			EN: fmt.Sprintf(
				"The client reads the header of %s and takes the bytes after it for the payload. "+
					"But the next byte is %02x, the first one of %s. It closes with 1002.", one[0],
				rest[2], other[0]),
			ZH: fmt.Sprintf(
				"客户端读到%s的帧头，把后面的字节当作载荷。可是下一个字节是 %02x，"+
					"那是%s的第一个字节。它用 1002 关闭。", one[1], rest[2], other[1])}
		if !c.overlap {
			f.EN += " Each Write was alone on the connection: that does not keep " +
				"two Writes of one frame together."
			f.ZH += "每一次 Write 都是独占连接的：可这并不能让同一帧的两次 Write 挨在一起。"
		}
		check.Found(t, f)
	}
	check.Found(t, check.Finding{Fields: fields,
		EN: fmt.Sprintf(
			"At byte %d of the stream the client reads bytes that are not a frame "+
				"of one sender, and closes with 1002.", len(wire)-len(rest)),
		ZH: fmt.Sprintf(
			"在字节流的第 %d 个字节，客户端读到的不是某一方发出的一帧，于是用 1002 关闭。",
			len(wire)-len(rest))})
}

// stuck is a connection whose Write does not return until the check lets it.
type stuck struct {
	entered chan struct{}
	leave   chan struct{}
}

func (s *stuck) Write(b []byte) (int, error) {
	select {
	case s.entered <- struct{}{}:
	default:
	}
	<-s.leave
	return len(b), nil
}

func TestTwoClients(t *testing.T) {
	s := &stuck{make(chan struct{}, 1), make(chan struct{})}
	sleeping, awake := NewPeer(s), NewPeer(&conn{})
	var senders sync.WaitGroup
	senders.Go(func() { _ = sleeping.Send("Hello") })
	<-s.entered
	done := make(chan struct{})
	senders.Go(func() { _ = awake.Send("Hello"); close(done) })
	late := false
	select {
	case <-done:
	case <-time.After(2 * time.Second):
		late = true
	}
	close(s.leave)
	senders.Wait()
	if late {
		check.Fail(t,
			"One client reads nothing, so a write to it blocks, and now nothing "+
				"can be sent to another client either.",
			"一个客户端什么都不读，写给它就阻塞了；现在连另一个客户端也发不了。")
	}
}

func TestErrorsAreTold(t *testing.T) {
	gone := errors.New("connection reset by peer")
	p := NewPeer(&conn{fail: gone})
	for range 100 { // a peer that writes in a goroutine of its own may learn it late
		if p.Send("Hello") != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
	check.Fail(t,
		"The connection is gone, and Send never returns an error: its caller goes on forever.",
		"连接已经断了，Send 却从不返回错误：调用者会一直发下去。")
}

func TestAfterAnError(t *testing.T) {
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
		check.Fail(t, "A write failed, and the next Send or Ping never returns.",
			"一次写失败之后，下一次 Send 或 Ping 再也不返回。")
	}
}
