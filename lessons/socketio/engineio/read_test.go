package engineio

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed/feedtest"
)

// waiting makes a server whose OnMessage function waits for "go" when it gets "wait", and calls
// ReadOn first when it gets "ask". Everything is echoed.
func waiting(t *testing.T, config Config) *lab {
	var l *lab
	config.OnSession = func(s *Session) {
		wake := make(chan struct{}, 1)
		s.OnMessage(func(data []byte, _ bool) {
			switch string(data) {
			case "go":
				wake <- struct{}{}
			case "ask":
				s.AllowReadOn()
				s.ReadOn()
				<-wake
			case "wait":
				s.AllowReadOn()
				<-wake
			}
			s.Send(TextMessage(data))
		})
		s.OnClose(func(reason Reason, _ error) {
			l.closed <- string(reason)
			select {
			case wake <- struct{}{}:
			default:
			}
		})
	}
	l = newLab(t, config)
	return l
}

// Messages are taken one at a time until the function says that their order is settled, whoever
// asks for reading on.
func TestNothingIsReadOnBeforeItIsAllowed(t *testing.T) {
	entered, allow, taken := make(chan *Session), make(chan struct{}), make(chan struct{})
	l := newLab(t, Config{OnSession: func(s *Session) {
		s.OnMessage(func(data []byte, _ bool) {
			if string(data) == "next" {
				close(taken)
				return
			}
			entered <- s
			<-allow
			s.AllowReadOn()
			<-taken // the next message
		})
	}})
	ws := l.dial(overWebSocket)
	l.read(ws)
	l.write(ws, "4first", "4next")
	s := <-entered
	s.mu.Lock()
	first := s.reader
	s.mu.Unlock()
	s.ReadOn()
	s.mu.Lock()
	assert.Same(t, first, s.reader, "the reader still runs the function")
	assert.False(t, first.replaced)
	s.mu.Unlock()
	close(allow)
	<-taken
}

func TestAnotherGoroutineReadsOn(t *testing.T) {
	l := waiting(t, Config{})
	ws := l.dial(overWebSocket)
	l.read(ws)
	for range 100 {
		l.write(ws, "4ask", "4go", "4b")
		got := map[string]int{}
		for range 3 {
			got[l.read(ws)]++
		}
		assert.Equal(t, map[string]int{"4ask": 1, "4go": 1, "4b": 1}, got)
	}
}

func TestAnotherGoroutineReadsOnOverPolling(t *testing.T) {
	l := waiting(t, Config{})
	sid := l.open()
	for _, body := range []string{"4ask", "4go"} {
		status, _ := l.post(sid, body)
		assert.Equal(t, 200, status, "the POST is answered while the function waits")
	}
	l.post(sid, "4ask\x1e4go\x1e4b")
	var got []string
	for len(got) < 5 {
		_, body := l.get(sid)
		got = append(got, strings.Split(body, "\x1e")...)
	}
	assert.ElementsMatch(t, []string{"4ask", "4go", "4ask", "4go", "4b"}, got)
}

// When a function blocks without notice, another goroutine reads on at the next heartbeat and
// receives the pong.
func TestTheHeartbeatReadsOnBehindAFunctionThatWaits(t *testing.T) {
	l := waiting(t, Config{PingInterval: 300 * time.Millisecond, PingTimeout: time.Second})
	ws := l.dial(overWebSocket)
	l.read(ws)
	l.write(ws, "4wait", "4go")
	var got []string
	for len(got) < 2 {
		if text := l.read(ws); text != "2" {
			got = append(got, text)
			continue
		}
		l.write(ws, "3")
	}
	assert.ElementsMatch(t, []string{"4wait", "4go"}, got)
}

func TestASessionEndsWhileItsFunctionRuns(t *testing.T) {
	l := waiting(t, Config{})
	ws := l.dial(overWebSocket)
	l.read(ws)
	l.write(ws, "4ask")
	ws.Close()
	l.endsWith(TransportClose)
}

