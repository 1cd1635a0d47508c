package admin

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/lessons/socketio/sio"
)

// costs are the ways in which a server can have an Admin. Only "development" may make an event
// dearer.
var costs = []string{"none", "closed", "production", "development"}

// echoing starts a server with such an Admin, which sends back what a client says. ready must be
// called when the clients are there.
func echoing(t testing.TB, cost string) (server *sio.Server, url string, ready func()) {
	quiet := slog.New(slog.DiscardHandler)
	server = sio.NewServer(sio.Config{Log: quiet})
	server.OnConnection(func(s *sio.Socket) {
		s.On("say", func(text string) { _ = s.Emit("said", text) })
	})
	ready = func() {}
	if cost != "none" {
		mode := Development
		if cost == "production" {
			mode = Production
		}
		a, err := Instrument(server, Config{Auth: login, Mode: mode, Log: quiet})
		require.NoError(t, err)
		t.Cleanup(a.Close)
		if cost == "closed" {
			ready = a.Close
		}
	}
	web := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, server.Close(ctx))
		web.Close()
	})
	return server, web.URL, ready
}

// A closed Admin, and one that only counts, cost an event no memory. One that shows events does, so
// the measurement would see it.
func TestAnAdminThatShowsNoEventsCostsNothing(t *testing.T) {
	allocs := map[string]float64{}
	for _, cost := range costs {
		server, url, ready := echoing(t, cost)
		joinIdle(t, url)
		ready()
		allocs[cost] = testing.AllocsPerRun(2000, func() { _ = server.Emit("news", "hello") })
	}
	for _, cost := range []string{"closed", "production"} {
		assert.InDelta(t, allocs["none"], allocs[cost], 1, "%s: %v", cost, allocs)
	}
	assert.Greater(t, allocs["development"], allocs["none"]+3, allocs)
}

// joinIdle is a client over polling that does not poll again, so that no other goroutine works
// while the server emits.
func joinIdle(t testing.TB, url string) {
	url += "/socket.io/?EIO=4&transport=polling"
	do := func(method, body string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, url,
			strings.NewReader(body))
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		defer response.Body.Close()
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode, "%s", answer)
		return string(answer)
	}
	sid := regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(do("GET", ""))
	require.NotNil(t, sid)
	url += "&sid=" + sid[1]
	require.Equal(t, "ok", do("POST", "40"))
	require.Regexp(t, "^40", do("GET", ""))
	http.DefaultClient.CloseIdleConnections()
}

// BenchmarkAdmin has clients and servers exchange events, with each kind of Admin in turn. It shows
// the time of an event as a multiple of that without an Admin: 1.00 means no cost.
func BenchmarkAdmin(b *testing.B) {
	const events = 2000
	clients := map[string]*websocket.Conn{}
	for _, cost := range costs {
		_, url, ready := echoing(b, cost)
		clients[cost] = joinWebSocket(b, url)
		ready()
	}
	spent := map[string][]float64{}
	for range b.N {
		for _, cost := range costs {
			start := time.Now()
			exchange(b, clients[cost], events)
			spent[cost] = append(spent[cost], float64(time.Since(start).Nanoseconds())/events)
		}
	}
	for _, cost := range costs[1:] {
		var ratios []float64
		for i, ns := range spent[cost] {
			ratios = append(ratios, ns/spent["none"][i])
		}
		slices.Sort(ratios)
		b.ReportMetric(ratios[len(ratios)/2], cost+"/none")
	}
	b.ReportMetric(slices.Min(spent["none"]), "ns/event")
	b.ReportMetric(0, "ns/op") // of all kinds together: it says nothing
}

func joinWebSocket(b *testing.B, url string) *websocket.Conn {
	url = "ws" + strings.TrimPrefix(url, "http") + "/socket.io/?EIO=4&transport=websocket"
	conn, response, err := websocket.DefaultDialer.Dial(url, nil)
	require.NoError(b, err)
	b.Cleanup(func() { conn.Close() })
	_ = response.Body.Close()
	require.NoError(b, conn.WriteMessage(websocket.TextMessage, []byte("40")))
	for _, prefix := range []string{"0{", "40"} {
		_, data, err := conn.ReadMessage()
		require.NoError(b, err)
		require.True(b, strings.HasPrefix(string(data), prefix), "%s", data)
	}
	return conn
}

// exchange sends events, and reads as many. Some are on their way at any time.
func exchange(b *testing.B, conn *websocket.Conn, events int) {
	const window = 100
	said := func() {
		for {
			_, data, err := conn.ReadMessage()
			require.NoError(b, err)
			if string(data) != "2" {
				return
			}
			require.NoError(b, conn.WriteMessage(websocket.TextMessage, []byte("3")))
		}
	}
	for i := range events {
		require.NoError(b, conn.WriteMessage(websocket.TextMessage,
			fmt.Appendf(nil, `42["say","%d"]`, i)))
		if i >= window {
			said()
		}
	}
	for range min(window, events) {
		said()
	}
}
