// Package pages drives the demos' pages in a real browser.
package pages

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/web"
)

// teacher is the key of every demo here.
var teacher = host.NewKey()

// run serves a demo until the test ends and returns its address.
func run(t *testing.T, name string, language lang.Lang) string {
	t.Helper()
	url, end := serveAt(t, name, "127.0.0.1:0", language)
	t.Cleanup(end)
	return url
}

// serveAt serves a demo on addr until end is called.
func serveAt(t *testing.T, name, addr string, language lang.Lang) (url string, end func()) {
	t.Helper()
	l, d := find(t, name)
	listener, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	r, err := host.Start(host.Config{
		Lesson: l, Demo: d, Course: lessons.All(), Listener: listener, Web: web.Pages,
		Lang: language, Key: teacher,
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	return "http://" + listener.Addr().String(), func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	}
}

func find(t *testing.T, name string) (lesson.Lesson, lesson.Demo) {
	t.Helper()
	only(t, name)
	l, d, ok := lesson.FindDemo(lessons.All(), name)
	require.True(t, ok, "no demo %s", name)
	return l, d
}

const texts = `[...document.querySelectorAll("#messages li span")].map((e) => e.textContent)`

func say(tab *labtest.Tab, whom, text string) {
	labtest.Eval[bool](tab, `(() => {
		document.querySelector("[name=whom][value=`+whom+`]").click();
		document.getElementById("text").value = "`+text+`";
		document.getElementById("send").click();
		return true;
	})()`)
}

// bothWindows waits until the page of broadcast and its second window are connected over a
// WebSocket.
func bothWindows(tab *labtest.Tab) {
	tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
	tab.WaitFor(
		`document.getElementById("peer").contentDocument?.getElementById("transport")?.textContent === "websocket"`)
}

// aborted waits until the page says that its WebSocket was aborted. Chromium reports a close with
// 1006; Firefox and WebKit fire an error first. ../browserclient compares the client's reaction
// with the official client's.
func aborted(tab *labtest.Tab) {
	tab.WaitText("#timeline", map[labtest.Engine]string{
		labtest.Chromium: "transport close, close code 1006",
		labtest.Firefox:  "disconnected: transport error",
		labtest.WebKit:   "disconnected: transport error",
	}[tab.Engine()])
}

func TestBroadcastPage(t *testing.T) { labtest.InEveryEngine(t, broadcastPage) }

func broadcastPage(t *testing.T, browser *labtest.Browser) {
	url := run(t, "broadcast", lang.English)
	a, b := browser.Tab(t), browser.Tab(t)
	a.AllowNetworkErrors() // its connection is cut
	for _, tab := range []*labtest.Tab{a, b} {
		tab.Open(url)
		tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
	}
	// each page has a second window
	a.WaitFor(`document.querySelectorAll("#people li").length === 4`)

	say(a, "all", "one <b>bold</b>")
	say(a, "others", "two")
	say(a, "self", "three")
	say(a, "all", "four")
	a.WaitFor(`document.querySelectorAll("#messages li:not(.wait)").length === 3`)
	b.WaitFor(`document.querySelectorAll("#messages li").length === 3`)
	a.WaitFor(inPeer + `document.querySelectorAll("#messages li").length === 3` +
		`)(document.getElementById("peer").contentDocument)`)
	assert.ElementsMatch(t, []string{"one <b>bold</b>", "two", "three", "four"},
		labtest.Eval[[]string](a, texts))
	a.WaitText("#messages .wait", "sent to the others, not to you")
	assert.Equal(t, []string{"one <b>bold</b>", "two", "four"}, labtest.Eval[[]string](b, texts))
	assert.Equal(t, []string{"one <b>bold</b>", "two", "four"},
		labtest.Eval[[]string](a, inPeer+texts+
			`)(document.getElementById("peer").contentDocument)`))

	a.WaitFor(`(document.getElementById("cut").click(), true)`)
	aborted(a)
	a.WaitFor(`document.getElementById("transport").textContent === "websocket" && document.getElementById("status").textContent === "connected"`)
	say(b, "all", "five")
	a.WaitFor(`document.querySelectorAll("#messages li").length === 5`)
	assert.Equal(t, "five", labtest.Eval[[]string](a, texts)[4])
	assert.Contains(t, labtest.Eval[string](a, `document.getElementById("source").textContent`),
		"s.Broadcast().Emit")
	assert.Contains(t, labtest.Eval[string](a, `document.getElementById("client").textContent`),
		`socket.emit("chat message others", message)`)
}

// inPeer begins an expression about the document of the page's second window.
const inPeer = `((document) => `

// TestALineFiltersTheWire: a click on a line of code, on either side, shows only the packets of its
// event.
func TestALineFiltersTheWire(t *testing.T) {
	tab := open(t, labtest.NewBrowser(t), run(t, "broadcast", lang.English))
	bothWindows(tab)
	const all, down = `document.querySelectorAll("#ladder .arrow").length`,
		`document.querySelectorAll("#ladder .arrow.down").length`
	line := func(side, text string) string {
		return `[...document.querySelectorAll("#` + side +
			` .line[role=button]")].find((e) => e.textContent.includes(` + quote(text) + `))`
	}
	say(tab, "others", "two")
	tab.WaitFor(
		`document.querySelector("#ladder .other.down title")?.textContent !== undefined && ` +
			all + ` > 8`)
	tab.WaitFor(`(` + line("client", "chat message others") + `.click(), ` + all + ` === 1)`)
	assert.Equal(t, "only chat message others ✕", textOf(tab, "#only"))
	tab.WaitFor(`(` + line("source", `Broadcast().Emit("chat message"`) +
		`.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter" })), true)`)
	tab.WaitFor(all + ` === 1 && ` + down + ` === 1`)
	press(tab, "#only")
	tab.WaitFor(all + ` > 8 && document.getElementById("only").hidden`)
}

// TestAnArrowOpensTheXray: a click on an arrow of the ladder opens its message in the x-ray.
func TestAnArrowOpensTheXray(t *testing.T) {
	tab := open(t, labtest.NewBrowser(t), run(t, "broadcast", lang.English))
	bothWindows(tab)
	say(tab, "all", "take me apart")
	arrow := func(way string) string {
		return `[...document.querySelectorAll("#ladder .me.` + way +
			` .packet")].find((e) => e.textContent.startsWith('42["chat message"'))`
	}
	for _, way := range []string{"up", "down"} {
		tab.WaitFor(arrow(way) + `?.dispatchEvent(new MouseEvent("click", { bubbles: true }))`)
		tab.WaitText("#x-anatomy", "take me apart")
	}
	assert.Positive(t, labtest.Eval[int](tab, `scrollY`))
}

// TestBroadcastBuffers: messages sent while disconnected are visible as waiting, and go out on the
// next connection.
func TestBroadcastBuffers(t *testing.T) { labtest.InEveryEngine(t, broadcastBuffers) }

func broadcastBuffers(t *testing.T, browser *labtest.Browser) {
	tab := open(t, browser, run(t, "broadcast", lang.English))
	press(tab, "#disconnect")
	tab.WaitText("#send", "Send later")
	say(tab, "all", "patient")
	tab.WaitText("#messages .wait", "buffered")
	tab.WaitText("#buffer", "In the client's buffer: 1")
	press(tab, "#reconnect")
	tab.WaitFor(
		`document.querySelector("#messages .wait") === null && document.getElementById("buffer").textContent === ""`)
	tab.WaitText("#messages li", "patient")
	tab.WaitText("#messages small", "back after")
	assert.Equal(t, "Send", textOf(tab, "#send"))
}

func TestBroadcastPageInChinese(t *testing.T) {
	url := run(t, "broadcast", lang.Chinese)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(390, 844)
	tab.Open(url)
	tab.WaitFor(`document.getElementById("status").textContent === "已连接"`)
	assert.Equal(t, "广播 · 实时通信实验室", labtest.Eval[string](tab, `document.title`))
	assert.True(t, labtest.Eval[bool](tab, `document.documentElement.scrollWidth <= innerWidth`),
		"no sideways scrolling")
}

// TestBroadcastOnAPhone: each tab of the page can be read and used.
func TestBroadcastOnAPhone(t *testing.T) {
	tab := open(t, labtest.NewBrowser(t), run(t, "broadcast", lang.English))
	bothWindows(tab)
	say(tab, "all", "hello")
	tab.WaitText("#messages small", "back after")
	tab.Viewport(390, 844)
	for value, part := range map[string]string{"do": "#text", "wire": "#cut", "code": "#source pre",
		"why": ".traps li"} {
		press(tab, "#tabs [value="+value+"]")
		tab.WaitFor(`document.querySelector(` + quote(part) +
			`).checkVisibility() && document.querySelectorAll("#tabs [aria-pressed=true]").length === 1`)
		for _, scheme := range []string{"light", "dark"} {
			tab.ColorScheme(scheme)
			tab.WaitFor(`document.getAnimations().length === 0`)
			assert.Empty(t, labtest.Eval[[]string](tab, faults), value)
			tab.Screenshot("broadcast-phone-" + value + "-" + scheme)
		}
	}
}

// TestIdleStageDrawsNothing: while the wire is idle, the page's document does not change.
func TestIdleStageDrawsNothing(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, s := range stages {
		if s.demo == "reconnect" || s.demo == "short-polling" {
			continue // whose wire is never idle
		}
		t.Run(s.demo, func(t *testing.T) {
			t.Parallel()
			var tab *labtest.Tab
			if url := run(t, s.demo, lang.English); s.demo == "login" {
				// no client is connected there before a login
				tab = browser.Tab(t)
				tab.Open(url)
			} else {
				tab = open(t, browser, url)
			}
			s.ready(tab)
			drawsNothing(t, tab)
		})
	}
}

// drawsNothing asserts that the document stops changing, for as long as six of the x-ray's counters
// take, which come twice a second.
func drawsNothing(t *testing.T, tab *labtest.Tab) {
	changed := labtest.Eval[[]string](tab, `new Promise((done) => {
		let [changed, still, counters] = [[], 0, 0];
		const note = (all) => changed.push(...all.map(({ target, type }) => type + " " + (target.id || target.parentElement?.id || target.nodeName)));
		const observer = new MutationObserver(note);
		observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
		new WebSocket(location.origin.replace("http", "ws") + "/lab/xray").onmessage = ({ data }) => {
			if (!JSON.parse(data).counters) return;
			note(observer.takeRecords());
			still = changed.length === 0 ? still + 1 : 0;
			if (still === 6 || ++counters === 60) done(changed);
			changed = [];
		};
	})`)
	assert.Empty(t, changed)
}
