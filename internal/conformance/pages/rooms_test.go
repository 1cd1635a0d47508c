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
	"realtimelab/internal/feed/client"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/lessons/websocket"
)

// room is a demo with a chat room, and the failure that its page offers.
type room struct {
	demo  string
	cut   string // the button that breaks the connection or the next answer
	broke string // the page's message about it
}

var rooms = []room{
	{demo: "short-polling", cut: "lose", broke: "The page dropped an answer"},
	{demo: "long-polling", cut: "abort", broke: "The held request was aborted"},
	{demo: "hanging", cut: "cut", broke: "The response broke off"},
	{demo: "sse", cut: "cut", broke: "The browser reconnects by itself"},
	{demo: "ws-chat", cut: "cut", broke: "Closed with 1006"},
}

// bothRooms waits until a room's page and its second window receive.
func bothRooms(tab *labtest.Tab) {
	tab.WaitFor(`document.querySelector("#status.good") !== null`)
	tab.WaitFor(
		`document.getElementById("peer").contentDocument?.querySelector("#status.good") !== null`)
}

// publish sends a message as another client.
func publish(t *testing.T, demo, url, text string) {
	t.Helper()
	if demo != "ws-chat" {
		_, err := client.Post(t.Context(),
			&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url+"/messages",
			"ann", text)
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
	tab.WaitFor(
		fmt.Sprintf(
			`(() => { const b = document.getElementById(%q); if (!b || b.disabled) return false; b.click(); return true; })()`, id))
}

// breakIt presses the button that breaks the connection until the page says so, because a page has
// no connection between two polls.
func breakIt(tab *labtest.Tab, button string) {
	tab.WaitFor(
		fmt.Sprintf(
			`document.querySelector("#timeline .bad") !== null || (document.getElementById(%q).click(), false)`, button))
}

func write(tab *labtest.Tab, text string) {
	tab.WaitFor(
		fmt.Sprintf(
			`(() => { document.getElementById("text").value = %q; document.getElementById("composer").requestSubmit(); return true; })()`, text))
}

func heard(tab *labtest.Tab, text string) {
	tab.WaitFor(
		fmt.Sprintf(
			`[...document.querySelectorAll("#messages li span")].some((e) => e.textContent === %q)`,
			text))
}

// TestRoomPages: on each page a message comes back, and no failure loses a message.
func TestRoomPages(t *testing.T) { labtest.InEveryEngine(t, roomPages) }

func roomPages(t *testing.T, browser *labtest.Browser) {
	for _, r := range rooms {
		t.Run(r.demo, func(t *testing.T) {
			t.Parallel()
			url := run(t, r.demo, lang.English)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(url)
			tab.WaitText("#status", "receiving")
			write(tab, "one <b>bold</b>")
			heard(tab, "one <b>bold</b>")
			tab.WaitFor(
				`/^\d+ ms$/.test(document.querySelector('[data-key="lag"] dd').textContent)`)

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
			tab.WaitText("#account", "In order: 4. Lost: 0. Duplicated: 0.")
			assert.Equal(t, []string{"one <b>bold</b>", "two", "three", "four"},
				labtest.Eval[[]string](tab, texts))
			assert.Equal(t, "kept", labtest.Eval[string](tab,
				`document.getElementById("text").value`))
		})
	}
}

// TestRoomPagesAfterRestart: a page that has read three messages of a log finds a new, longer log,
// says so, and reads all of it.
func TestRoomPagesAfterRestart(t *testing.T) { labtest.InEveryEngine(t, roomPagesAfterRestart) }

func roomPagesAfterRestart(t *testing.T, browser *labtest.Browser) {
	for _, r := range rooms {
		t.Run(r.demo, func(t *testing.T) {
			t.Parallel()
			url, end := serveAt(t, r.demo, "127.0.0.1:0", lang.English)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(url)
			tab.WaitText("#status", "receiving")
			bothRooms(tab) // the server ends below, and the second window is loaded before
			for i := range 3 {
				publish(t, r.demo, url, fmt.Sprint("old ", i))
			}
			heard(tab, "old 2")
			end()
			_, end = serveAt(t, r.demo, strings.TrimPrefix(url, "http://"), lang.English)
			defer end()
			for i := range 5 {
				publish(t, r.demo, url, fmt.Sprint("new ", i))
			}
			heard(tab, "new 4")
			tab.WaitText("#timeline", "was restarted")
			tab.WaitText("#account", "In order: 5. Lost: 0. Duplicated: 0.")
			assert.Equal(t, []string{"old 0", "old 1", "old 2", "new 0", "new 1", "new 2", "new 3",
				"new 4"}, labtest.Eval[[]string](tab, texts))
		})
	}
}

// TestSevenStreams: of seven streams to one origin the seventh waits in the browser, a message
// waits with it, and both go on when the others are closed.
func TestSevenStreams(t *testing.T) { labtest.InEveryEngine(t, sevenStreams) }

func sevenStreams(t *testing.T, browser *labtest.Browser) {
	for _, demo := range []string{"hanging", "sse"} {
		t.Run(demo, func(t *testing.T) {
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(run(t, demo, lang.English))
			tab.WaitText("#status", "receiving")
			bothRooms(tab) // each of the two windows has a stream
			click(tab, "seven")
			tab.WaitFor(
				`document.querySelectorAll("#slots .good").length === 4 && document.querySelectorAll("#slots .waiting").length === 1`)
			tab.WaitText("#sevenNote", "The seventh stream waits")
			write(tab, "patience")
			click(tab, "sevenClose")
			heard(tab, "patience")
			assert.Zero(t, labtest.Eval[int](tab, `document.querySelectorAll("#slots li").length`))
		})
	}
}

// TestEchoPage: a message comes back, the anatomy shows it, and each end shows its code.
func TestEchoPage(t *testing.T) { labtest.InEveryEngine(t, echoPage) }

func echoPage(t *testing.T, browser *labtest.Browser) {
	tab := browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(run(t, "ws-echo", lang.English))
	frame := func(id, want string) {
		t.Helper()
		tab.WaitFor(
			fmt.Sprintf(
				`[...document.querySelectorAll("#%s code")].map((e) => e.textContent).join(" ").startsWith(%q)`, id, want))
	}
	tab.WaitText("#status", "open")
	frame("out", "81 85 ?? ?? ?? ??")
	frame("in", "81 05 48 65 6c 6c 6f")
	write(tab, "Hello <b>")
	heard(tab, "Hello <b>")
	frame("in", "81 09 48 65 6c 6c 6f …")
	for i, header := range []string{"81 00", "81 7d", "81 7e 00 7e", "81 7e ff ff",
		"81 7f 00 00 00 00 00 01 00 00"} {
		tab.WaitFor(fmt.Sprintf(`(document.querySelectorAll(".sizes button")[%d].click(), true)`,
			i))
		frame("in", header)
	}
	tab.WaitFor(`document.querySelectorAll("#messages li").length === 6`)
	press(tab, `.sizes [value="65537"]`)
	tab.WaitText("#timeline", "code 1009")
	assert.Empty(t, textOf(tab, "#in"), "the server does not echo it")
	click(tab, "connect")
	tab.WaitText("#status", "open")
	click(tab, "burst")
	tab.WaitText("#messages", "1,000 messages there and back")
	for _, end := range []struct{ button, says string }{
		{"cut", "code 1006, without a close frame"}, {"close1000",
			"code 1000, both sides sent a close frame"},
		{"close4001", "code 4001, both sides sent a close frame"},
	} {
		click(tab, end.button)
		tab.WaitText("#timeline", end.says)
		click(tab, "connect")
		tab.WaitText("#status", "open")
	}
}

// TestBusyRoom: of many messages at once, all messages of one animation frame change the list
// together, and the newest is visible.
func TestBusyRoom(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(run(t, "ws-chat", lang.English))
	bothRooms(tab)
	perFrame := labtest.Eval[int](tab, `new Promise((done) => {
		const list = document.getElementById("messages");
		const changes = new Map(); // time of a frame → changes of the list
		new MutationObserver(() => {
			const frame = document.timeline.currentTime;
			changes.set(frame, (changes.get(frame) ?? 0) + 1);
			if (list.lastElementChild.textContent.includes("message 599")) done(Math.max(...changes.values()));
		}).observe(list, { childList: true });
		const crowd = new WebSocket(location.origin.replace("http", "ws") + "/ws");
		let sent = 0, back = 0;
		const fifty = () => { // and fifty more when they are back: the server does not wait for a client that falls behind
			for (const end = Math.min(sent + 50, 600); sent < end; sent++) crowd.send(JSON.stringify({ from: "crowd", text: "message " + sent }));
		};
		crowd.onopen = fifty;
		crowd.onmessage = () => { if (++back % 50 === 0) fifty(); };
	})`)
	assert.LessOrEqual(t, perFrame, 2, "with a frame, and with the timer where none is drawn")
	assert.Equal(t, 500, labtest.Eval[int](tab, `document.querySelectorAll("#messages li").length`))
	tab.WaitFor(
		`((list) => list.scrollHeight - list.scrollTop - list.clientHeight < 2)(document.getElementById("messages"))`)
}
