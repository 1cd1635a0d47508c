//go:build exercise

package doubledlistener_test

import (
	"slices"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/doubled-listener"
)

type socket struct {
	connect   []func()
	listeners map[string][]func(string)
	emitted   []string
}

func newSocket() *socket { return &socket{listeners: map[string][]func(string){}} }

func (s *socket) OnConnect(f func()) { s.connect = append(s.connect, f) }
func (s *socket) On(event string, f func(text string)) {
	s.listeners[event] = append(s.listeners[event], f)
}
func (s *socket) Off(event string)        { delete(s.listeners, event) }
func (s *socket) Emit(event, text string) { s.emitted = append(s.emitted, event+" "+text) }

func (s *socket) connects() {
	for _, f := range slices.Clone(s.connect) {
		f()
	}
}

func (s *socket) receives(text string) {
	for _, f := range slices.Clone(s.listeners["chat message"]) {
		f(text)
	}
}

func TestFirstConnect(t *testing.T) {
	s, shown := newSocket(), 0
	Start(s, "ann", func(string) { shown++ })
	s.connects()
	s.receives("hi")
	check.Value(t, "shown", shown, 1, "After the first connect a message comes: the page shows it once.", "第一次连上之后来了一条消息：页面显示一次。")
	check.Value(t, "emitted", len(s.emitted), 1, "The page says hello when it is connected.", "连上之后，页面要打招呼。")
}

func TestReconnect(t *testing.T) {
	s, shown := newSocket(), 0
	Start(s, "ann", func(string) { shown++ })
	for range 3 {
		s.connects()
	}
	s.receives("hi")
	if shown == 0 {
		check.Fail(t, "After the third connect a message came, and the page did not show it: its listener is gone.", "第三次连上之后来了一条消息，页面没有显示：监听器没了。")
	}
	check.Value(t, "shown", shown, 1, "One message after the third connect: each connect has added another listener.", "第三次连上之后的一条消息：每次连上都又加了一个监听器。")
	s.receives("ho")
	check.Value(t, "shown", shown, 2, "Two messages came, and both must be shown.", "来了两条消息，两条都要显示。")
	check.Value(t, "hellos", len(s.emitted), 3, "Three connects, and to the server each is a new page: it must be greeted each time.", "连了三次，对服务器来说每次都是新页面：每次都要打招呼。")
}

func TestOthersListenToo(t *testing.T) {
	s, rang := newSocket(), 0
	s.On("chat message", func(string) { rang++ })
	Start(s, "ann", func(string) {})
	s.connects()
	s.connects()
	s.receives("hi")
	check.Value(t, "bell rang", rang, 1, "Another part of the page rings a bell at each message. Off removes the listeners of everybody.", "页面的另一部分每来一条消息就响一次铃。Off 会移除所有人的监听器。")
}
