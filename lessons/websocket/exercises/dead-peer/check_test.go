//go:build exercise

package deadpeer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/websocket/exercises/dead-peer"
)

const (
	silence = 45 * time.Second
	slack   = time.Second // how late Follow may be
	many    = 1000        // calls at one instant: nothing waits between them
)

// conn is a connection whose server sends what the check puts into frames.
type conn struct {
	frames chan Frame    // closed by a server that closes
	gone   chan struct{} // closed by Close
	over   chan struct{} // closed at the end of the check

	mu       *sync.Mutex // of the server
	deadline time.Time
	moved    chan struct{} // closed when the deadline changes
	pongs    []string
	closed   time.Time
	failed   int // Reads after the first error
}

func (c *conn) Read() (Frame, error) {
	for {
		c.mu.Lock()
		deadline, moved, failed := c.deadline, c.moved, c.failed
		c.mu.Unlock()
		if failed > many {
			<-c.over
			runtime.Goexit()
		}
		var late <-chan time.Time
		if !deadline.IsZero() {
			late = time.After(time.Until(deadline))
		}
		select {
		case <-c.gone:
			return c.fail(net.ErrClosed)
		default:
		}
		if failed > 0 || !deadline.IsZero() && !time.Now().Before(deadline) {
			return c.fail(os.ErrDeadlineExceeded)
		}
		select {
		case frame, open := <-c.frames:
			if !open {
				return c.fail(io.EOF)
			}
			return frame, nil
		case <-late:
		case <-moved:
		case <-c.gone:
		}
	}
}

func (c *conn) fail(err error) (Frame, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
	return Frame{}, err
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	close(c.moved)
	c.moved = make(chan struct{})
	return nil
}

func (c *conn) Pong(payload string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pongs = append(c.pongs, payload)
	return nil
}

func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.IsZero() {
		c.closed = time.Now()
		close(c.gone)
	}
	return nil
}

// send sends a frame, unless the connection ends first.
func (c *conn) send(kind Kind, payload string) {
	select {
	case c.frames <- Frame{Kind: kind, Payload: payload}:
	case <-c.gone:
	}
}

// server keeps what the client does.
type server struct {
	start  time.Time
	cancel context.CancelFunc
	done   chan struct{} // closed when Follow has returned
	over   chan struct{}

	refuse func(ctx context.Context, attempt int) error
	serve  func(c *conn, attempt int)

	mu    sync.Mutex      // held by the check while it looks
	dials []time.Duration // since the start
	conns []*conn
	shown []string
}

// follow starts Follow against a server. The server of each connection runs serve, in a goroutine.
func follow(s *server) *server {
	s.start, s.done, s.over = time.Now(), make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() {
		defer close(s.done)
		Follow(ctx, s.dial, silence, func(text string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.shown = append(s.shown, text)
		})
	}()
	s.mu.Lock()
	return s
}

