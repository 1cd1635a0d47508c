package engineio

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"github.com/gorilla/websocket"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/eiopacket"
)

// A client of revision 3 decides how many pings it sends. One pong answers all that wait.
func TestPongsThatWaitAreBounded(t *testing.T) {
	const maxQueue = 10_000
	l := newLab(t, Config{AllowEIO3: true, MaxQueue: maxQueue})
	query := l.openV3("")
	session := l.server.session(query[strings.LastIndex(query, "=")+1:])
	for range 3 {
		status, _ := l.do("POST", query, strings.Repeat("1:2", 10_000))
		require.Equal(t, 200, status)
	}
	assert.LessOrEqual(t, session.Queued(), maxQueue)
	_, body := l.do("GET", query, "")
	assert.Equal(t, "1:3", body)
	l.do("POST", query, "2:4a1:22:4b1:21:2")
	_, body = l.do("GET", query, "")
	assert.Equal(t, "2:4a1:32:4b1:3", body, "a pong keeps its place between messages")
}

// OnMessage's functions that wait for a client are bounded, and the rest is read when they return.
func TestReadersThatAreReplacedAreBounded(t *testing.T) {
	const messages = 4 * maxReplaced
	synctest.Test(t, func(t *testing.T) {
		started, wake := make(chan struct{}, messages), make(chan struct{})
		c := newClocked("EIO=4")
		c.OnMessage(func([]byte, bool) {
			c.AllowReadOn()
			c.ReadOn()
			started <- struct{}{}
			<-wake
		})
		b := &post{polling: c.transport.(*polling), taken: make(chan struct{})}
		b.packets = make([]eiopacket.Packet, messages)
		for i := range b.packets {
			b.packets[i].Type = eiopacket.Message
		}
		c.read(b)
		synctest.Wait()
		assert.Len(t, started, maxReplaced+1)
		c.at(10 * time.Minute) // the heartbeat does not start more
		assert.Len(t, started, maxReplaced+1)
		assert.Empty(t, c.ended(), "a client that is not read is not silent")
		wake <- struct{}{}
		synctest.Wait()
		assert.Len(t, started, maxReplaced+2)
		close(wake)
		<-b.taken
		synctest.Wait()
		assert.Len(t, started, messages)
		c.end(ForcedClose, nil)
	})
}

// A function that has called ReadOn and ends its goroutine leaves one reader, not two.
func TestAReplacedReaderThatExitsIsNotReplacedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		var got []string
		first := make(chan struct{})
		c.OnMessage(func(data []byte, _ bool) {
			switch string(data) {
			case "exit":
				runtime.Goexit()
			case "first":
				c.AllowReadOn()
				c.ReadOn()
				<-first
				runtime.Goexit()
			}
			got = append(got, string(data))
		})
		b := &post{polling: c.transport.(*polling), taken: make(chan struct{})}
		b.packets, b.err = eiopacket.Codec{}.ParsePayload([]byte("4first\x1e4exit\x1e4last"), "")
		c.read(b)
		<-b.taken
		close(first)
		synctest.Wait() // a second reader would close taken again
		assert.Equal(t, []string{"last"}, got)
		c.end(ForcedClose, nil)
	})
}

// A flush that begins between the steps of the end does not block.
func TestFlushDuringTheEndOfAPollingSession(t *testing.T) {
	l := newLab(t, Config{})
	session := l.server.session(l.open())
	require.NoError(t, session.Queue(TextMessage([]byte("nobody polls"))))
	l.server.mu.Lock() // holds the end between its first step and its second
	go session.end(TransportError, nil)
	require.Eventually(t, func() bool {
		session.mu.Lock()
		defer session.mu.Unlock()
		return session.state == closedState
	}, time.Minute, time.Millisecond)
	written := session.written()
	l.server.mu.Unlock()
	select {
	case <-written:
	case <-time.After(time.Minute):
		t.Error("it is never closed")
	}
}

