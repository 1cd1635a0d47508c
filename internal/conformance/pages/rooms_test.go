package pages

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/feed"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/websocket"
)

// room is a demo that is a chat room, with what its page offers to break.
type room struct {
	demo  string
	cut   string // the button that breaks the connection or the next answer
	broke string // what the page then says happened
}

var rooms = []room{
	{demo: "short-polling", cut: "lose", broke: "An answer was lost on the way."},
	{demo: "long-polling", cut: "abort", broke: "The held request was aborted"},
	{demo: "hanging", cut: "cut", broke: "The response broke off"},
	{demo: "sse", cut: "cut", broke: "The browser reconnects by itself"},
	{demo: "ws-chat", cut: "cut", broke: "Closed with 1006"},
}

// publish sends a message as somebody who is not the page.
func publish(t *testing.T, demo, url, text string) {
	t.Helper()
	if demo != "ws-chat" {
		_, err := feed.Post(t.Context(), &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url+"/messages", "ann", text)
		require.NoError(t, err)
		return
	}
	c := &websocket.Client{URL: url}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ended := make(chan error)
	go func() {
		ended <- c.Subscribe(ctx, 0, func(m feed.Message) {
			if m.Text == text {
				cancel()
			}
		})
	}()
	require.NoError(t, c.Publish(ctx, "ann", text))
	require.ErrorIs(t, <-ended, context.Canceled)
}

// click presses a button that must be there and not be disabled.
func click(tab *labtest.Tab, id string) {
	tab.WaitFor(fmt.Sprintf(`(() => { const b = document.getElementById(%q); if (!b || b.disabled) return false; b.click(); return true; })()`, id))
}

// breakIt presses the button that breaks something until the page says so: between two polls there is nothing to break.
func breakIt(tab *labtest.Tab, button string) {
	tab.WaitFor(fmt.Sprintf(`document.querySelector("#timeline .bad") !== null || (document.getElementById(%q).click(), false)`, button))
}

func write(tab *labtest.Tab, text string) {
	tab.WaitFor(fmt.Sprintf(`(() => { document.getElementById("text").value = %q; document.getElementById("composer").requestSubmit(); return true; })()`, text))
}

func heard(tab *labtest.Tab, text string) {
	tab.WaitFor(fmt.Sprintf(`[...document.querySelectorAll("#messages li span")].some((e) => e.textContent === %q)`, text))
}

// TestRoomPages: on each page a message comes back, and nothing is lost however the student breaks it.
func TestRoomPages(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, r := range rooms {
		t.Run(r.demo, func(t *testing.T) {
			t.Parallel()
			url := run(t, r.demo, lesson.English)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(url)
			tab.WaitText("#status", "receiving")
			write(tab, "one <b>bold</b>")
			heard(tab, "one <b>bold</b>")
			tab.WaitFor(`/^\d+ ms$/.test(document.querySelector('[data-key="lag"] dd').textContent)`)

			breakIt(tab, r.cut)
			publish(t, r.demo, url, "two")
			tab.WaitText("#timeline", r.broke)
			heard(tab, "two")

			click(tab, "offline")
			tab.WaitText("#status", "offline")
			publish(t, r.demo, url, "three")
			write(tab, "kept")
			tab.WaitText("#note", "offline")
			heard(tab, "three")

			click(tab, "stop")
			publish(t, r.demo, url, "four")
			tab.WaitText("#status", "stopped")
			click(tab, "start")
			heard(tab, "four")
			tab.WaitText("#account", "In order: 4. Lost: 0. Came twice: 0.")
			assert.Equal(t, []string{"one <b>bold</b>", "two", "three", "four"}, labtest.Eval[[]string](tab, texts))
			assert.Equal(t, "kept", labtest.Eval[string](tab, `document.getElementById("text").value`))
		})
	}
}

// TestRoomPagesAfterRestart: a page that is three messages into a log finds another one with more than that, says so,
// and has all of it.
func TestRoomPagesAfterRestart(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, r := range rooms {
		t.Run(r.demo, func(t *testing.T) {
			t.Parallel()
			url, end := serveAt(t, r.demo, "127.0.0.1:0", lesson.English)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(url)
			tab.WaitText("#status", "receiving")
			for i := range 3 {
				publish(t, r.demo, url, fmt.Sprint("old ", i))
			}
			heard(tab, "old 2")
			end()
			_, end = serveAt(t, r.demo, strings.TrimPrefix(url, "http://"), lesson.English)
			defer end()
			for i := range 5 {
				publish(t, r.demo, url, fmt.Sprint("new ", i))
			}
			heard(tab, "new 4")
			tab.WaitText("#timeline", "started anew")
			tab.WaitText("#account", "In order: 5. Lost: 0. Came twice: 0.")
			assert.Equal(t, []string{"old 0", "old 1", "old 2", "new 0", "new 1", "new 2", "new 3", "new 4"}, labtest.Eval[[]string](tab, texts))
		})
	}
}

// TestSevenStreams: of seven streams to one origin the seventh waits in the browser, a message waits with it, and both
// go on when the others are closed.
func TestSevenStreams(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, demo := range []string{"hanging", "sse"} {
		t.Run(demo, func(t *testing.T) {
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(run(t, demo, lesson.English))
			tab.WaitText("#status", "receiving")
			click(tab, "seven")
			tab.WaitFor(`document.querySelectorAll("#slots .good").length === 5 && document.querySelectorAll("#slots .waiting").length === 1`)
			tab.WaitText("#sevenNote", "1 waits")
			write(tab, "patience")
			click(tab, "sevenClose")
			heard(tab, "patience")
			assert.Zero(t, labtest.Eval[int](tab, `document.querySelectorAll("#slots li").length`))
		})
	}
}

// TestEchoPage: what is sent comes back, the anatomy follows it, and each end has its code.
func TestEchoPage(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(run(t, "ws-echo", lesson.English))
	frame := func(id, want string) {
		t.Helper()
		tab.WaitFor(fmt.Sprintf(`[...document.querySelectorAll("#%s code")].map((e) => e.textContent).join(" ").startsWith(%q)`, id, want))
	}
	tab.WaitText("#status", "open")
	write(tab, "Hello")
	heard(tab, "Hello")
	frame("out", "81 85 ?? ?? ?? ??")
	frame("in", "81 05 48 65 6c 6c 6f")
	for i, header := range []string{"81 00", "81 7d", "81 7e 00 7e", "81 7e ff ff", "81 7f 00 00 00 00 00 01 00 00"} {
		tab.WaitFor(fmt.Sprintf(`(document.querySelectorAll("#sizes button")[%d].click(), true)`, i))
		frame("in", header)
	}
	tab.WaitFor(`document.querySelectorAll("#messages li").length === 6`)
	click(tab, "burst")
	tab.WaitText("#timeline", "1,000 messages there and back")
	for _, end := range []struct{ button, says string }{
		{"huge", "code 1009"}, {"cut", "code 1006, without a close frame"}, {"close1000", "code 1000, both said so"}, {"close4001", "code 4001, both said so"},
	} {
		click(tab, end.button)
		tab.WaitText("#timeline", end.says)
		click(tab, "connect")
		tab.WaitText("#status", "open")
	}
}
