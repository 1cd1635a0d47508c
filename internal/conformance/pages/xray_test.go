package pages

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/relay"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/internal/xray/capture"
	xrayweb "realtimelab/internal/xray/web"
	"realtimelab/web"
)

// rowsShown is an expression for the text of the rows in the document.
const rowsShown = `[...document.querySelectorAll("#x-rows [role=option]:not(.x-restart)")].map((e) => e.querySelector(".x-chip").textContent + " " + e.querySelector(".x-summary").textContent)`

func check(tab *labtest.Tab, selector string) {
	labtest.Eval[bool](tab, `document.querySelector('`+selector+`').click() || true`)
}

// choose picks an option of a select.
func choose(tab *labtest.Tab, id, value string) {
	labtest.Eval[bool](tab, `(() => { const s = document.getElementById("`+id+`"); s.value = "`+
		value+`"; s.dispatchEvent(new Event("change")); return true; })()`)
}

// search types into the panel's search field.
func search(tab *labtest.Tab, text string) {
	labtest.Eval[bool](tab, `(() => { const f = document.getElementById("x-find"); f.value = "`+
		text+`"; f.dispatchEvent(new Event("input")); return true; })()`)
}

// TestALinkOpensTheXray: with ?xray=open a page shows the panel, which was hidden, in the window.
func TestALinkOpensTheXray(t *testing.T) {
	url := strings.TrimSuffix(run(t, "broadcast", lang.English), "/")
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 720)
	tab.Open(url)
	tab.WaitFor(`document.getElementById("x-body") !== null`)
	labtest.Eval[bool](tab, `localStorage.setItem("xray", "hidden") || true`)
	tab.Open(url + "/?xray=open")
	tab.WaitFor(`document.getElementById("x-body")?.hidden === false`)
	tab.WaitFor(`(({ top }) => top >= 0 && top < innerHeight / 2)(document.getElementById("xray").getBoundingClientRect())`)
}

func TestXrayPanel(t *testing.T) { labtest.InEveryEngine(t, xrayPanel) }

