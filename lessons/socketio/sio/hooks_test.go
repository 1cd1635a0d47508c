package sio_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/lessons/socketio/engineio"
	"realtimelab/lessons/socketio/sio"
)

// hooks records the calls of a server's hooks.
type hooks struct {
	mu   sync.Mutex
	told []string
}

func (h *hooks) tell(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told = append(h.told, fmt.Sprintf(format, args...))
}

func (h *hooks) list() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string{}, h.told...)
}

func (h *hooks) config() sio.Hooks {
	return sio.Hooks{
		Connected: func(c sio.Conn) { h.tell("connected %s", c.Transport()) },
		Disconnected: func(c sio.Conn, reason sio.Reason, err error) {
			h.tell("disconnected %s: %s: %v", c.Transport(), reason, err)
		},
		Received: func(s *sio.Socket, name string, size int) {
			h.tell("received %s%s %d", s.Namespace().Name(), name, size)
		},
		Sent: func(n *sio.Namespace, name string, size, sockets int) {
			h.tell("sent %s%s %d to %d", n.Name(), name, size, sockets)
		},
	}
}

func TestHooks(t *testing.T) {
	for name, recovery := range map[string]*sio.Recovery{"plain": nil, "with recovery": {}} {
		t.Run(name, func(t *testing.T) {
			var h hooks
			io, url := serve(t, sio.Config{Hooks: h.config(), Recovery: recovery})
			io.OnConnection(func(s *sio.Socket) {
				s.On("all", func(b []byte) { io.Emit("one", b) })
				s.On("me", func(ack sio.Ack) {
					s.Emit("two")
					ack("an acknowledgement is not an event")
				})
				s.On("ask", func() { s.EmitWithAck(t.Context(), "three", 1) })
				s.On("ask all", func() { io.EmitWithAck(t.Context(), "four"); s.Emit("end") })
			})
			join := func() peer {
				p := dial(t, url)
				p.write("40")
				require.Regexp(t, `^40\{"sid":"[\w-]{20}"`, p.read())
				return p
			}
			a, b := join(), join()
			a.write(`451-["all",{"_placeholder":true,"num":0}]`)
			require.NoError(t, a.WriteMessage(2, []byte("bytes")))
			for _, p := range []peer{a, b} {
				assert.Contains(t, p.read(), `51-["one"`)
				assert.Equal(t, "bytes", p.read())
			}
			a.write(`42["unknown"]`, `420["me"]`)
			assert.Contains(t, a.read(), `42["two"`)
			assert.Contains(t, a.read(), `430[`)
			a.write(`42["ask"]`)
			assert.Equal(t, `420["three",1]`, a.read())
			a.write(`430[]`, `42["ask all"]`)
			assert.Equal(t, `421["four"]`, a.read())
			assert.Equal(t, `421["four"]`, b.read())
			a.write(`431[]`)
			b.write(`431[]`)
			assert.Contains(t, a.read(), `42["end"`)
			b.write("40") // twice
			b.isClosed()
			a.Conn.Close()
			require.Eventually(t, func() bool {
				return len(h.list()) == 14
			}, time.Minute, time.Millisecond, "%q", h.list())
			offset := 0 // the argument that recovery adds
			if recovery != nil {
				offset = len(`,"12345678x"`)
			}
			assert.ElementsMatch(t, []string{
				"connected websocket", "connected websocket",
				"received /all 42", fmt.Sprintf("sent /one %d to 2", 42+offset),
				"received /unknown 11",
				"received /me 6", fmt.Sprintf("sent /two %d to 1", 7+offset),
				"received /ask 7", "sent /three 11 to 1",
				"received /ask all 11", "sent /four 8 to 2",
				fmt.Sprintf("sent /end %d to 1", 7+offset),
				"disconnected websocket: forced close: sio: CONNECT to a " +
					"namespace that was joined before",
				"disconnected websocket: transport close: websocket: close 1006 " +
					"(abnormal closure): unexpected EOF",
			}, h.list())
		})
	}
}

// A client that does not read is closed, and the hook can tell it from the others.
func TestHooksNameASlowClient(t *testing.T) {
	slow := make(chan bool, 1)
	io, url := serve(t, sio.Config{
		Engine: engineio.Config{MaxQueue: 1 << 20},
		Hooks: sio.Hooks{Disconnected: func(_ sio.Conn, _ sio.Reason, err error) {
			slow <- errors.Is(err, engineio.ErrSlowClient)
		}},
	})
	join(t, url)
	text := strings.Repeat("x", 1<<19)
	for range 1000 {
		if io.Emit("burst", text); io.Clients() == 0 {
			break
		}
	}
	assert.True(t, <-slow)
}

func TestAHookMayPanic(t *testing.T) {
	var log locked.Buffer
	io, url := serve(t, sio.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Hooks: sio.Hooks{
		Connected:    func(sio.Conn) { panic("connected") },
		Disconnected: func(sio.Conn, sio.Reason, error) { panic("disconnected") },
		Received:     func(*sio.Socket, string, int) { panic("received") },
		Sent:         func(*sio.Namespace, string, int, int) { panic("sent") },
	}})
	io.OnConnection(func(s *sio.Socket) {
		s.On("echo", func(text string) { s.Emit("echo", text); io.Emit("echo", text) })
	})
	a := join(t, url)
	a.write(`42["echo","a"]`)
	assert.Equal(t, `42["echo","a"]`, a.read())
	assert.Equal(t, `42["echo","a"]`, a.read())
	a.Conn.Close()
	for _, hook := range []string{"connected", "disconnected", "received", "sent"} {
		assert.Eventually(t, func() bool {
			return strings.Contains(log.String(), "panic="+hook)
		}, time.Minute, time.Millisecond, hook)
	}
}

// Without hooks, they cost no allocation.
func TestHooksCostNothing(t *testing.T) {
	measure := func(h sio.Hooks) float64 {
		io, url := serve(t, sio.Config{Log: slog.New(slog.DiscardHandler), Hooks: h})
		join(t, url)
		return testing.AllocsPerRun(100, func() { io.To("nobody").Emit("event", 1) })
	}
	assert.Less(t, measure(sio.Hooks{}),
		measure(sio.Hooks{Sent: func(*sio.Namespace, string, int, int) {}}))
}

// An error of an event goes to OnError, or to the log without such a function.
func TestAnErrorIsToldOnce(t *testing.T) {
	for name, listens := range map[string]bool{"OnError": true, "log": false} {
		t.Run(name, func(t *testing.T) {
			var log locked.Buffer
			io, url := serve(t, sio.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
			told := make(chan error, 1)
			io.OnConnection(func(s *sio.Socket) {
				if listens {
					s.OnError(func(err error) { told <- err })
				}
				s.On("number", func(n int) error { return nil })
				s.On("sync", func(ack sio.Ack) { ack() })
			})
			a := join(t, url)
			a.write(`42["number","x"]`, `420["sync"]`)
			assert.Equal(t, `430[]`, a.read())
			assert.Equal(t, listens, len(told) == 1)
			assert.Equal(t, !listens, strings.Contains(log.String(), "event refused"), log.String())
		})
	}
}