// A session that is idle holds nothing of what it has received.
func TestAnIdleSessionHoldsNoMessage(t *testing.T) {
	const clients, size = 20, 900_000
	message := strings.Repeat("x", size)
	for name, send := range map[string]func(l *lab){
		Polling: func(l *lab) { l.post(l.open(), "4"+message) },
		WebSocket: func(l *lab) {
			conn := l.dial(overWebSocket)
			l.read(conn)
			l.write(conn, "4"+message)
		},
	} {
		t.Run(name, func(t *testing.T) {
			handled := make(chan struct{}, clients)
			l := newLab(t, Config{PingInterval: time.Hour, OnSession: func(s *Session) {
				s.OnMessage(func(data []byte, _ bool) {
					assert.Equal(t, size, len(data))
					handled <- struct{}{}
				})
			}})
			send(l)
			<-handled
			before := heapInUse()
			for range clients {
				send(l)
				<-handled
			}
			assert.Equal(t, clients+1, l.server.Len())
			assert.Eventually(t, func() bool {
				return int64(heapInUse())-int64(before) < clients*size/4
			}, 20*time.Second, 10*time.Millisecond)
		})
	}
}

// After a message that was refused no other is accepted, so the client sees no gap.
func TestNothingIsAcceptedBehindARefusedMessage(t *testing.T) {
	results := make(chan []error, 1)
	l := newLab(t, Config{MaxQueue: 1000, OnSession: func(s *Session) {
		s.OnMessage(func([]byte, bool) {
			var got []error
			for _, n := range []int{600, 600, 1} {
				got = append(got, s.Queue(TextMessage(bytes.Repeat([]byte("a"), n))))
			}
			results <- got
		})
	}})
	for range 100 { // the end runs beside
		l.post(l.open(), "4go")
		got := <-results
		require.NoError(t, got[0])
		require.ErrorIs(t, got[1], ErrSlowClient)
		require.Error(t, got[2])
	}

	q := queue{limit: 1000, stall: time.Second}
	require.NoError(t, q.add(text(600)))
	require.Error(t, q.add(text(600)))
	assert.ErrorIs(t, q.add(text(100)), ErrSlowClient)
	q.done(q.take(maxWrite))
	assert.ErrorIs(t, q.add(text(100)), ErrSlowClient, "also when there is room again")
}

// Server.Close waits for OnClose's function of a session that the heartbeat's timer, the timer of
// Close, or a goroutine of the program ends.
func TestCloseWaitsForOnClose(t *testing.T) {
	for name, end := range map[string]func(*Session){
		"heartbeat": func(*Session) {},
		"closing":   (*Session).Close,
		"program":   func(s *Session) { go s.end(ForcedClose, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var session *Session
				entered, leave, left := make(chan struct{}), make(chan struct{}), false
				server := NewServer(Config{OnSession: func(s *Session) {
					session = s
					s.OnClose(func(Reason, error) {
						close(entered)
						<-leave
						left = true
					})
				}})
				server.ServeHTTP(httptest.NewRecorder(),
					httptest.NewRequest("GET", "/?"+overPolling, nil))
				end(session)
				<-entered
				closed := make(chan error, 1)
				go func() { closed <- server.Close(t.Context()) }()
				synctest.Wait()
				assert.Empty(t, closed)
				close(leave)
				assert.NoError(t, <-closed)
				assert.True(t, left)
			})
		})
	}
}

// Close calls OnClose's functions of all sessions at once, and its context bounds it.
func TestCloseHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewServer(Config{OnSession: func(s *Session) {
			s.OnClose(func(Reason, error) { time.Sleep(time.Second) })
		}})
		for range 3 {
			server.ServeHTTP(httptest.NewRecorder(),
				httptest.NewRequest("GET", "/?"+overPolling, nil))
		}
		start := time.Now()
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		assert.ErrorIs(t, server.Close(short), context.DeadlineExceeded)
		assert.Equal(t, 50*time.Millisecond, time.Since(start))
		assert.NoError(t, server.Close(t.Context()))
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// hijacked is a ResponseWriter of a handshake in a test with its own clock.
type hijacked struct {
	*httptest.ResponseRecorder
	conn net.Conn
}

