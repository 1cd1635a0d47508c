package pages

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/certificate"
	"realtimelab/internal/host"
	"realtimelab/internal/labtest"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
	"realtimelab/lessons"
	"realtimelab/web"
)

// runTLS serves a demo over https until the test ends, with HTTP/2 unless protocols are named.
func runTLS(t *testing.T, name string, protocols ...string) (url string, r *host.Running) {
	t.Helper()
	l, d := find(t, name)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	made, err := certificate.Make()
	require.NoError(t, err)
	r, err = host.Start(host.Config{
		Lesson: l, Demo: d, Course: lessons.All(), Listener: listener,
		TLS: &tls.Config{Certificates: []tls.Certificate{made}, NextProtos: protocols},
		Web: web.Pages, Lang: lang.English, Key: teacher, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, r.Close(ctx))
	})
	return "https://" + listener.Addr().String(), r
}

// TestPagesOverTLS: one page of each lesson over https and HTTP/2, with the key, the reader's own
// client and the x-ray.
func TestPagesOverTLS(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, s := range stages {
		layer := map[string]xray.Layer{"long-polling": xray.Body, "sse": xray.SSE,
			"ws-chat": xray.WS, "broadcast": xray.Event}[s.demo]
		if layer == "" {
			continue
		}
		t.Run(s.demo, func(t *testing.T) {
			t.Parallel()
			url, r := runTLS(t, s.demo)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors() // what the reader's own client leaves behind
			tab.Open(teacher.URL(url))
			s.ready(tab)
			assert.Equal(t, "h2", labtest.Eval[string](tab,
				`performance.getEntriesByType("navigation")[0].nextHopProtocol`))
			// the key's cookie came back
			tab.WaitFor(
				`document.querySelector("#x-whose option[value=everyone]:not([disabled])") !== null`)
			write(tab, "played")
			press(tab, "#play-run")
			tab.WaitText("#printed", plays[s.demo])

			rows, err := r.Xray().Rows(t.Context())
			require.NoError(t, err)
			h2, seen := false, false
			for _, row := range rows {
				require.False(t, row.Lab)
				h2 = h2 || row.Layer == xray.H2
				seen = seen || row.Layer == layer
			}
			assert.True(t, h2)
			assert.True(t, seen, "rows of %s", layer)
		})
	}
}

// TestComparisonOverTLS: the comparison's lanes, which are frames of other ports, speak https, too.
func TestComparisonOverTLS(t *testing.T) {
	url, _ := runTLS(t, "compare")
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(teacher.URL(url))
	tab.WaitFor(allLanes)
}

// TestSevenStreamsOverTLS: over HTTP/2 the seventh stream opens, on one connection with the others;
// over HTTP/1.1 it waits, with TLS as without.
func TestSevenStreamsOverTLS(t *testing.T) {
	browser := labtest.NewBrowser(t)
	for _, protocol := range []string{"h2", "http/1.1"} {
		t.Run(protocol, func(t *testing.T) {
			url, r := runTLS(t, "sse", protocol)
			tab := browser.Tab(t)
			tab.AllowNetworkErrors()
			tab.Open(teacher.URL(url))
			tab.WaitText("#status", "receiving")
			bothRooms(tab)
			assert.Equal(t, protocol, labtest.Eval[string](tab,
				`performance.getEntriesByType("navigation")[0].nextHopProtocol`))
			click(tab, "seven")
			if protocol == "h2" {
				tab.WaitFor(`document.querySelectorAll("#slots .good").length === 5`)
				tab.WaitText("#sevenNote", "All are open")
				write(tab, "at once")
				heard(tab, "at once")
			} else {
				tab.WaitFor(
					`document.querySelectorAll("#slots .good").length === 4 && document.querySelectorAll("#slots .waiting").length === 1`)
				tab.WaitText("#sevenNote", "The seventh stream waits")
			}
			conns := map[uint64]bool{}
			rows, err := r.Xray().Rows(t.Context())
			require.NoError(t, err)
			for _, row := range rows {
				if row.Layer == xray.HTTP && row.Dir == tap.In &&
					strings.Contains(string(row.Data), "/events?") {
					conns[row.Conn] = true
				}
			}
			assert.Len(t, conns, map[string]int{"h2": 1, "http/1.1": 6}[protocol])
		})
	}
}

// TestWebSocketBesideHTTP2: the page has an HTTP/2 connection, and the browser opens another one,
// with HTTP/1.1, for the WebSocket.
func TestWebSocketBesideHTTP2(t *testing.T) {
	url, r := runTLS(t, "broadcast")
	tab := labtest.NewBrowser(t).Tab(t)
	tab.Open(teacher.URL(url))
	upgraded(tab)
	rows, err := r.Xray().Rows(t.Context())
	require.NoError(t, err)
	polling, sockets := map[uint64]bool{}, map[uint64]bool{}
	for _, row := range rows {
		if row.Layer != xray.HTTP || row.Dir != tap.In {
			continue
		}
		switch {
		case strings.Contains(row.Summary.EN, "transport=websocket"):
			assert.Zero(t, row.Stream)
			sockets[row.Conn] = true
		case strings.Contains(row.Summary.EN, "transport=polling"):
			assert.Positive(t, row.Stream)
			polling[row.Conn] = true
		}
	}
	assert.NotEmpty(t, sockets)
	assert.NotEmpty(t, polling)
	for conn := range sockets {
		assert.False(t, polling[conn])
	}
}