func (s *server) dial(ctx context.Context) (Conn, error) {
	select {
	case <-s.over: // an attempt after the check
		runtime.Goexit()
	default:
	}
	s.mu.Lock()
	attempt := len(s.dials)
	s.dials = append(s.dials, time.Since(s.start))
	s.mu.Unlock()
	if attempt > many {
		<-s.over
		runtime.Goexit()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.refuse != nil {
		if err := s.refuse(ctx, attempt); err != nil {
			return nil, err
		}
	}
	c := &conn{frames: make(chan Frame), gone: make(chan struct{}), over: s.over, mu: &s.mu,
		moved: make(chan struct{})}
	s.mu.Lock()
	s.conns = append(s.conns, c)
	s.mu.Unlock()
	if s.serve != nil {
		go s.serve(c, attempt)
	}
	return c, nil
}

// end ends what the check has started, also after a failure.
func (s *server) end() {
	conns := s.conns
	s.mu.Unlock()
	s.cancel()
	for _, c := range conns {
		_ = c.Close()
	}
	close(s.over)
	time.Sleep(10 * time.Minute) // until the servers of all connections have ended
}

// pass lets the time pass.
func (s *server) pass(d time.Duration) {
	s.mu.Unlock()
	time.Sleep(d)
	synctest.Wait()
	s.mu.Lock()
}

// after lets the time pass, and fails if Follow spins or has returned.
func (s *server) after(t *testing.T, d time.Duration) {
	t.Helper()
	s.pass(d)
	if len(s.dials) > many {
		check.Fail(t,
			"The client dials again and again without a pause. When a server "+
				"restarts, all its clients do this at once.",
			"客户端一刻不停地反复拨号。服务器重启时，所有客户端会一起这样做。")
	}
	for _, c := range s.conns {
		if c.failed > many {
			check.Fail(t,
				"Read has returned an error, and Follow calls Read on the same connection again "+
					"and again: after an error, the connection is of no use.",
				"Read 已经返回错误，Follow 却在同一个连接上反复调用 Read："+
					"出错之后，这个连接已经没有用了。")
		}
	}
	select {
	case <-s.done:
		check.Fail(t,
			"Follow has returned after %v, although ctx has not ended: it should reconnect.",
			"%v 之后 Follow 返回了，可是 ctx 并没有结束：它应该重连。", time.Since(s.start))
	default:
	}
}

// TestMessages: a server that speaks is followed, and its pings are answered.
func TestMessages(t *testing.T) {
	for _, c := range []struct {
		kind   Kind
		en, zh string
	}{
		{Text, "The server sends a message every 20 s and no pings. A message " +
			"also proves that the server is alive.",
			"服务器每 20 秒发一条消息，不发 ping。消息同样证明服务器还活着。"},
		{Ping, "The server has no messages, but it pings every 20 s. A ping also " +
			"proves that the server is alive.",
			"服务器没有消息，但每 20 秒发一个 ping。ping 同样证明服务器还活着。"},
		{Pong, "The server sends an unsolicited pong every 20 s. RFC 6455 allows this as a " +
			"heartbeat: every frame proves that the server is alive.",
			"服务器每 20 秒主动发一个 pong。RFC 6455 允许用它当心跳：任何一帧都证明服务器还活着。"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := follow(&server{serve: func(s *conn, attempt int) {
				for i := range 20 {
					s.send(c.kind, fmt.Sprint("frame ", i))
					time.Sleep(20 * time.Second)
				}
			}})
			defer s.end()
			s.after(t, 5*time.Minute)
			if len(s.dials) > 1 {
				check.Fail(t, c.en+" And yet the client has given up the connection after %v.",
					c.zh+"可是 %v 之后客户端放弃了连接。", s.conns[0].closed.Sub(s.start))
			}
			var want, pongs []string
			for i := range 16 { // from 0 s to 300 s
				switch c.kind {
				case Text:
					want = append(want, fmt.Sprint("frame ", i))
				case Ping:
					pongs = append(pongs, fmt.Sprint("frame ", i))
				}
			}
			check.Value(t, "answered pings", fmt.Sprintf("%q", s.conns[0].pongs),
				fmt.Sprintf("%q", pongs),
				"Each ping needs one pong with the same payload, and nothing else needs one: "+
					"without it the server takes you for dead.",
				"每个 ping 要用一个载荷相同的 pong 应答，别的帧都不用：不应答，服务器就当你死了。")
			check.Value(t, "shown", fmt.Sprintf("%q", s.shown), fmt.Sprintf("%q", want),
				"Each text message is shown once, in order, and nothing else is.",
				"每条文本消息显示一次，按顺序，别的都不显示。")
		})
	}
}

// TestDialFails: for 5.5 s attempts fail at once, then one is never answered.
func TestDialFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, hung := time.Now(), 0
		s := follow(&server{refuse: func(ctx context.Context, attempt int) error {
			if time.Since(start) < 5500*time.Millisecond {
				return errors.New("connection refused")
			}
			if hung == 0 {
				hung = attempt
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}})
		defer s.end()
		s.after(t, 30*time.Second)
		for i := range 5 {
			pauses(t, s, i, s.dials[i])
		}
		s.after(t, 2*time.Minute)
		if len(s.dials) == hung+1 {
			check.Fail(t,
				"The server's machine does not answer one of the attempts, and after two minutes "+
					"the client still waits for it. A dial needs a limit, too.",
				"服务器的机器不回应其中一次拨号，两分钟后客户端还在等。拨号也要有限时。")
		}
		pauses(t, s, hung, s.dials[hung]+silence)
	})
}