func xrayPanel(t *testing.T, browser *labtest.Browser) {
	url := run(t, "broadcast", lang.English)
	tab := browser.Tab(t)
	tab.Viewport(1400, 1700)
	tab.Open(url)
	bothWindows(tab)
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length > 0`)

	say(tab, "all", "find me <b>")
	tab.WaitFor(rowsShown + `.some((row) => row.includes("find me <b>"))`)

	// one row per message; filtered by direction and text
	// said, heard, and heard in the second window
	tab.WaitFor(rowsShown + `.filter((row) => row.includes("find me <b>")).length === 3`)
	assert.True(t, labtest.Eval[bool](tab, rowsShown+
		`.filter((row) => row.includes("find me <b>")).every((row) => row.startsWith("event "))`),
		"a message is one row")
	choose(tab, "x-dir", "in")
	tab.WaitFor(rowsShown + `.filter((row) => row.includes("find me <b>")).length === 1`)
	search(tab, "FIND me")
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length === 1`)
	search(tab, "no such text")
	tab.WaitText("#x-empty", "No row passes")
	check(tab, "#x-reset")
	tab.WaitFor(rowsShown + `.filter((row) => row.includes("find me <b>")).length === 3`)

	// the filter's language: terms, an error with its place, and what completes a term
	search(tab, `from:client event:\"chat message\" -nothing find`)
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length === 1`)
	search(tab, "layer:wss")
	tab.WaitText("#x-error", "character 7: layer wants one of")
	// the filter before stays in force
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length === 1`)
	search(tab, "find -fr")
	tab.WaitFor(
		`[...document.querySelectorAll("#x-terms option")].map((o) => o.value).join() === "find -from:client,find -from:server"`)
	tab.WaitText("#x-error", "")
	check(tab, "#x-reset")
	tab.WaitFor(rowsShown + `.filter((row) => row.includes("find me <b>")).length === 3`)

	// the server searches the bytes: a masked frame has its payload, a packet its bytes
	search(tab, "66 69 6e 64 20 6d 65") // find me
	tab.WaitFor(rowsShown + `.length === 3 && ` + rowsShown +
		`.every((row) => row.includes("find me <b>"))`)
	choose(tab, "x-dir", "in")
	tab.WaitFor(`document.querySelectorAll("#x-rows [role=option]").length === 1`)

	// anatomy by mouse, then down to the frame by its buttons
	check(tab, `#x-rows [role=option]`)
	tab.WaitFor(`document.querySelectorAll("#x-anatomy .x-fields tbody tr").length > 0`)
	layers := labtest.Eval[[]string](tab,
		`[...document.querySelectorAll("#x-anatomy .x-related .x-chip")].map((e) => e.textContent)`)
	assert.Subset(t, []string{"event", "Socket.IO", "Engine.IO", "frame", "message", "body", "HTTP",
		"TCP"}, layers)
	assert.Equal(t, []string{"event", "Socket.IO", "Engine.IO"}, layers[:3])
	labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-anatomy .x-related button")].find((b) => b.textContent.startsWith("frame")).click() || true`)
	tab.WaitText("#x-anatomy .x-fields", "RFC 6455")
	assert.True(t, labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-anatomy .x-links a")].some((a) => a.href === "https://www.rfc-editor.org/rfc/rfc6455#section-5.2")`))
	assert.True(t, labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-anatomy .x-links a")].some((a) => a.pathname === "/lab/lesson/websocket" && a.hash === "#frames")`))
	bytesInFields := labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-anatomy .x-bytes span")].every((e) => e.dataset.field !== "-1")`)
	assert.True(t, bytesInFields, "every byte has a field")
	tab.Screenshot("xray-en-light-wide")

	// two rows byte by byte
	check(tab, "#x-pin")
	labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-anatomy .x-related button")].find((b) => b.textContent.startsWith("Engine.IO")).click() || true`)
	tab.WaitText("#x-anatomy", "Equal: ")
	tab.WaitFor(`document.querySelectorAll("#x-anatomy .x-compare .x-only").length > 0`)
	tab.Screenshot("xray-compare")
	check(tab, "#x-reset")

	// the sequence diagram: an arrow opens its message
	tab.WaitFor(
		`[...document.querySelectorAll("#x-diagram .item title")].filter((e) => e.textContent.includes("find me <b>")).length === 3`)
	tab.WaitFor(
		`["this page", "second window", "server"].every((name) => [...document.querySelectorAll(".x-lifelines span")].some((e) => e.textContent === name))`)
	labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-diagram .item")].find((e) => e.querySelector("title").textContent.includes("emits \"chat message\"")).dispatchEvent(new MouseEvent("click", { bubbles: true })) || true`)
	tab.WaitText("#x-anatomy .x-what", "find me <b>")

	// a click stopped the list; the button follows again
	say(tab, "all", "one more")
	tab.WaitFor(
		`(({ hidden, textContent }) => !hidden && textContent.includes("new"))(document.getElementById("x-follow"))`)
	check(tab, "#x-follow")
	tab.WaitFor(rowsShown + `.some((row) => row.includes("one more"))`)
	tab.WaitFor(`document.getElementById("x-follow").hidden`)

	// every layer has a row of its own, if the reader wants it
	choose(tab, "x-mode", "layers")
	for _, layer := range []string{"http", "ws", "eio", "sio", "message", "chunk", "line", "sse",
		"bytes"} {
		check(tab, `#x-layers input[value=`+layer+`]`)
	}
	tab.WaitFor(rowsShown + `.every((row) => row.startsWith("event "))`)
	check(tab, `#x-layers input[value=ws]`)
	tab.WaitFor(rowsShown + `.some((row) => row.startsWith("frame "))`)
	choose(tab, "x-mode", "messages")

	// anatomy by keyboard
	tab.Press("#x-rows", "Home", "ArrowDown", "ArrowUp", "Enter")
	first := `document.getElementById(document.getElementById("x-rows").getAttribute("aria-activedescendant"))?.querySelector(".x-summary").textContent`
	tab.WaitFor(first)
	tab.WaitFor(`document.querySelector("#x-anatomy .x-what").textContent === ` + first)

	// pause holds what comes, resume shows it
	check(tab, "#x-pause")
	say(tab, "all", "while paused")
	tab.WaitFor(`/[1-9]/.test(document.getElementById("x-status").textContent)`)
	assert.False(t, labtest.Eval[bool](tab,
		rowsShown+`.some((row) => row.includes("while paused"))`))
	check(tab, "#x-pause")
	tab.Press("#x-rows", "End")
	tab.WaitFor(rowsShown + `.some((row) => row.includes("while paused"))`)

	// export
	file := labtest.Eval[string](tab,
		`fetch(document.getElementById("x-jsonl").href).then((r) => r.text())`)
	said := 0
	for line := range strings.Lines(file) {
		var row struct {
			Layer   string
			Summary lang.Text
			Fields  []any
		}
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		if row.Layer == "event" && strings.Contains(row.Summary.EN, "find me <b>") {
			said++
		}
	}
	assert.Equal(t, 3, said)

	// the panel's own connection is not in it
	check(tab, "#x-clear")
	assert.Empty(t, tab.ConsoleErrors())

	if tab.Engine() != labtest.Chromium {
		return // the others cannot choose a colour scheme
	}
	for _, look := range []struct{ name, lang, scheme string }{{"zh-dark", "zh", "dark"},
		{"en-light", "en", "light"}} {
		labtest.Eval[bool](tab, `(() => { localStorage.removeItem("theme"); return true; })()`)
		tab.ColorScheme(look.scheme)
		for _, width := range []int64{390, 1400} {
			tab.Viewport(width, 2400)
			tab.Open(url + "/?lang=" + look.lang)
			bothWindows(tab)
			search(tab, "你好")
			say(tab, "all", "你好")
			tab.WaitFor(rowsShown + `.some((row) => row.includes("你好"))`)
			tab.WaitFor(
				`(() => { const row = [...document.querySelectorAll("#x-rows [role=option]")].findLast((e) => e.querySelector(".x-event")); row?.click(); return row !== undefined; })()`)
			tab.WaitFor(`document.querySelectorAll("#x-anatomy .x-fields tbody tr").length > 0`)
			assert.LessOrEqual(t, labtest.Eval[int](tab, `document.documentElement.scrollWidth`),
				int(width))
			tab.Screenshot("xray-" + look.name + map[int64]string{390: "-phone",
				1400: "-wide"}[width])
		}
	}
}

