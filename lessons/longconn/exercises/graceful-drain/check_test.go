//go:build exercise

package gracefuldrain_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/longconn/exercises/graceful-drain"
)

const (
	grace = 10 * time.Second
	soon  = time.Second // "at once": Shutdown looks every half second whether all is done
)

// listener hands out one end of each connection.
type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	close  func()
	broken chan error
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case err := <-l.broken:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error   { l.close(); return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// server is a running Serve.
type server struct {
	room  *Room
	l     *listener
	stop  context.CancelFunc
	ended chan error
	conns []net.Conn
}

func serve() *server {
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{room: NewRoom(), stop: cancel, ended: make(chan error, 1)}
	closed := make(chan struct{})
	s.l = &listener{conns: make(chan net.Conn), closed: closed, close: sync.OnceFunc(func() {
		close(closed)
	}), broken: make(chan error, 1)}
	go func() { s.ended <- Serve(ctx, s.l, s.room, grace) }()
	synctest.Wait()
	return s
}

// end ends what the check has started, also after a failure.
func (s *server) end() {
	s.stop()
	s.l.close()
	for _, c := range s.conns {
		_ = c.Close()
	}
	time.Sleep(5 * time.Minute)
}

// dial opens a connection, or returns nil if the server does not accept any.
func (s *server) dial() net.Conn {
	mine, theirs := net.Pipe()
	select {
	case s.l.conns <- theirs:
		s.conns = append(s.conns, mine)
		return mine
	case <-s.l.closed:
		return nil
	case <-time.After(time.Minute): // the server does not accept
		return nil
	}
}

// answer is the response to one request.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of a body or a header that was cut off
	took   time.Duration
}

// ask sends a request and reads the answer to its end.
func (s *server) ask(c net.Conn, request string) chan answer {
	got := make(chan answer, 1)
	go func() {
		var a answer
		start := time.Now()
		_, _ = io.WriteString(c, request)
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if a.err = err; err == nil {
			body, err := io.ReadAll(response.Body)
			a.status, a.header, a.body, a.err = response.StatusCode, response.Header,
				string(body), err
		}
		a.took = time.Since(start)
		got <- a
	}()
	synctest.Wait()
	return got
}

func get(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: lab.example\r\n\r\n" }

// returned waits for the end of Serve for some time.
func (s *server) returned(long time.Duration) (err error, in bool) {
	select {
	case err := <-s.ended:
		s.ended <- err
		return err, true
	case <-time.After(long):
		return nil, false
	}
}

// orderly fails unless Serve returns nil within long.
func (s *server) orderly(t *testing.T, long time.Duration) {
	t.Helper()
	err, in := s.returned(long)
	if !in {
		check.Fail(t,
			"All requests have ended, and %v later Serve has not returned: "+
				"the restart is delayed for nothing.",
			"所有请求都结束了，%v 之后 Serve 还没有返回：重启服务器的人在白等。", long)
	}
	if err != nil {
		check.Fail(t,
			"No request was cut off, and Serve returns an error: %v. An orderly end is nil.",
			"谁也没有被切断，Serve 却返回错误：%v。有序结束应该返回 nil。", err)
	}
}

func TestServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		poll := s.ask(s.dial(), get("/poll?after=0"))
		time.Sleep(5 * time.Second)
		s.room.Publish("hi")
		if a := <-poll; a.status != 200 || a.body != "[\"hi\"]\n" {
			check.Fail(t,
				"Before any shutdown, a held poll gets %d %q: a message was "+
					"published and it should be the answer.",
				"还没有关闭服务器，挂起的请求得到 %d %q：有消息发布，应答就应该是它。",
				a.status, a.body)
		}
		a := <-s.ask(s.dial(), get("/poll?after=1"))
		if a.status != 200 || a.body != "[]\n" || a.took != Hold {
			check.Fail(t,
				"Before any shutdown, a quiet poll gets %d %q after %v: it "+
					"should be an empty list after %v.",
				"还没有关闭服务器，安静的请求在 %[3]v 之后得到 %[1]d %[2]q："+
					"应该在 %[4]v 之后得到空列表。", a.status, a.body, a.took, Hold)
		}
		if err, in := s.returned(0); in {
			check.Fail(t, "Serve has returned (%v) although ctx has not ended.",
				"ctx 还没有结束，Serve 就返回了（%v）。", err)
		}
	})
}

func TestHeldPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		polls := []chan answer{s.ask(s.dial(), get("/poll?after=0")), s.ask(s.dial(), get("/poll"))}
		time.Sleep(5 * time.Second)
		s.stop()
		for _, poll := range polls {
			a := <-poll
			if a.err != nil {
				check.Fail(t,
					"A poll was held when the server ended, and after %v its connection was cut "+
						"without an answer (%v): the client cannot tell a "+
						"restart from a broken network.",
					"服务器结束时有一个挂起的请求，%v 之后连接被切断，没有应答（%v）："+
						"客户端分不清是重启还是网络断了。", a.took, a.err)
			}
			if a.took > 5*time.Second+soon {
				check.Fail(t,
					"A poll had been held for 5 s when the server began to shut down, and it was "+
						"answered after %v: Shutdown waits for the handlers, but "+
						"it does not tell them anything.",
					"服务器要结束时，一个请求已经挂起了 5 秒，它在第 %v 才得到应答：Shutdown "+
						"会等处理函数，却不会通知它们。", a.took)
			}
			check.Value(t, "status", a.status, http.StatusServiceUnavailable,
				"A held poll gets 503: try again later. After a 200, a client asks "+
					"again at once, and finds no server.",
				"要让挂起的请求稍后再来：503。如果是 200，客户端会立刻再问，却找不到服务器。")
			check.Value(t, "Retry-After", a.header.Get("Retry-After"), "1",
				"The 503 says when to come back, or each client decides for itself.",
				"503 要说明什么时候再来，否则每个客户端自行决定。")
		}
		s.orderly(t, 2*soon)
	})
}

func TestStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		s.room.Publish("one")
		stream := s.ask(s.dial(), get("/stream?after=0"))
		time.Sleep(5 * time.Second)
		s.room.Publish("two")
		synctest.Wait()
		s.stop()
		a := <-stream
		if a.err != nil {
			check.Fail(t,
				"A stream was cut off in the middle after %v (%v): without the last chunk, the "+
					"client does not know whether something is missing.",
				"一个流在 %v 之后被从中间切断（%v）：没有最后一个 chunk，客户端就不知道缺没缺东西。",
				a.took, a.err)
		}
		check.Wire(t, check.Events, []byte(a.body),
			[]byte("id: 1\ndata: one\n\nid: 2\ndata: two\n\n"),
			"The stream ends after the messages that were published.", "流在已发布的消息之后结束。")
		if a.took > 5*time.Second+soon {
			check.Fail(t, "The server began to shut down after 5 s, and the stream ended after %v.",
				"第 5 秒通知服务器结束，流到第 %v 才结束。", a.took)
		}
		s.orderly(t, 2*soon)
	})
}

// TestLastMessage: streams that are busy with a message when the next one is published and the
// server begins to shut down.
func TestLastMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		var streams []chan answer
		for range 20 {
			c := s.dial()
			go func() { _, _ = io.WriteString(c, get("/stream?after=0")) }()
			synctest.Wait() // the header is written, and its client does not read yet
			streams = append(streams, nil)
		}
		s.room.Publish("the last one")
		s.stop()
		time.Sleep(soon)
		for i := range streams {
			streams[i] = s.ask(s.conns[i], "")
		}
		for _, stream := range streams {
			a := <-stream
			if a.took > soon {
				check.Fail(t,
					"A stream was busy with a write when the server began to shut down. The "+
						"write ended a second later, and the stream still waits %v later: that "+
						"the server ends must be a state, not a signal to the "+
						"handlers that wait at that moment.",
					"通知服务器结束时，一个流正忙着写。一秒后写完了，再过 %v 它还在等："+
						"“正在结束”必须是一种状态，而不是只通知当时在等的人。", a.took)
			}
			if a.err != nil {
				check.Fail(t,
					"A stream was busy with a write when the server began to shut down, and was "+
						"cut off within a second (%v), although it had %v. Does Shutdown wait? A "+
						"context that has ended already does not let it.",
					"通知服务器结束时，一个流正忙着写，一秒之内就被切断了（%v），它本来有 %v "+
						"的时间。Shutdown 等了吗？如果给它的 context 已经结束，它就不等。",
					a.err, grace)
			}
			if !strings.Contains(a.body, "the last one") {
				check.Fail(t,
					"A message was published, then the server began to shut down. A stream ended "+
						"with %q, without it. If two cases of a select are ready, it takes "+
						"either: look for messages once more before the end.",
					"先发布了一条消息，然后通知服务器结束。有一个流以 %q 结束，里面没有它。"+
						"select 有两个 case 就绪时，走哪个不一定：结束之前要再看一次有没有消息。",
					a.body)
			}
		}
		s.orderly(t, 2*soon)
	})
}

func TestPostInProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		c := s.dial()
		post := s.ask(c,
			"POST /messages HTTP/1.1\r\nHost: lab.example\r\nContent-Length: 10\r\n\r\nhello")
		s.stop()
		time.Sleep(soon)
		if s.dial() != nil {
			check.Fail(t,
				"The server is ending, and it still accepts new "+
					"connections: it will never be empty.",
				"服务器正在结束，却还在接受新连接：它永远清空不了。")
		}
		if err, in := s.returned(2 * time.Second); in {
			check.Fail(t,
				"A client is in the middle of its POST, and Serve has returned (%v): main ends, "+
					"and the process with it. http.Server.Serve returns when "+
					"Shutdown begins, not when it is done.",
				"一个客户端的 POST 才发到一半，Serve 就返回了（%v）：main 结束，进程也就没了。"+
					"http.Server.Serve 在 Shutdown 开始时就返回，而不是完成时。", err)
		}
		_, _ = io.WriteString(c, "world")
		if a := <-post; a.err != nil || a.status != http.StatusCreated {
			check.Fail(t,
				"A client was in the middle of its POST when the server began to shut down, and "+
					"got %d (%v): requests that have begun are answered.",
				"通知服务器结束时，一个客户端的 POST 才发到一半，"+
					"它得到 %d（%v）：已经开始的请求要应答完。", a.status, a.err)
		}
		s.orderly(t, 2*soon)
	})
}

// TestBounded: a client reads nothing, so a write to it never ends.
func TestBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		s.room.Publish("hi")
		c := s.dial()
		go func() { _, _ = io.WriteString(c, get("/stream")) }()
		synctest.Wait()
		start := time.Now()
		s.stop()
		err, in := s.returned(5 * time.Minute)
		if !in {
			check.Fail(t,
				"One client reads nothing, so its stream cannot end, and five minutes later the "+
					"server has not ended either: the drain needs a limit.",
				"一个客户端什么都不读，它的流就结束不了，"+
					"五分钟后服务器也还没有结束：排空需要限时。")
		}
		if took := time.Since(start); took < grace || took > grace+soon {
			check.Fail(t,
				"One client reads nothing, and Serve returns after %v: it should wait for it as "+
					"long as grace, which is %v.",
				"一个客户端什么都不读，Serve 在 %v 之后返回：应该等它 grace 这么久，也就是 %v。",
				took, grace)
		}
		if err == nil {
			check.Fail(t,
				"A client was given up after grace, and Serve returns nil: its "+
					"caller takes this for an orderly end.",
				"过了 grace 放弃了一个客户端，Serve 却返回 nil：没人知道这次结束并不有序。")
		}
		// To read from c would let the stream end. A write to a pipe tells whether the other end is
		// closed.
		_ = c.SetWriteDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(c, "are you there?"); !errors.Is(err, io.ErrClosedPipe) {
			check.Fail(t,
				"After grace, Serve has returned and the connection of the client that reads "+
					"nothing is still open: close what is left.",
				"过了 grace，Serve 返回了，那个什么都不读的客户端的连接却还开着：剩下的要关闭。")
		}
	})
}

func TestListenerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serve()
		defer s.end()
		broken := errors.New("too many open files")
		s.l.broken <- broken
		err, in := s.returned(time.Minute)
		if !in || !errors.Is(err, broken) {
			check.Fail(t,
				"The listener is broken (%v). Serve must return this error; it returned: %s.",
				"Listener 出错了（%v）。Serve 应该返回这个错误，实际返回：%s。", broken,
				fmt.Sprint(in, err))
		}
	})
}
