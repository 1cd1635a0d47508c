package pages

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons"
	"realtimelab/web"
)

// runBehind serves a demo behind a proxy without faults until the test ends.
func runBehind(t *testing.T, name string, language lang.Lang) (url string, r *host.Running) {
	t.Helper()
	return runWith(t, name, language, func(c *host.Config) { c.Proxy = &middlebox.Kinds{} })
}

// runWith serves a demo with a change of its configuration until the test ends.
func runWith(t *testing.T, name string, language lang.Lang, change func(*host.Config)) (url string,
	r *host.Running) {
	t.Helper()
	l, d := find(t, name)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := host.Config{
		Lesson: l, Demo: d, Course: lessons.All(), Listener: listener, Web: web.Pages,
		Lang: language, Key: teacher,
		Log: slog.New(slog.DiscardHandler),
	}
	change(&c)
	r, err = host.Start(c)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return "http://" + listener.Addr().String(), r
}

// switchLine gives the proxy exactly these kinds, by the menu in the bar, and chooses a network if
// there is one.
func switchLine(tab *labtest.Tab, network string, kinds ...string) {
	tab.WaitFor(
		`!document.getElementById("line").hidden && document.querySelector("#line [name=kind]:not(:disabled)") !== null`)
	labtest.Eval[bool](tab, `(() => {
		const menu = document.getElementById("line");
		menu.open = true;
		const wanted = `+quote(strings.Join(kinds, " "))+`.split(" ");
		for (const box of menu.querySelectorAll("[name=kind]")) if (box.checked !== wanted.includes(box.value)) box.click();
		const network = menu.querySelector("[name=net]");
		if (network) network.value = `+quote(network)+`;
		menu.querySelector("button").click();
		return true;
	})()`)
	shown := "none"
	if len(kinds) > 0 {
		shown = kinds[0]
	}
	tab.WaitText("#line summary", "Proxy: "+shown)
	if network != "" {
		tab.WaitText("#line summary", "Network: "+network)
	}
}

// switchKinds gives the proxy exactly these kinds.
func switchKinds(tab *labtest.Tab, kinds ...string) { switchLine(tab, "", kinds...) }

const (
	byPolling   = `document.getElementById("status").classList.contains("good") && document.getElementById("transport").textContent === "polling"`
	byWebSocket = `document.getElementById("status").classList.contains("good") && document.getElementById("transport").textContent === "websocket"`
)

// TestTheProxyIsSwitchedLive: each switch changes the transport that the student sees, and messages
// arrive all the same.
func TestTheProxyIsSwitchedLive(t *testing.T) {
	url, r := runBehind(t, "broadcast", lang.English)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 900)
	tab.AllowNetworkErrors()
	tab.Open(teacher.URL(url))
	tab.WaitFor(byWebSocket)
	tab.WaitText("#line summary", "Proxy: none")
	chat := func(text string) {
		say(tab, "all", text)
		tab.WaitFor(
			`[...document.querySelectorAll("#messages li:not(.wait) span")].some((e) => e.textContent === ` + quote(text) + `)`)
	}
	chat("through a proxy without faults")
	// the client's side alone
	tab.WaitFor(
		`[...document.querySelectorAll("#ladder .me.up .packet")].filter((e) => e.textContent.startsWith('42["chat message"')).length === 1`)
	for _, side := range []string{"client–proxy", "proxy–server"} {
		tab.WaitFor(
			`((select) => (select.value = [...select.options].find((o) => o.textContent === ` +
				quote(side) +
				`).value, select.dispatchEvent(new Event("change", { bubbles: true })), true))(document.getElementById("x-side"))`)
		tab.WaitFor(`((rows) => rows.length > 0 && rows.every((e) => e.textContent.endsWith(` +
			quote(side) +
			`)))([...document.querySelectorAll("#x-rows [role=option]:not(.x-restart) .x-conn")])`)
	}

	switchKinds(tab, "no-websocket")
	tab.WaitFor(byPolling)
	chat("without a WebSocket")

	// A session that is between two polls notices no change, and does not try the WebSocket again.
	reconnect := func() {
		press(tab, "#disconnect")
		press(tab, "#reconnect")
	}

	switchKinds(tab, "http10")
	tab.WaitFor(byPolling)
	chat("in HTTP/1.0")

	switchKinds(tab, "buffering", "no-keepalive")
	reconnect()
	tab.WaitFor(byWebSocket)
	chat("buffered, and each in its own connection")

	switchKinds(tab, "lossy-upgrade")
	tab.WaitFor(byPolling)
	chat("the WebSocket is open and carries nothing")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.Eventually(t, func() bool { // the client has tried the WebSocket
		rows, err := r.Xray().Rows(ctx)
		require.NoError(t, err)
		return probes(rows)[tap.ClientSide] > probes(rows)[tap.ServerSide]
	}, time.Minute, 50*time.Millisecond)
	assert.True(t, labtest.Eval[bool](tab, byPolling),
		"without an answer to its probe, the client stays where it is")

	switchKinds(tab)
	reconnect()
	tab.WaitFor(byWebSocket)
	chat("all is well again")
}