// A page shows its browser's connections; with the key, everyone's if it is asked to.
func TestXrayOfEveryoneWantsTheKey(t *testing.T) {
	at := run(t, "short-polling", lang.English)
	browser := labtest.NewBrowser(t)
	tab := browser.Tab(t)
	tab.Open(at)
	mine := rowsShown + `.some((row) => row.includes("GET /messages"))`
	theirs := rowsShown + `.some((row) => row.includes("GET /theirs"))`
	tab.WaitFor(mine)
	tab.WaitFor(
		`document.querySelector("#x-whose [value=everyone]").disabled && document.getElementById("x-hint").textContent.includes("your browser")`)
	tab.WaitFor(`!document.getElementById("x-lab").checkVisibility()`)
	res, err := http.Get(at + "/theirs")
	require.NoError(t, err)
	res.Body.Close()

	tab = browser.Tab(t)
	tab.Open(teacher.URL(at))
	tab.WaitFor(
		`document.querySelector("#x-whose [value=everyone]")?.disabled === false && location.hash === ""`)
	tab.WaitFor(mine)
	assert.False(t, labtest.Eval[bool](tab, theirs), "a choice, not the default")
	choose(tab, "x-whose", "everyone")
	search(tab, "theirs")
	tab.WaitFor(theirs)
	tab.WaitText("#x-hint", "all clients")
	assert.Contains(t, labtest.Eval[string](tab,
		`fetch(document.getElementById("x-jsonl").href).then((r) => r.text())`), "/theirs")
	tab.Screenshot("xray-everyone")
}

