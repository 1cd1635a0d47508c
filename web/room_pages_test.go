package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/longconn"
	"realtimelab/lessons/longpoll"
	"realtimelab/lessons/websocket"
	"realtimelab/web"
)

// startDemo runs a demo with its page and returns its address.
func startDemo(t *testing.T, l lesson.Lesson, d lesson.Demo) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	running, err := host.Start(host.Config{Lesson: l, Demo: d, Listener: listener, Web: web.Pages, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = running.Close(ctx)
	})
	return "http://" + listener.Addr().String()
}

// eachDemo runs f on the demos of the first three lessons that want accepts, one after the other.
func eachDemo(t *testing.T, want func(name string) bool, f func(t *testing.T, name, url string)) {
	for _, l := range []lesson.Lesson{longpoll.Lesson(), longconn.Lesson(), websocket.Lesson()} {
		for _, d := range l.Demos {
			if want(d.Name) {
				t.Run(d.Name, func(t *testing.T) { f(t, d.Name, startDemo(t, l, d)) })
			}
		}
	}
}

const on = `document.querySelector("#status").classList.contains("good")`

func say(tab *labtest.Tab, text string) {
	labtest.Eval[any](tab, fmt.Sprintf(`{const i = document.querySelector("#text"); i.value = %q; i.form.requestSubmit(); null}`, text))
}

func click(tab *labtest.Tab, id string) {
	labtest.Eval[any](tab, fmt.Sprintf(`document.getElementById(%q).click(), null`, id))
}

// TestRoomPages has two people talk over each transport, one of them goes away, and misses nothing.
func TestRoomPages(t *testing.T) {
	browser := labtest.NewBrowser(t)
	room := func(name string) bool { return name != "ws-echo" }
	eachDemo(t, room, func(t *testing.T, name, url string) {
		ann, bob := browser.Tab(t), browser.Tab(t)
		ann.Viewport(1280, 900)
		for _, tab := range []*labtest.Tab{ann, bob} {
			tab.AllowNetworkErrors()
			tab.Open(url)
			tab.WaitFor(on)
		}
		say(ann, "你好 <b>Bob</b>")
		bob.WaitText("#messages", "你好 <b>Bob</b>")
		ann.WaitText("#messages", "ms")

		click(bob, "stop")
		say(ann, "while you were away")
		say(ann, "and one more")
		ann.WaitText("#messages", "and one more")
		click(bob, "start")
		bob.WaitText("#messages", "and one more")
		bob.WaitText("#account", "3 messages in order. 0 lost, 0 came twice")

		if labtest.Eval[bool](bob, `document.getElementById("cut") !== null`) {
			click(bob, "cut")
			bob.WaitFor("!" + on)
			say(ann, "after the cut")
			bob.WaitText("#messages", "after the cut")
			bob.WaitText("#account", "4 messages in order. 0 lost, 0 came twice")
		}
		shots(ann, name)
	})
}

// shots takes pictures, if somebody wants them with something to see, and asserts that the page fits a phone.
func shots(tab *labtest.Tab, name string) {
	if os.Getenv("LAB_SCREENSHOTS") != "" {
		click(tab, "robot")
		tab.WaitFor(`document.querySelectorAll("#messages li").length > 7`)
	}
	shoot(tab, name)
}

func shoot(tab *labtest.Tab, name string) {
	tab.ColorScheme("light")
	tab.Viewport(1400, 1300)
	tab.Screenshot(name + "-wide-light-en")
	tab.ColorScheme("dark")
	click(tab, "lang")
	tab.WaitFor(`document.documentElement.lang === "zh-CN"`)
	tab.Screenshot(name + "-wide-dark-zh")
	tab.Viewport(390, 2400)
	tab.Screenshot(name + "-narrow-dark-zh")
	tab.WaitFor(`document.documentElement.scrollWidth <= 390`)
	click(tab, "lang")
}

// TestSevenStreams sees the seventh wait for the browser's six connections.
func TestSevenStreams(t *testing.T) {
	browser := labtest.NewBrowser(t)
	streams := func(name string) bool { return name == "hanging" || name == "sse" }
	eachDemo(t, streams, func(t *testing.T, name, url string) {
		tab := browser.Tab(t)
		tab.Viewport(1280, 900)
		tab.Open(url)
		tab.WaitFor(on)
		click(tab, "seven")
		tab.WaitFor(`document.querySelectorAll("#slots .good").length === 5`)
		tab.WaitText("#sevenNote", "1 waits")
		say(tab, "I wait too")
		tab.Screenshot(name + "-seven")
		click(tab, "sevenClose")
		tab.WaitText("#messages", "I wait too")
	})
}

// TestEchoPage sends, bursts and breaks the echo.
func TestEchoPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	echo := func(name string) bool { return name == "ws-echo" }
	eachDemo(t, echo, func(t *testing.T, name, url string) {
		tab := browser.Tab(t)
		tab.AllowNetworkErrors()
		tab.Open(url)
		tab.WaitFor(on)
		say(tab, "Hello")
		tab.WaitText("#messages", "Hello")
		tab.WaitText("#in", "81FIN=1 opcode=105MASK=0 len=548 65 6c 6c 6fpayload")
		click(tab, "burst")
		tab.WaitText("#timeline", "1,000 messages there and back")
		labtest.Eval[any](tab, `[...document.querySelectorAll("#sizes button")].at(-1).click(), null`)
		tab.WaitText("#messages", "65,536 bytes")
		tab.WaitText("#in", "00 00 00 00 00 01 00 00")
		shoot(tab, name)

		for id, said := range map[string]string{"huge": "1009", "close1000": "1000", "close4001": "4001", "cut": "1006"} {
			click(tab, id)
			tab.WaitText("#timeline", "closed: code "+said)
			tab.WaitFor("!" + on)
			click(tab, "connect")
			tab.WaitFor(on)
		}
	})
}