// TestSilence: each of several connections becomes silent, the second from its start.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := follow(&server{serve: func(c *conn, attempt int) {
			if attempt%2 == 0 {
				time.Sleep(10 * time.Second)
				c.send(Text, fmt.Sprint("connection ", attempt))
				time.Sleep(10 * time.Second)
				c.send(Ping, "")
			}
		}})
		defer s.end()
		s.after(t, 10*time.Minute)
		for i, c := range s.conns[:min(3, len(s.conns))] {
			began, last := s.dials[i], 20*time.Second
			if i%2 == 1 {
				last = 0
			}
			if c.closed.IsZero() && len(s.dials) == i+1 {
				check.Fail(t,
					"Connection %d: the last frame arrived %v after its start. Minutes later the "+
						"client still waits in Read, and its user looks at old data.",
					"第 %d 个连接：最后一帧在建立后 %v 到达。好几分钟过去了，"+
						"客户端还等在 Read 里，用户看着旧数据。", i+1, last)
			}
			if i+1 < len(s.dials) && (c.closed.IsZero() || c.closed.Sub(s.start) > s.dials[i+1]) {
				check.Fail(t,
					"The client dials again and has not closed the silent connection: each one "+
						"costs a file descriptor on both sides.",
					"客户端重新拨号了，却没有关闭那个沉默的连接："+
						"每一个都会在两边各占一个文件描述符。")
			}
			took := c.closed.Sub(s.start) - began - last
			if took < silence || took > silence+slack {
				check.Fail(t,
					"Connection %d: the last sign of life came %v after its start, and the "+
						"client gave up %v after that sign. It should be %v, counted from the "+
						"latest frame, or from the start of this connection.",
					"第 %d 个连接：建立后 %v 收到最后一个生命迹象，客户端在那之后 %v 放弃。"+
						"应该是 %v，从最近的一帧算起，还没有帧就从这个连接建立时算起。", i+1, last,
					took, silence)
			}
			pauses(t, s, i, c.closed.Sub(s.start))
		}
		check.Value(t, "shown", fmt.Sprintf("%q", s.shown[:min(2, len(s.shown))]),
			`["connection 0" "connection 2"]`, "The messages of each connection are shown.",
			"每个连接的消息都要显示。")
	})
}

// pauses fails unless attempt i+1 began Pause after the connection or attempt i had ended.
func pauses(t *testing.T, s *server, i int, ended time.Duration) {
	t.Helper()
	if len(s.dials) < i+2 {
		check.Fail(t,
			"Connection or attempt %d is lost, and minutes later the client has not dialled again.",
			"第 %d 次连接（或尝试）失败了，几分钟后客户端也没有重新拨号。", i+1)
	}
	if pause := s.dials[i+1] - ended; pause < Pause || pause > Pause+slack {
		check.Fail(t,
			"Between a lost connection, or a failed attempt, and the next attempt are %v. It "+
				"should be %v: less overruns a server that restarts, more keeps the user waiting.",
			"从连接断开或尝试失败，到下一次尝试，间隔是 %v。应该是 %v："+
				"太短会压垮正在重启的服务器，太长会让用户久等。", pause, Pause)
	}
}

// TestServerCloses: a connection that the server closes is replaced, too.
func TestServerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := follow(&server{serve: func(c *conn, attempt int) {
			time.Sleep(10 * time.Second)
			close(c.frames)
		}})
		defer s.end()
		s.after(t, time.Minute)
		if s.conns[0].closed.IsZero() {
			check.Fail(t,
				"The server has closed, Read has returned an error, and the client has not "+
					"called Close: the file descriptor stays open.",
				"服务器关闭了，Read 返回了错误，客户端却没有调用 Close：文件描述符一直开着。")
		}
		pauses(t, s, 0, 10*time.Second)
		pauses(t, s, 1, s.dials[1]+10*time.Second)
	})
}

// TestTheEnd: ctx ends while the client reads, while it dials, and while it pauses.
func TestTheEnd(t *testing.T) {
	for _, c := range []struct {
		refuse func(context.Context, int) error
		long   time.Duration
		en, zh string
	}{
		{nil, 10 * time.Second, "in Read", "Read 里"},
		{func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return ctx.Err()
		}, 10 * time.Second, "in dial", "dial 里"},
		{func(context.Context, int) error {
			return errors.New("connection refused")
		}, 500 * time.Millisecond, "between two attempts", "两次尝试之间"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := follow(&server{refuse: c.refuse})
			defer s.end()
			s.after(t, c.long)
			before := len(s.dials)
			s.cancel()
			s.pass(slack)
			if len(s.dials) > before {
				check.Fail(t, "ctx has ended, and the client dials again.",
					"ctx 已经结束，客户端却又拨号了。")
			}
			select {
			case <-s.done:
			default:
				check.Fail(t, "ctx has ended while Follow was "+c.en+
					", and %v later Follow has not returned.",
					"ctx 结束时 Follow 正在"+c.zh+"，%v 之后它还没有返回。", slack)
			}
			for _, c := range s.conns {
				if c.closed.IsZero() {
					check.Fail(t,
						"ctx has ended and Follow has returned, but its connection is still open.",
						"ctx 结束了，Follow 也返回了，连接却还开着。")
				}
			}
		})
	}
}
