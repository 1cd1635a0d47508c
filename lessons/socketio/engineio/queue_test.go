package engineio

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func text(n int) *Message { return TextMessage([]byte(strings.Repeat("x", n-messageCost))) }

func TestQueueKeepsTheOrderAndBoundsAWrite(t *testing.T) {
	q := queue{limit: 1 << 20, stall: time.Second}
	var all []*Message
	for i := range 300 {
		all = append(all, text(1000+i))
		require.NoError(t, q.add(all[i]))
	}
	var got []*Message
	for len(q.messages) > 0 {
		batch := q.take(maxWrite)
		size := 0
		for _, m := range batch {
			size += m.cost()
		}
		assert.LessOrEqual(t, size, maxWrite)
		assert.Equal(t, size, q.inFlight)
		got = append(got, batch...)
		q.done(batch)
	}
	assert.Equal(t, all, got)
	assert.Zero(t, q.waiting())

	large := text(10 * maxWrite)
	require.NoError(t, q.add(large))
	assert.Equal(t, []*Message{large}, q.take(maxWrite), "a larger message goes alone")
}

func TestQueueBounds(t *testing.T) {
	q := queue{limit: 10_000, stall: time.Hour}
	require.NoError(t, q.add(text(20_000)), "a single message may be larger")
	assert.Equal(t, ErrSlowClient, q.add(text(100)))

	q = queue{limit: 10_000, stall: time.Hour}
	for range 10 {
		require.NoError(t, q.add(text(1000)))
	}
	batch := q.take(5000)
	q.done(batch)
	for range 5 {
		require.NoError(t, q.add(text(1000)))
	}
	q.take(5000)
	assert.Equal(t, ErrSlowClient, q.add(text(100)), "what is being written counts")
}

// A client that keeps taking something is not slow, however much waits.
func TestQueueBoundsTheTimeWithoutProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := queue{limit: 16_000, stall: 10 * time.Second}
		for range 10 {
			require.NoError(t, q.add(text(1000)))
		}
		for range 10 {
			time.Sleep(9 * time.Second)
			require.NoError(t, q.add(text(100)))
			q.progress()
		}
		require.NoError(t, q.add(text(100)))
		time.Sleep(11 * time.Second)
		assert.Equal(t, ErrSlowClient, q.add(text(100)))
	})
}

// A burst of one handler reaches a client that reads: official clients get a history so.
func TestABurstOverTheOldBoundArrives(t *testing.T) {
	const messages = 20
	large := strings.Repeat("x", 1<<20)
	for _, transport := range []string{Polling, WebSocket} {
		t.Run(transport, func(t *testing.T) {
			queued, flushed := make(chan struct{}), make(chan error, 1)
			l := newLab(t, Config{OnSession: func(s *Session) {
				s.OnMessage(func([]byte, bool) {
					s.AllowReadOn()
					for i := range messages {
						s.Send(TextMessage([]byte(fmt.Sprintf("%02d%s", i, large))))
					}
					if transport == Polling {
						assert.Greater(t, s.Queued(), 19<<20)
					}
					close(queued)
					ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
					defer cancel()
					flushed <- s.Flush(ctx)
				})
			}})
			var next func() string
			if transport == WebSocket {
				ws := l.dial(overWebSocket)
				l.read(ws)
				l.write(ws, "4go")
				next = func() string { return l.read(ws) }
			} else {
				sid := l.open()
				l.post(sid, "4go")
				<-queued // before the first poll
				var packets []string
				next = func() string {
					if len(packets) == 0 {
						_, body := l.get(sid)
						packets = strings.Split(body, "\x1e")
					}
					first := packets[0]
					packets = packets[1:]
					return first
				}
			}
			for i := range messages {
				require.Equal(t, fmt.Sprintf("4%02d", i), next()[:3])
			}
			assert.NoError(t, <-flushed, "Flush waits until the client has all")
		})
	}
}

func TestFlushEndsWithTheSession(t *testing.T) {
	l := newLab(t, Config{})
	session := l.server.session(l.open())
	require.NoError(t, session.Send(TextMessage([]byte("nobody polls"))))
	short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	assert.ErrorIs(t, session.Flush(short), context.DeadlineExceeded)
	go session.end(TransportClose, nil)
	assert.ErrorIs(t, session.Flush(t.Context()), ErrClosed)
	assert.ErrorIs(t, session.Flush(t.Context()), ErrClosed, "after the end, too")
}

// Nobody waits for messages that a broken connection cannot take any more.
func TestNobodyWaitsForABrokenConnection(t *testing.T) {
	sessions := make(chan *Session, 1)
	ended := make(chan Reason, 1)
	l := newLab(t, Config{OnSession: func(s *Session) {
		s.OnClose(func(reason Reason, _ error) { ended <- reason })
		sessions <- s
	}})
	c := dialBench(t, l.http.Listener.Addr().String())
	session := <-sessions
	// more than the kernel takes
	require.NoError(t, session.Send(TextMessage(make([]byte, 32<<20))))
	c.conn.(*net.TCPConn).SetLinger(0)
	c.conn.Close()
	<-ended
	assert.ErrorIs(t, session.Flush(t.Context()), ErrClosed)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, l.server.Close(ctx), "the reader's goroutine has ended")
	select {
	case <-session.written():
	case <-ctx.Done():
		t.Fatal("written is never closed")
	}
}
