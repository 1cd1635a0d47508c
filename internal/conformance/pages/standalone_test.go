package pages

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/httpserver"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/relay"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	xrayweb "realtimelab/internal/xray/web"
	"realtimelab/web"
)

// TestXrayPage: the page of an x-ray in front of a server that is not the lab's.
func TestXrayPage(t *testing.T) { labtest.InEveryEngine(t, xrayPage) }

func xrayPage(t *testing.T, browser *labtest.Browser) {
	only(t, "xray")
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "<b>hello</b> "+r.URL.Path)
	}))
	t.Cleanup(target.Close)
	at, page, key := startXray(t, target.URL)

	stranger := browser.Tab(t)
	stranger.Open(page)
	stranger.WaitText("#target", target.URL)
	stranger.WaitText("#proxy", at)
	answer := ask(t, at+"/first")
	require.Equal(t, "<b>hello</b> /first", answer)
	assert.Empty(t, labtest.Eval[[]string](stranger, rowsShown), "rows without the key")

	tab := browser.Tab(t)
	tab.Open(key.URL(page))
	tab.WaitFor(rowsShown + `.includes("HTTP GET /first")`)
	tab.WaitFor(rowsShown +
		`.some((row) => row.startsWith("HTTP 200 OK · text/html; charset=utf-8 · answers GET /first"))`)
	ask(t, at+"/second?a=1")
	tab.WaitFor(rowsShown + `.includes("HTTP GET /second?a=1")`)
	labtest.Eval[any](tab,
		`[...document.querySelectorAll("#x-rows [role=option]")].find((e) => e.textContent.includes("GET /second?a=1")).click()`)
	tab.WaitText("#x-anatomy", "/second?a=1")
	press(tab, "#lang")
	tab.WaitText("#title", "线路透视")
	tab.Screenshot("xray-standalone-" + string(tab.Engine()))
}

// startXray returns where clients connect, where the page is, and its key, as cmd/lab does it.
func startXray(t *testing.T, to string) (at, page string, key host.Key) {
	t.Helper()
	listen := func() (net.Listener, string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		return l, "http://" + l.Addr().String()
	}
	clients, at := listen()
	pages, page := listen()
	quiet := slog.New(slog.DiscardHandler)
	wire := tap.New(tap.Config{})
	x := xray.New(wire, xray.Config{})
	key = host.NewKey()
	panel := xrayweb.NewPanel(xrayweb.PanelConfig{Xray: x, Keyed: key.Held})
	handler, err := xrayweb.Page{Web: web.Pages, Key: key, Lang: lang.English, Target: to,
		Proxy: at}.Handler(panel)
	require.NoError(t, err)
	server := httpserver.New(httpserver.Config{Handler: handler,
		Hosts: httpserver.NewHosts(pages.Addr()), Log: quiet})
	go func() { _ = server.Serve(server.Track(pages)) }()
	carried := relay.Start(relay.Config{Listener: wire.Listener(clients),
		Dial: relay.To(strings.TrimPrefix(to, "http://")), Log: quiet})
	t.Cleanup(func() {
		require.NoError(t, carried.Close())
		require.NoError(t, server.Close(context.Background(), func(context.Context) error {
			panel.Close()
			return nil
		}))
		x.Close()
	})
	return at, page, key
}

// ask returns the body of an answer, over a connection of its own.
func ask(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var body strings.Builder
	_, err = io.Copy(&body, res.Body)
	require.NoError(t, err)
	return body.String()
}