func (h hijacked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// A client that reads, breaks the protocol and leaves its connection open has 2 s, not twice that.
func TestAConnectionHasOneTimeToEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := NewServer(Config{OnSession: func(*Session) {}})
		ours, client := net.Pipe()
		defer client.Close()
		go io.Copy(io.Discard, client)
		r := httptest.NewRequest("GET", "/?"+overWebSocket, nil)
		r.Header = goodHandshake()
		server.ServeHTTP(hijacked{httptest.NewRecorder(), ours}, r)
		synctest.Wait()
		start := time.Now()
		// a frame without a mask
		time.AfterFunc(time.Second, func() { client.Write([]byte("\x81\x00")) })
		assert.NoError(t, server.Close(t.Context()))
		assert.Equal(t, shutdownGrace, time.Since(start))
	})
}

func goodHandshake() http.Header {
	return http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
}

// Neither a cookie nor a hook is for a WebSocket handshake that is refused.
func TestARefusedWebSocketGetsNoCookie(t *testing.T) {
	l := newLab(t, Config{
		Cookie:         &http.Cookie{},
		Log:            slog.New(slog.DiscardHandler),
		InitialHeaders: func(http.Header, *http.Request) { t.Error("InitialHeaders was called") },
		Headers:        func(http.Header, *http.Request) { t.Error("Headers was called") },
	})
	for _, wrong := range []string{"Version: 13", "Key: dGhlIHNhbXBsZSBub25jZQ=="} {
		c := l.rude()
		c.ask("transport=websocket", strings.Replace(upgradeHeaders, wrong, wrong[:4]+"x: 12", 1))
		res, err := http.ReadResponse(c.read, nil)
		require.NoError(t, err)
		assert.Equal(t, 400, res.StatusCode)
		assert.Empty(t, res.Header["Set-Cookie"])
		c.conn.Close()
	}
	w := httptest.NewRecorder() // cannot be taken over
	r := httptest.NewRequest("GET", "/?"+overWebSocket, nil)
	r.Header = goodHandshake()
	l.server.ServeHTTP(w, r)
	assert.Equal(t, 500, w.Code)
	assert.Empty(t, w.Header()["Set-Cookie"])
}

// A function of the program that ends its goroutine, by a panic or by runtime.Goexit, leaves no
// connection behind without a reader.
func TestAHookThatEndsItsGoroutineLeavesNoConnection(t *testing.T) {
	quiet := func(h *httptest.Server) { h.Config.ErrorLog = log.New(io.Discard, "", 0); h.Start() }
	var l *lab
	for name, config := range map[string]Config{
		"OnConnectionError": {
			OnSession:         func(*Session) { l.server.RefuseSessions() },
			OnConnectionError: func(ConnectionError) { panic("on purpose") },
		},
		"OnSession": {OnSession: func(*Session) { runtime.Goexit() }},
		"Headers":   {Headers: func(http.Header, *http.Request) { panic("on purpose") }},
	} {
		t.Run(name, func(t *testing.T) {
			l = startLab(t, config, quiet)
			c := l.rude()
			defer c.conn.Close()
			c.ask("transport=websocket", upgradeHeaders)
			c.conn.SetReadDeadline(time.Now().Add(20 * time.Second))
			_, err := io.Copy(io.Discard, c.read)
			assert.NoError(t, err, "the server closes the connection")
		})
	}
}

func TestAnOnUpgradeThatExitsIsReadOn(t *testing.T) {
	l := newLab(t, Config{OnSession: func(s *Session) {
		s.OnUpgrade(func(string) { runtime.Goexit() })
		s.OnMessage(func(data []byte, _ bool) { s.Send(TextMessage(data)) })
	}})
	conn := l.dial(overWebSocket + "&sid=" + l.open())
	l.write(conn, "2probe", "5", "4a")
	assert.Equal(t, "3probe", l.read(conn))
	assert.Equal(t, "4a", l.read(conn))
	conn.Close()
	assert.NoError(t, l.server.Close(t.Context()))
}