// probes counts the probes of an upgrade on each side of the proxy.
func probes(rows []*xray.Row) map[tap.Side]int {
	all := map[tap.Side]int{}
	for _, row := range rows {
		if row.Layer == xray.EIO && string(row.Data) == "2probe" {
			all[row.Side]++
		}
	}
	return all
}

// TestTheOfficialClientBehindALossyProxy: it stays on polling, loses nothing, and reports nothing.
func TestTheOfficialClientBehindALossyProxy(t *testing.T) {
	url, r := runBehind(t, "broadcast", lang.English)
	r.Proxy().Set(middlebox.Kinds{LossyUpgrade: true})
	tab := labtest.NewBrowser(t).Tab(t)
	tab.AllowNetworkErrors()
	tab.Open(url)
	script, err := os.ReadFile(filepath.Join(node.Dir(t), "node_modules", "socket.io-client",
		"dist", "socket.io.js"))
	require.NoError(t, err, "node_modules is older than package-lock.json: run npm ci")
	labtest.Eval[bool](tab, "(() => { const ours = globalThis.io; "+string(script)+
		"\nglobalThis.officialIO = globalThis.io; globalThis.io = ours; return true; })()")
	tab.WaitFor(
		`(window.official = officialIO({ forceNew: true }), window.heard = [], window.faults = [],
		official.on("chat message", ({ text }) => heard.push(text)), official.on("connect_error", (err) => faults.push(err.message)),
		official.on("disconnect", (why) => faults.push(why)), true)`)
	tab.WaitFor(`official.connected && official.io.engine.transport.name === "polling"`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.Eventually(t, func() bool {
		rows, err := r.Xray().Rows(ctx)
		require.NoError(t, err)
		return probes(rows)[tap.ClientSide] >= 2 // the page's own client, and the official one
	}, time.Minute, 50*time.Millisecond)
	for i := range 3 {
		labtest.Eval[any](tab,
			fmt.Sprintf(`(official.emit("chat message", { from: "official", text: "m%d" }), true)`,
				i))
	}
	tab.WaitFor(`heard.join() === "m0,m1,m2"`)
	assert.Equal(t, "polling", labtest.Eval[string](tab, `official.io.engine.transport.name`))
	assert.Empty(t, labtest.Eval[[]string](tab, `faults`))
	labtest.Eval[any](tab, `(official.close(), true)`)
}

// TestBufferedSSE: the proxy has the message, the page does not, until the buffer is full.
func TestBufferedSSE(t *testing.T) {
	url, r := runBehind(t, "sse", lang.English)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 900)
	tab.AllowNetworkErrors()
	tab.Open(teacher.URL(url))
	tab.WaitFor(`document.getElementById("status").classList.contains("good")`)
	write(tab, "at once")
	heard(tab, "at once")
	switchKinds(tab, "buffering")
	const arrived = `[...document.querySelectorAll("#messages li:not(.wait) span")].some((e) => e.textContent === "waits in the proxy")`
	tab.WaitFor(`!document.getElementById("status").classList.contains("good")`)
	write(tab, "waits in the proxy")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.Eventually(t, func() bool {
		rows, err := r.Xray().Rows(ctx)
		require.NoError(t, err)
		for _, row := range rows {
			if row.Layer == xray.SSE && row.Side == tap.ServerSide &&
				strings.Contains(string(row.Data), "waits in the proxy") {
				return true
			}
		}
		return false
	}, time.Minute, 50*time.Millisecond)
	assert.False(t, labtest.Eval[bool](tab, arrived))
	for i := range 4 {
		write(tab, fmt.Sprint(i, strings.Repeat(" filling", 240)))
	}
	tab.WaitFor(arrived)
}