// A page beyond the limit says so, and connects when others have left.
func TestXrayPanelIsFull(t *testing.T) {
	browser := labtest.NewBrowser(t)
	at := run(t, "short-polling", lang.English)
	var watching []*websocket.Conn
	for range 200 {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(at, "http")+
			"/lab/xray", nil)
		require.NoError(t, err)
		defer conn.Close()
		watching = append(watching, conn)
	}
	tab := browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(at)
	tab.WaitText("#x-status", "too many pages")
	for _, conn := range watching {
		conn.Close()
	}
	tab.WaitText("#x-status", "live")
}

// The page in front of a user's server shows other programs' traffic, but only with the key.
func TestStandaloneXrayPage(t *testing.T) {
	browser := labtest.NewBrowser(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("hello"))
	}))
	defer server.Close()
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	defer x.Close()
	front, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	carried := relay.Start(relay.Config{Listener: wire.Listener(front),
		Dial: relay.To(server.Listener.Addr().String()), Log: slog.New(slog.DiscardHandler)})
	defer carried.Close()
	panel := xrayweb.NewPanel(xrayweb.PanelConfig{Xray: x, Keyed: teacher.Held})
	defer panel.Close()
	handler, err := xrayweb.Page{Web: web.Pages, Key: teacher, Lang: lang.English,
		Target: server.URL, Proxy: "http://" + front.Addr().String()}.Handler(panel)
	require.NoError(t, err)
	page := httptest.NewServer(handler)
	defer page.Close()

	tab := browser.Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(page.URL)
	tab.WaitText("#x-empty", "Open this page with the key")
	tab.WaitText("#x-status", "the key is missing")
	assert.Equal(t, http.StatusForbidden,
		labtest.Eval[int](tab, `fetch("/lab/xray.pcapng").then((r) => r.status)`))

	tab = browser.Tab(t)
	tab.Open(teacher.URL(page.URL))
	tab.WaitText("#x-status", "live")
	tab.WaitText("#proxy", front.Addr().String())
	tab.WaitText("#target", server.URL)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	// a path like any other there
	res, err := client.Get("http://" + front.Addr().String() + "/lab/theirs")
	require.NoError(t, err)
	res.Body.Close()
	tab.WaitFor(rowsShown + `.some((row) => row === "HTTP GET /lab/theirs")`)
	tab.WaitFor(
		`(() => { const row = [...document.querySelectorAll("#x-rows [role=option]")].find((e) => e.textContent.includes("GET /lab/theirs")); row?.click(); return row !== undefined; })()`)
	tab.WaitText("#x-anatomy .x-fields", "RFC 9110")
	tab.WaitFor(`/1 connection, 0 open/.test(document.getElementById("x-counters").textContent)`)
	file := labtest.Eval[string](tab,
		`fetch(document.getElementById("x-jsonl").href).then((r) => r.text())`)
	assert.Contains(t, file, "/lab/theirs")
	tab.Screenshot("xray-standalone")
}

// The page of a file shows its rows and its notes.
func TestXrayPageOfAFile(t *testing.T) {
	rows := `{"id":4,"conn":2,"time":"2026-11-30T00:00:00Z","dir":"in","layer":"ws","message":true,"size":3,"summary":{"en":"a text frame","zh":"文本帧"},"data":"AQID"}` + "\n"
	opened, err := capture.Open(strings.NewReader(rows), capture.Config{})
	require.NoError(t, err)
	defer opened.Xray.Close()
	panel := xrayweb.NewPanel(xrayweb.PanelConfig{Xray: opened.Xray, Keyed: teacher.Held})
	defer panel.Close()
	handler, err := xrayweb.Page{Web: web.Pages, Key: teacher, Lang: lang.English,
		File: "bug.pcapng", Notes: []lang.Text{{EN: "Two packets are cut.",
			ZH: "两个包不完整。"}}}.Handler(panel)
	require.NoError(t, err)
	page := httptest.NewServer(handler)
	defer page.Close()
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(teacher.URL(page.URL))
	tab.WaitText("#name", "bug.pcapng")
	tab.WaitText("#notes", "Two packets are cut.")
	tab.WaitFor(`document.getElementById("server").hidden`)
	tab.WaitFor(rowsShown + `.join() === "frame a text frame"`)
	check(tab, "#x-rows [role=option]")
	tab.WaitText("#x-anatomy .x-what", "a text frame")
	check(tab, "#lang")
	tab.WaitText("#notes", "两个包不完整。")
	assert.Empty(t, tab.ConsoleErrors())
}

