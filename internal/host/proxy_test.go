package host_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/middlebox"
	"realtimelab/internal/netsim"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// startProxied serves the demo behind a proxy of these kinds.
func startProxied(t *testing.T, c host.Config, kinds string) (*host.Running, string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	k, err := middlebox.Parse(kinds)
	require.NoError(t, err)
	c.Demo, c.Listener, c.Web, c.Key, c.Log, c.Proxy = demo, l, web, key,
		slog.New(slog.DiscardHandler), &k
	r, err := host.Start(c)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, r) })
	return r, "http://" + l.Addr().String()
}

// TestBothSidesOfTheProxy: the x-ray shows a request on each side, and the counters count it once.
// A page sees both sides of its own browser's requests only.
func TestBothSidesOfTheProxy(t *testing.T) {
	r, url := startProxied(t, host.Config{}, "none")
	ann, bob := visit(t, url), visit(t, url)
	ann.get("/ann/1")
	bob.get("/bob/1")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rows, err := r.Xray().Rows(ctx)
	require.NoError(t, err)
	heads := map[tap.Side]string{}
	for _, row := range rows {
		require.NotEmpty(t, row.Side, row.Summary.EN)
		if row.Layer == xray.HTTP && row.Summary.EN == "GET /ann/1" {
			heads[row.Side] += string(row.Data)
		}
	}
	require.Len(t, heads, 2)
	assert.NotContains(t, heads[tap.ClientSide], "X-Forwarded-For")
	assert.Contains(t, heads[tap.ServerSide], "X-Forwarded-For: 127.0.0.1\r\n")
	assert.Contains(t, heads[tap.ServerSide], "Via: 1.1 lab\r\n")
	counters := r.Xray().Counters()
	assert.EqualValues(t, 2, counters.Total, "connections of clients")
	assert.EqualValues(t, 4, counters.Requests, "two pages, two requests")

	for _, export := range []string{"/lab/xray.jsonl", "/lab/xray.har"} {
		_, file := ann.get(export)
		assert.Contains(t, file, `"client"`, export)
		assert.Contains(t, file, `"server"`, export)
		assert.Contains(t, file, "/ann/1", export)
		assert.NotContains(t, file, "/bob/1", export)
	}
	_, file := ann.get("/lab/xray.har")
	assert.Contains(t, file, "between the proxy and the server")
}

// line reads or changes the proxy and the network before the demo.
func (u user) line(method, body string) (status int, text string, answer struct {
	Keyed      bool
	Proxy, Net string
	Kinds      []struct{ Name string }
	Nets       []string
}) {
	u.Helper()
	r, err := http.NewRequest(method, u.url+"/lab/line", strings.NewReader(body))
	require.NoError(u, err)
	res, err := u.Client.Do(r)
	require.NoError(u, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(u, err)
	_ = json.Unmarshal(data, &answer) // an error is text
	return res.StatusCode, string(data), answer
}

// TestTheKeyChangesTheLine: everyone sees the proxy and the network before the demo, and the key
// changes them.
func TestTheKeyChangesTheLine(t *testing.T) {
	r, url := startProxied(t, host.Config{Net: netsim.Link{RTT: time.Millisecond}}, "idle=10s")
	u := visit(t, url)
	_, _, now := u.line("GET", "")
	assert.False(t, now.Keyed)
	assert.Equal(t, "idle=10s", now.Proxy)
	assert.Equal(t, "rtt=1ms", now.Net)
	assert.Len(t, now.Kinds, 8)
	assert.Contains(t, now.Nets, "3g")
	status, text, _ := u.line("POST", `{"proxy":"none"}`)
	assert.Equal(t, http.StatusForbidden, status)
	assert.Contains(t, text, "with the key")
	require.Equal(t, http.StatusNoContent, u.take(keyText(key)))
	for body, says := range map[string]string{
		`{"proxy":"bufering"}`:             `did you mean "buffering"`,
		`{"net":"5g"}`:                     "want one of",
		`{"proxy":"buffering","net":"5g"}`: "want one of",
		`{"prxy":"none"}`:                  "unknown field",
		`x`:                                "must be JSON",
		strings.Repeat(" ", 2000) + `{}`:   "too large",
	} {
		status, text, _ = u.line("POST", body)
		assert.Equal(t, http.StatusBadRequest, status, body)
		assert.Contains(t, text, says, body)
	}
	assert.Equal(t, "idle=10s", r.Proxy().Kinds().String(), "both or nothing")
	status, _, now = u.line("POST", `{"proxy":"buffering,no-websocket","net":"wifi"}`)
	assert.Equal(t, http.StatusOK, status)
	assert.True(t, now.Keyed)
	assert.Equal(t, "buffering,no-websocket", now.Proxy)
	assert.Equal(t, "wifi", now.Net)
	assert.True(t, r.Proxy().Kinds().Buffering)
	assert.Equal(t, "wifi", r.Front().Link().String())
}

// TestNoLine: without a proxy and a network there is nothing to change.
func TestNoLine(t *testing.T) {
	r, url := start(t, false)
	defer stop(t, r)
	u := visit(t, url)
	require.Equal(t, http.StatusNoContent, u.take(keyText(key)))
	status, text, _ := u.line("POST", `{"proxy":"none"}`)
	assert.Equal(t, http.StatusConflict, status)
	assert.Contains(t, text, "--proxy none")
	assert.Nil(t, r.Proxy())
}

// TestProxyOverTLS: the proxy ends TLS, and its HTTP/1.0 keeps clients off HTTP/2.
func TestProxyOverTLS(t *testing.T) {
	for _, c := range []host.Config{{}, {NoTap: true}, {Net: netsim.Link{RTT: time.Millisecond}}} {
		c.Proxy = &middlebox.Kinds{}
		r, url, trust := startTLS(t, c)
		hello := func() (*http.Response, string) {
			res, err := secureUser(t, url, trust).Client.Get(url + "/hello")
			require.NoError(t, err)
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			return res, string(body)
		}
		res, body := hello()
		assert.Equal(t, "HTTP/2.0", res.Proto)
		assert.Equal(t, "1.1 lab", res.Header.Get("Via"))
		assert.Equal(t, "pong", body)
		r.Proxy().Set(middlebox.Kinds{HTTP10: true})
		res, body = hello()
		assert.Equal(t, "HTTP/1.0", res.Proto)
		assert.Equal(t, "pong", body)
	}
}

// TestOwnNetHasNoProxy: a demo that puts proxies before its own servers has none before its page.
func TestOwnNetHasNoProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	own := demo
	own.OwnNet = true
	r, err := host.Start(host.Config{Demo: own, Listener: l, Web: web,
		Log: slog.New(slog.DiscardHandler), Proxy: &middlebox.Kinds{NoWebSocket: true}})
	require.NoError(t, err)
	defer stop(t, r)
	assert.Nil(t, r.Proxy())
}
