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
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
	"realtimelab/web"
)

// run serves a demo until the test ends and returns its address.
func run(t *testing.T, name string, lang lesson.Lang) string {
	t.Helper()
	url, end := serveAt(t, name, "127.0.0.1:0", lang)
	t.Cleanup(end)
	return url
}

// serveAt serves a demo on addr until end is called.
func serveAt(t *testing.T, name, addr string, lang lesson.Lang) (url string, end func()) {
	t.Helper()
	l, d := find(t, name)
	listener, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	r, err := host.Start(host.Config{
		Lesson: l, Demo: d, Listener: listener, Client: web.Client(), Web: web.Pages, Lang: lang,
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

func TestBroadcastPage(t *testing.T) {
	url := run(t, "broadcast", lesson.English)
	browser := labtest.NewBrowser(t)
	a, b := browser.Tab(t), browser.Tab(t)
	for _, tab := range []*labtest.Tab{a, b} {
		tab.Open(url)
		tab.WaitFor(`document.getElementById("transport").textContent === "websocket"`)
	}
	a.WaitFor(`document.querySelectorAll("#people li").length === 2`)

	say(a, "all", "one <b>bold</b>")
	say(a, "others", "two")
	say(a, "self", "three")
	say(a, "all", "four")
	a.WaitFor(`document.querySelectorAll("#messages li").length === 3`)
	b.WaitFor(`document.querySelectorAll("#messages li").length === 3`)
	assert.Equal(t, []string{"one <b>bold</b>", "three", "four"}, labtest.Eval[[]string](a, texts))
	assert.Equal(t, []string{"one <b>bold</b>", "two", "four"}, labtest.Eval[[]string](b, texts))

	look(t, a, "broadcast")

	a.WaitFor(`(document.getElementById("cut").click(), true)`)
	a.WaitFor(`document.getElementById("timeline").textContent.includes("forced close")`)
	a.WaitFor(`document.getElementById("transport").textContent === "websocket" && document.getElementById("status").textContent === "connected"`)
	say(b, "all", "five")
	a.WaitFor(`document.querySelectorAll("#messages li").length === 4`)
	assert.Equal(t, "five", labtest.Eval[[]string](a, texts)[3])
	assert.Contains(t, labtest.Eval[string](a, `document.getElementById("source").textContent`), "s.Broadcast().Emit")
}

func TestBroadcastPageInChinese(t *testing.T) {
	url := run(t, "broadcast", lesson.Chinese)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(390, 844)
	tab.Open(url)
	tab.WaitFor(`document.getElementById("status").textContent === "已连接"`)
	assert.Equal(t, "广播", labtest.Eval[string](tab, `document.title`))
	assert.True(t, labtest.Eval[bool](tab, `document.documentElement.scrollWidth <= innerWidth`), "no sideways scrolling")
}
