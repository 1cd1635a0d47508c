//go:build exercise

package doubledlistener_test

import (
	"fmt"
	"slices"
	"testing"

	"realtimelab/internal/exercise/check"
	. "realtimelab/lessons/socketio/exercises/doubled-listener"
)

type socket struct {
	connect   []func()
	listeners map[string][]func(string)
	emitted   []string
	connected bool
	early     bool // something was emitted before the first connect
}

func newSocket() *socket { return &socket{listeners: map[string][]func(string){}} }

func (s *socket) OnConnect(f func()) { s.connect = append(s.connect, f) }
func (s *socket) On(event string, f func(text string)) {
	s.listeners[event] = append(s.listeners[event], f)
}
func (s *socket) Off(event string) { delete(s.listeners, event) }
func (s *socket) Emit(event, text string) {
	s.emitted = append(s.emitted, event+" "+text)
	s.early = s.early || !s.connected
}

func (s *socket) connects() {
	s.connected = true
	for _, f := range slices.Clone(s.connect) {
		f()
	}
}

func (s *socket) receives(texts ...string) {
	for _, text := range texts {
		for _, f := range slices.Clone(s.listeners["chat message"]) {
			f(text)
		}
	}
}

// page is a page that has been started, and what it shows.
type page struct {
	*socket
	shown []string
}

func start() *page {
	p := &page{socket: newSocket()}
	Start(p.socket, "ann", func(text string) { p.shown = append(p.shown, text) })
	return p
}

// shows fails unless the page has shown these texts.
func (p *page) shows(t *testing.T, en, zh string, want ...string) {
	t.Helper()
	check.Value(t, "shown", fmt.Sprintf("%q", p.shown), fmt.Sprintf("%q", want), en, zh)
}

func TestFirstConnect(t *testing.T) {
	p := start()
	p.connects()
	p.receives("hi")
	p.shows(t, "After the first connect a message comes: the page shows it once.",
		"第一次连上之后来了一条消息：页面显示一次。", "hi")
	check.Value(t, "emitted", fmt.Sprintf("%q", p.emitted), `["hello ann"]`,
		"The page says hello to the server, with its name, when it is connected.",
		"连上之后，页面要向服务器打招呼，带上名字。")
	if p.early {
		check.Fail(t, "The page says hello before it is connected, so the server never gets it.",
			"还没连上就打招呼：没人听得见。")
	}
}

func TestAfterLunch(t *testing.T) {
	p := start()
	p.connects()
	p.connects()
	p.receives("hi")
	if len(p.shown) == 0 {
		check.Fail(t, "After the second connect a message came, and the page did not show it.",
			"第二次连上之后来了一条消息，页面没有显示。")
	}
	p.shows(t, "The Wi-Fi broke and came back. Then one message came, and the page shows this.",
		"Wi-Fi 断了又恢复。然后来了一条消息，页面显示的是这些。", "hi")
	p.connects()
	p.shown = nil
	p.receives("one", "two")
	p.shows(t, "The Wi-Fi broke again. Then two messages came: both must be shown, once each.",
		"Wi-Fi 又断了一次。然后来了两条消息：两条都要显示，各一次。", "one", "two")
}

func TestTwoSayTheSame(t *testing.T) {
	p := start()
	p.connects()
	p.connects()
	p.receives("ok", "ok", "bye", "ok")
	p.shows(t, "Ann says ok, then Bob says ok, and later Cy: these are different "+
		"messages, though the text is the same.",
		"Ann 说 ok，Bob 也说 ok，后来 Cy 又说：内容相同，却是不同的消息。", "ok", "ok", "bye", "ok")
}

func TestHellos(t *testing.T) {
	p := start()
	for range 3 {
		p.connects()
	}
	check.Value(t, "emitted", fmt.Sprintf("%q", p.emitted), `["hello ann" "hello ann" "hello ann"]`,
		"Three connects, and to the server each is a new page: it needs a hello each time.",
		"连了三次，对服务器来说每次都是新页面：每次都要打招呼。")
}

// size returns how many functions the socket keeps.
func (s *socket) size() int {
	n := len(s.connect)
	for _, listeners := range s.listeners {
		n += len(listeners)
	}
	return n
}

func TestAWeek(t *testing.T) {
	p := start()
	for range 10 {
		p.connects()
	}
	before := p.size()
	for range 990 {
		p.connects()
	}
	if n := p.size(); n > before {
		check.Fail(t,
			"The page stays open for a week. After 10 connects its socket keeps %d functions, "+
				"after 1000 connects %d: functions that do nothing are kept, too.",
			"页面开了一个星期。连了 10 次之后，它的 socket 留着 %d 个函数，1000 次之后是 %d 个："+
				"什么都不做的那些也占着位置。", before, n)
	}
}

func TestOthersListenToo(t *testing.T) {
	s, rang := newSocket(), 0
	s.On("chat message", func(string) { rang++ })
	Start(s, "ann", func(string) {})
	s.connects()
	s.connects()
	s.receives("hi")
	check.Value(t, "bell rang", rang, 1,
		"Another part of the page rings a bell at each message. Off "+
			"removes the listeners of everybody.",
		"页面的另一部分每来一条消息就响一次铃。Off 会移除所有人的监听函数。")
}