// A client whose bytes the server has chosen not to read is not silent.
func TestAPausedClientIsNotSilent(t *testing.T) {
	for _, transport := range []string{Polling, WebSocket} {
		t.Run(transport, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { pausedClient(t, transport) })
		})
	}
}

func pausedClient(t *testing.T, transport string) {
	const messages = 300
	work, ended := make(chan struct{}), make(chan string, 1)
	server := NewServer(Config{OnSession: func(s *Session) {
		n := 0
		s.OnMessage(func([]byte, bool) {
			if n++; n%10 == 0 { // as a full inbox does
				resume := make(chan struct{})
				s.PauseReading(resume)
				time.AfterFunc(15*time.Second, func() { close(resume) })
			}
			if n == messages {
				close(work)
			}
		})
		s.OnClose(func(reason Reason, err error) { ended <- fmt.Sprint(reason, err) })
	}})
	dial := feedtest.Pipes(t, &http.Server{Handler: server})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return dial(), nil
		}}}
	began := time.Now()
	if transport == WebSocket {
		ws, _, err := (&websocket.Dialer{NetDial: func(string, string) (net.Conn, error) {
			return dial(), nil
		}}).Dial("ws://in.memory/?"+overWebSocket, nil)
		require.NoError(t, err)
		pings := make(chan struct{}, 100)
		go func() {
			defer close(pings)
			for {
				_, data, err := ws.ReadMessage()
				if err != nil {
					return
				}
				if string(data) == "2" {
					pings <- struct{}{}
				}
			}
		}()
		go func() { // answers pings, behind the messages
			for range messages {
				if ws.WriteMessage(websocket.TextMessage, []byte("4x")) != nil {
					return
				}
			}
			for range pings {
				if ws.WriteMessage(websocket.TextMessage, []byte("3")) != nil {
					return
				}
			}
		}()
	} else {
		res, err := client.Get("http://in.memory/?" + overPolling)
		require.NoError(t, err)
		open, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		sid := string(open[len(`0{"sid":"`):][:22])
		go func() {
			res, err := client.Post("http://in.memory/?"+overPolling+"&sid="+sid, "text/plain",
				strings.NewReader(strings.Repeat("4x\x1e", messages-1)+"4x"))
			if err == nil {
				res.Body.Close()
			}
		}()
	}
	select {
	case <-work:
	case end := <-ended:
		t.Error(end)
	}
	assert.Equal(t, (messages/10-1)*15*time.Second, time.Since(began),
		"many times as long as a silent client has")
	synctest.Wait()
	require.NoError(t, server.Close(t.Context()))
}

// A POST whose body is still on the way when the session is upgraded is refused, and
// what it brings does not come between the messages of the WebSocket.
func TestAPostThatAnUpgradeOvertakesIsDropped(t *testing.T) {
	var mu sync.Mutex
	var got []string
	l := newLab(t, Config{OnSession: func(s *Session) {
		s.OnMessage(func(data []byte, _ bool) {
			mu.Lock()
			defer mu.Unlock()
			got = append(got, string(data))
			if string(data) == "last" {
				s.Send(TextMessage([]byte("heard")))
			}
		})
	}})
	sid := l.open()
	body, late := io.Pipe()
	request, err := http.NewRequest("POST", l.http.URL+"/engine.io/?"+overPolling+"&sid="+sid, body)
	require.NoError(t, err)
	answered := make(chan int, 1)
	go func() {
		res, err := l.client.Do(request)
		if err != nil {
			answered <- 0
			return
		}
		res.Body.Close()
		answered <- res.StatusCode
	}()
	_, err = late.Write([]byte("4la"))
	require.NoError(t, err)
	ws := l.dial(overWebSocket + "&sid=" + sid)
	l.write(ws, "2probe")
	require.Equal(t, "3probe", l.read(ws))
	l.write(ws, "5", "4first")
	_, err = late.Write([]byte("te"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(got) == 1
	}, time.Minute, time.Millisecond)
	late.Close()
	assert.Equal(t, http.StatusBadRequest, <-answered)
	l.write(ws, "4last")
	for l.read(ws) != "4heard" {
	}
	assert.Equal(t, []string{"first", "last"}, got)
}