// TestTheLineWithoutTheKey: a student sees which proxy there is, what the teacher changes, and why
// the controls are disabled. The menu can be read in both languages, light and dark, and on a
// phone.
func TestTheLineWithoutTheKey(t *testing.T) {
	for _, language := range []lang.Lang{lang.English, lang.Chinese} {
		url, r := runBehind(t, "broadcast", language)
		tab := labtest.NewBrowser(t).Tab(t)
		tab.AllowNetworkErrors()
		tab.Open(url)
		tab.WaitText("#line summary", map[lang.Lang]string{lang.English: "Proxy: none",
			lang.Chinese: "代理：none"}[language])
		r.Proxy().Set(middlebox.Kinds{Idle: 20 * time.Second, Buffering: true})
		tab.WaitText("#line summary", "buffering,idle=20s")
		for _, view := range viewports {
			tab.Viewport(view.width, 844)
			if view.name == "phone" {
				labtest.Eval[any](tab,
					`document.getElementById("fold").setAttribute("aria-expanded", true)`)
			}
			labtest.Eval[any](tab, `document.getElementById("line").open = true`)
			for _, scheme := range []string{"light", "dark"} {
				tab.ColorScheme(scheme)
				tab.WaitFor(
					`[...document.querySelectorAll("#line :is(input, select, button)")].every((e) => e.disabled)`)
				assert.Empty(t, labtest.Eval[[]string](tab, faults))
				tab.Screenshot(fmt.Sprintf("line-%s-%s-%s", language, scheme, view.name))
			}
		}
		tab.WaitText("#line [role=alert]", map[lang.Lang]string{lang.English: "Only the person",
			lang.Chinese: "只有启动"}[language])
	}
}

// TestProxiesPage: the button fills the matrix, for the page that pressed it and for one that
// watches.
func TestProxiesPage(t *testing.T) {
	axe := axe(t)
	url := run(t, "proxies", lang.English)
	browser := labtest.NewBrowser(t)
	watcher := browser.Tab(t)
	watcher.Open(url)
	watcher.WaitFor(
		`!document.getElementById("locked").hidden && document.getElementById("measure").disabled`)
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Viewport(1280, 720)
	tab.Allow(inlineStyle)
	tab.Open(teacher.URL(url))
	tab.WaitFor(
		`document.querySelectorAll("#idle option").length > 2 && document.querySelectorAll("#transports tr").length === 7`)
	labtest.Eval[any](tab, `document.getElementById("idle").value = "5s"`)
	tab.Click("#measure")
	tab.WaitFor(
		`document.getElementById("measure").disabled && !document.getElementById("progress").hidden`)
	const full = `document.querySelectorAll(".cell").length === 63`
	tab.WaitFor(full)
	watcher.WaitFor(full)
	tab.WaitText("#status", "ready")
	cell := func(transport, proxy int) string {
		return labtest.Eval[string](tab,
			fmt.Sprintf(
				`document.querySelectorAll("#transports tr")[%d].querySelectorAll(".cell")[%d].textContent`, transport, proxy))
	}
	const sse, webSocket, byPolling = 3, 4, 5
	assert.Contains(t, cell(sse, 1), "in one batch")
	assert.Equal(t, "no connection", cell(webSocket, 2))
	assert.Equal(t, "opens, hears nothing", cell(webSocket, 8))
	assert.Equal(t, "cut, comes back", cell(webSocket, 3))
	assert.Equal(t, "sends late", cell(byPolling, 7))
	assert.Equal(t, "works, for any origin", cell(webSocket, 6))
	assert.NotContains(t, cell(byPolling, 8), "nothing")

	labtest.Eval[any](tab,
		fmt.Sprintf(
			`document.querySelectorAll("#transports tr")[%d].querySelectorAll(".cell")[2].click()`,
			webSocket))
	tab.WaitText("#detailTitle", "WebSocket behind no-websocket")
	tab.WaitText("#facts", "426 Upgrade Required")
	for _, scheme := range []string{"light", "dark"} {
		tab.ColorScheme(scheme)
		for _, view := range viewports {
			tab.Viewport(view.width, 844)
			assert.Empty(t, labtest.Eval[[]string](tab, faults), "%s %s", scheme, view.name)
			tab.Screenshot("proxies-" + scheme + "-" + view.name)
		}
	}
	labtest.Eval[bool](tab, axe)
	assert.Empty(t, labtest.Eval[[]string](tab, violations))

	chinese := browser.Tab(t)
	chinese.Viewport(390, 844)
	chinese.Open(url + "/?lang=zh")
	chinese.WaitFor(full)
	assert.Empty(t, labtest.Eval[[]string](chinese, faults))
	chinese.Screenshot("proxies-zh-phone")
}