// After a restart of the server the old rows stay, above a line that says so, and the search and
// the anatomy go on with the new ones. The diagram has a bar for the request that was held, until
// the cut.
func TestXrayAfterRestart(t *testing.T) {
	browser := labtest.NewBrowser(t)
	at, end := serveAt(t, "long-polling", "127.0.0.1:0", lang.English)
	tab := browser.Tab(t)
	tab.Viewport(1280, 2400)
	tab.AllowNetworkErrors()
	tab.Open(at)
	tab.WaitFor(rowsShown + `.some((row) => row.includes("GET /messages?after=0"))`)
	publish(t, "long-polling", at, "before")
	tab.WaitFor(rowsShown + `.some((row) => row.includes("before"))`)
	tab.WaitFor(`document.querySelectorAll("#x-diagram .bar.open").length > 0`)
	end()
	_, end = serveAt(t, "long-polling", strings.TrimPrefix(at, "http://"), lang.English)
	defer end()
	publish(t, "long-polling", at, "after the restart")
	restart := `[...document.querySelectorAll("#x-rows [role=option]")].findIndex((e) => e.classList.contains("x-restart"))`
	tab.WaitFor(restart + ` > 0`)
	tab.WaitFor(
		`[...document.querySelectorAll("#x-rows [role=option]")].findLastIndex((e) => e.textContent.includes("after the restart")) > ` + restart)
	tab.WaitFor(rowsShown + `.some((row) => row.includes("before"))`)
	tab.WaitText("#x-rows .x-restart", "server restarted")
	tab.WaitFor(
		`document.querySelector("#x-diagram .restart text")?.textContent === "server restarted"`)
	tab.WaitFor(
		`[...document.querySelectorAll("#x-diagram .bar.open")].every((bar) => bar.y.baseVal.value > document.querySelector("#x-diagram .restart").transform.baseVal[0].matrix.f)`)
	tab.Screenshot("xray-restart")

	search(tab, "after the restart")
	tab.WaitFor(rowsShown + `.some((row) => row.startsWith("HTTP 200"))`)
	labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-rows [role=option]")].find((e) => e.textContent.includes("200 OK")).click() || true`)
	tab.WaitFor(
		`[...document.querySelectorAll("#x-anatomy .x-related button")].some((b) => /^(body|chunk)/.test(b.textContent))`)
	labtest.Eval[bool](tab,
		`[...document.querySelectorAll("#x-anatomy .x-related button")].find((b) => /^(body|chunk)/.test(b.textContent)).click() || true`)
	tab.WaitText("#x-anatomy .x-what", "after the restart")
}

// A stream is a bar of the diagram, and its cut a cross.
func TestXrayDrawsTheCut(t *testing.T) {
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 2400)
	tab.AllowNetworkErrors()
	tab.Open(run(t, "sse", lang.English))
	tab.WaitFor(`document.querySelectorAll("#x-diagram .bar.open").length > 0`)
	check(tab, "#cut")
	tab.WaitFor(`document.querySelectorAll("#x-diagram .cut .cross").length > 0`)
	tab.WaitFor(`document.querySelectorAll("#x-diagram .bar:not(.open)").length >= 1`)
	har := labtest.Eval[string](tab,
		`fetch(document.getElementById("x-har").href).then((r) => r.text())`)
	assert.Contains(t, har, `"version":"1.2"`)
	assert.Contains(t, har, "/events?after=0")
}
