package engineio

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// held returns the number of bytes that wait for a session.
func (s *Session) held() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.waiting()
}

func TestSlowClientsBounded(t *testing.T) {
	const maxQueue = 1 << 20
	message := TextMessage([]byte(strings.Repeat("x", 1<<14)))
	for name, open := range map[string]func(*lab) (sid string){
		Polling: (*lab).open,
		WebSocket: func(l *lab) string {
			return l.read(l.dial(overWebSocket))[len(`0{"sid":"`):][:22]
		},
	} {
		t.Run(name, func(t *testing.T) {
			var all sync.Map // *Session to its end's error
			l := newLab(t, Config{MaxQueue: maxQueue, OnSession: func(s *Session) {
				all.Store(s, nil)
				s.OnClose(func(reason Reason, err error) {
					all.Store(s, fmt.Errorf("%s: %w", reason, err))
				})
			}})
			slow := l.server.session(open(l))
			quick := l.dial(overWebSocket)
			l.read(quick)

			var err error
			sent := 0
			for ; err == nil && sent < 10_000; sent++ {
				all.Range(func(s, _ any) bool {
					if s == slow {
						err = slow.Enqueue(message)
					} else {
						require.NoError(t, s.(*Session).Enqueue(message))
					}
					return true
				})
				assert.LessOrEqual(t, slow.held(), maxQueue)
				assert.Equal(t, 1<<14+1, len(l.read(quick)), "the other does not wait")
			}
			assert.ErrorIs(t, err, ErrSlowClient)
			require.Eventually(t, func() bool {
				end, _ := all.Load(slow)
				return end != nil
			}, time.Minute, time.Millisecond)
			end, _ := all.Load(slow)
			assert.ErrorIs(t, end.(error), ErrSlowClient)
			assert.ErrorContains(t, end.(error), string(TransportError))
			assert.ErrorIs(t, slow.Enqueue(message), ErrClosed)
			assert.Equal(t, 1, l.server.Len())
		})
	}
}

func TestOnePostASecondEndsTheSession(t *testing.T) {
	l := newLab(t, Config{})
	sid := l.open()
	body, write := io.Pipe()
	defer write.Close()
	first := make(chan error, 1)
	go func() {
		res, err := l.client.Post(l.http.URL+"/?"+overPolling+"&sid="+sid, "text/plain", body)
		if err == nil {
			res.Body.Close()
			err = fmt.Errorf("status %d", res.StatusCode)
		}
		first <- err
	}()
	_, err := write.Write([]byte("4never"))
	require.NoError(t, err)
	session := l.server.session(sid)
	require.Eventually(t, func() bool {
		session.mu.Lock()
		defer session.mu.Unlock()
		return session.transport.(*polling).posting
	}, 10*time.Second, time.Millisecond)

	status, _ := l.post(sid, "4second")
	assert.Equal(t, 400, status)
	l.endsWith(TransportError)
	assert.Error(t, <-first, "the first does not hold its connection")
	_, answer := l.post(sid, "4third")
	assert.Contains(t, answer, `"code":1`)
}

func TestABodyThatDoesNotComeEndsWithItsSession(t *testing.T) {
	l := newLab(t, Config{PingInterval: 50 * time.Millisecond, PingTimeout: 50 * time.Millisecond})
	c := l.rude()
	defer c.conn.Close()
	fmt.Fprintf(c.conn,
		"POST /?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: lab\r\n"+
			"Content-Length: 100\r\n\r\n4abc", c.handshake(t))
	l.endsWith(PingTimeout)
	c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := io.ReadAll(c.read)
	assert.NoError(t, err, "the server closes the connection")
}

func TestCloseAbortsABodyThatIsOnItsWay(t *testing.T) {
	l := newLab(t, Config{})
	c := l.rude()
	defer c.conn.Close()
	sid := c.handshake(t)
	fmt.Fprintf(c.conn,
		"POST /?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: lab\r\n"+
			"Content-Length: 100\r\n\r\n4abc", sid)
	session := l.server.session(sid)
	require.Eventually(t, func() bool {
		session.mu.Lock()
		defer session.mu.Unlock()
		return session.transport.(*polling).upload != nil
	}, 10*time.Second, time.Millisecond)
	session.Close()
	l.endsWith(ForcedClose)
	c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	_, err := io.ReadAll(c.read)
	assert.NoError(t, err, "the server closes the connection")
}

// unsized hides a body's length, so that it is sent in chunks.
type unsized struct{ io.Reader }

func TestMaxPayloadOfChunkedBodies(t *testing.T) {
	l := newLab(t, Config{MaxPayload: 100_000})
	sid := l.open()
	post := func(body io.Reader) (int, error) {
		res, err := l.client.Post(l.http.URL+"/?"+overPolling+"&sid="+sid, "text/plain",
			unsized{body})
		if err != nil {
			return 0, err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if res.StatusCode == http.StatusRequestEntityTooLarge {
			assert.Empty(t, text)
		}
		return res.StatusCode, err
	}
	exact := append([]byte("4"), bytes.Repeat([]byte("x"), 99_999)...)
	status, err := post(bytes.NewReader(exact))
	require.NoError(t, err)
	assert.Equal(t, 200, status)
	_, body := l.get(sid)
	assert.Equal(t, string(exact), body)
	status, err = post(bytes.NewReader(append(exact, 'x')))
	require.NoError(t, err)
	assert.Equal(t, 413, status)
	l.endsWith(TransportError)
	sid = l.open()
	if status, err = post(endless{}); err == nil { // else cut while still sending
		assert.Equal(t, 413, status)
	}
	l.endsWith(TransportError)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Small messages cost more than their bytes while they wait.
func TestPingFramesOfASlowClientAreBounded(t *testing.T) {
	need.Time(t)
	const maxQueue = 1 << 20
	l := newLab(t, Config{MaxQueue: maxQueue})
	c := l.rude()
	defer c.conn.Close()
	// or the kernel takes more and more
	require.NoError(t, c.conn.(*net.TCPConn).SetReadBuffer(1<<14))
	c.upgrade(t, "transport=websocket")
	var session *Session
	l.server.mu.Lock()
	for _, session = range l.server.sessions {
	}
	l.server.mu.Unlock()
	message := TextMessage(make([]byte, 1<<14))
	for settled := 0; settled < 10; settled++ {
		// more than the kernel takes, whose buffers grow for a while
		for session.held() < maxQueue/2 {
			require.NoError(t, session.Send(message))
			settled = 0
		}
		time.Sleep(20 * time.Millisecond)
	}
	pings := bytes.Repeat([]byte{0x89, 0x80, 0, 0, 0, 0}, 1000)
	require.NoError(t, c.conn.SetWriteDeadline(time.Now().Add(time.Minute)))
	for range 1000 {
		if _, err := c.conn.Write(pings); err != nil {
			break
		}
		session.mu.Lock()
		waiting := len(session.out.messages)
		session.mu.Unlock()
		require.Less(t, waiting*(int(unsafe.Sizeof(Message{}))+8), 2*maxQueue)
	}
	l.endsWith(TransportError)
}