// A panic of Headers during an upgrade ends the session, as Config says.
func TestAPanicOfHeadersDuringAnUpgradeEndsTheSession(t *testing.T) {
	var l *lab
	l = startLab(t, Config{
		OnSession: func(s *Session) {
			s.OnClose(func(reason Reason, _ error) { l.closed <- string(reason) })
		},
		Headers: func(_ http.Header, r *http.Request) {
			if websocket.IsWebSocketUpgrade(r) {
				panic("on purpose")
			}
		},
	}, func(h *httptest.Server) { h.Config.ErrorLog = log.New(io.Discard, "", 0); h.Start() })
	c := l.rude()
	defer c.conn.Close()
	c.ask("transport=websocket&sid="+l.open(), upgradeHeaders)
	l.endsWith(TransportError)
}

// Session.Request keeps the host, so it counts, and no trailer.
func TestMaxHandshakeCountsTheHost(t *testing.T) {
	requests := make(chan *http.Request, 1)
	l := newLab(t, Config{OnSession: func(s *Session) { requests <- s.Request() }})
	for host, status := range map[string]int{"lab": 200, strings.Repeat("a", 17<<10): 431} {
		c := l.rude()
		fmt.Fprintf(c.conn,
			"GET /?%s HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n"+
				"Trailer: X\r\n\r\n0\r\nX: y\r\n\r\n", overPolling, host)
		res, err := http.ReadResponse(c.read, nil)
		require.NoError(t, err)
		assert.Equal(t, status, res.StatusCode)
		c.conn.Close()
	}
	assert.Empty(t, (<-requests).Trailer)
	assert.Empty(t, requests)
}

// PauseReading behind ReadOn holds for the reader that took over, and one that is over does not.
func TestPauseBehindReadOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClocked("EIO=4")
		resume, wake := make(chan struct{}), make(chan struct{})
		over := make(chan struct{})
		close(over)
		got := make(chan string, 10)
		c.OnMessage(func(data []byte, _ bool) {
			got <- string(data)
			switch string(data) {
			case "pause":
				c.PauseReading(resume)
				c.AllowReadOn()
				c.ReadOn()
				<-wake
			case "stale":
				c.AllowReadOn()
				c.ReadOn()
				<-wake
				c.PauseReading(over)
				wake <- struct{}{}
			case "wait":
				wake <- struct{}{}
				<-wake
				c.AllowReadOn()
				c.ReadOn()
				<-wake
			case "last":
				wake <- struct{}{}
			}
		})
		b := &post{polling: c.transport.(*polling), taken: make(chan struct{})}
		b.packets, b.err = eiopacket.Codec{}.ParsePayload(
			[]byte("4pause\x1e4stale\x1e4wait\x1e4last"), "")
		c.read(b)
		synctest.Wait()
		assert.Len(t, got, 1, "nothing is handled during the pause")
		c.at(10 * time.Minute)
		assert.Empty(t, c.ended(), "nor does a timeout run")
		close(resume)
		wake <- struct{}{}
		<-b.taken
		assert.Len(t, got, 4)
		c.end(ForcedClose, nil)
	})
}

// A POST that was aborted when its body was complete is answered, and its connection closed.
func TestAnAbortBehindTheBodyEndsTheConnection(t *testing.T) {
	l := newLab(t, Config{})
	c := l.rude()
	defer c.conn.Close()
	sid := c.handshake(t)
	session := l.server.session(sid)
	fmt.Fprintf(c.conn,
		"POST /?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: lab\r\nContent-Length: 2\r\n\r\n4",
		sid)
	require.Eventually(t, func() bool {
		session.mu.Lock()
		defer session.mu.Unlock()
		return session.transport.(*polling).upload != nil
	}, 10*time.Second, time.Millisecond)
	session.mu.Lock()
	fmt.Fprint(c.conn, "x")
	waiting := func() bool { // the body has been read
		stacks := make([]byte, 1<<20)
		return bytes.Contains(stacks[:runtime.Stack(stacks, true)],
			[]byte("engineio.(*polling).readBody(")) &&
			!bytes.Contains(stacks, []byte("io.ReadAll("))
	}
	assert.Eventually(t, waiting, 10*time.Second, time.Millisecond)
	session.transport.(*polling).abortUpload() // as Close does
	session.mu.Unlock()
	res, err := http.ReadResponse(c.read, nil)
	require.NoError(t, err)
	assert.Equal(t, 200, res.StatusCode)
	assert.True(t, res.Close)
}
