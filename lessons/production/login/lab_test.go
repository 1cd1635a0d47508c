package login_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/host"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/production"
	"realtimelab/web"
)

// serve serves the demo as the lab does.
func serve(t *testing.T, key host.Key) (url string) {
	l, d, ok := lesson.FindDemo(production.Lessons(), "login")
	require.True(t, ok)
	l.Scripts = web.Pages
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r, err := host.Start(host.Config{Lesson: l, Demo: d, Listener: listener, Web: web.Pages,
		Key: key, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		assert.NoError(t, r.Close(ctx))
	})
	return "http://" + listener.Addr().String()
}

// ask sends a request and returns the answer with its body.
func ask(t *testing.T, client *http.Client, method, url, host, body string,
	header ...string) (*http.Response, string) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	if host != "" {
		req.Host = host
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(data)
}

func newClient(t *testing.T) *http.Client {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport}
}

// TestSwitchesStayInTheirPlace: with every check of the demo off, the lab still refuses other hosts
// and origins everywhere else.
func TestSwitchesStayInTheirPlace(t *testing.T) {
	key := host.NewKey()
	url, client := serve(t, key), newClient(t)
	all := `{"origin":false,"host":false,"sameSite":false,"token":false,"script":false,"limits":false}`
	for _, held := range []string{"", "Bearer wrong"} {
		res, body := ask(t, client, "POST", url+"/lab/login/checks", "", all, "Authorization", held)
		assert.Equal(t, 403, res.StatusCode)
		assert.Contains(t, body, "the key")
	}
	res, body := ask(t, client, "POST", url+"/lab/login/checks", "", `{"orgin":false}`,
		"Authorization", key.Bearer())
	assert.Equal(t, 400, res.StatusCode, body)
	res, _ = ask(t, client, "POST", url+"/lab/login/checks", "", all, "Authorization", key.Bearer())
	require.Equal(t, 204, res.StatusCode)

	for _, path := range []string{"/account/status", "/account/data?callback=f",
		"/socket.io/?EIO=4&transport=polling"} {
		res, _ = ask(t, client, "GET", url+path, "evil.example", "", "Origin",
			"http://other.example", "Sec-Fetch-Site", "cross-site")
		assert.NotContains(t, []int{403, 421}, res.StatusCode, "%s is open", path)
	}
	for _, at := range []struct{ method, path string }{
		{"GET", "/"}, {"GET", "/lab/info.json"}, {"GET", "/lab/login"},
		{"POST", "/lab/login/checks"}, {"POST", "/lab/key"}, {"GET", "/lab/xray.jsonl"},
		{"POST", "/login"}, {"POST", "/logout"}, {"POST", "/token"}, {"POST", "/ticket"},
		{"GET", "/socket.io/socket.io.js"},
		{"GET", "/account/../lab/login"}, {"GET", "//account/ws"}, {"GET", "/account/ws/"},
		{"GET", "/account/"},
	} {
		res, body := ask(t, client, at.method, url+at.path, "evil.example", "{}", "Authorization",
			key.Bearer())
		assert.Equal(t, http.StatusMisdirectedRequest, res.StatusCode, "%s: %s", at.path, body)
		res, body = ask(t, client, at.method, url+at.path, "", "{}", "Origin",
			"http://other.example", "Authorization", key.Bearer())
		assert.Equal(t, http.StatusForbidden, res.StatusCode, "%s: %s", at.path, body)
		res, body = ask(t, client, at.method, url+at.path, "", "{}", "Sec-Fetch-Site", "cross-site",
			"Authorization", key.Bearer())
		assert.Equal(t, http.StatusForbidden, res.StatusCode, "%s: %s", at.path, body)
	}
}

// TestHostilePage: the page of another origin may use the demo's server and nothing else, and only
// the demo's page may frame it.
func TestHostilePage(t *testing.T) {
	url, client := serve(t, host.NewKey()), newClient(t)
	res, _ := ask(t, client, "GET", url+"/", "", "")
	port := strings.TrimPrefix(url, "http://127.0.0.1:")
	policy := res.Header.Get("Content-Security-Policy")
	_, frames, ok := strings.Cut(policy, "frame-src 'self' ")
	require.True(t, ok, policy)
	frames, _, _ = strings.Cut(frames, ";")
	both := strings.Fields(frames)
	require.Len(t, both, 2)
	hostile := both[0]
	assert.Equal(t, strings.Replace(hostile, "127.0.0.1", "localhost", 1), both[1])

	res, body := ask(t, client, "GET", hostile+"/lab/lane/hostile.html", "", "")
	require.Equal(t, 200, res.StatusCode)
	assert.Contains(t, body, "hostile.js")
	assert.Equal(t,
		strings.ReplaceAll(
			"default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "+
				"script-src 'self' http://127.0.0.1:P http://localhost:P; "+
				"connect-src 'self' ws://"+strings.TrimPrefix(hostile, "http://")+
				" http://127.0.0.1:P http://localhost:P ws://127.0.0.1:P ws://localhost:P; "+
				"frame-ancestors http://127.0.0.1:P http://localhost:P", ":P", ":"+port),
		res.Header.Get("Content-Security-Policy"))
	res, _ = ask(t, client, "POST", hostile+"/rebind?client=page-1-other", "", "", "Origin", url)
	assert.Equal(t, 403, res.StatusCode, "no other page may use its server")
	res, _ = ask(t, client, "POST", hostile+"/rebind?client=a%0d%0ab", "", "")
	assert.Equal(t, 400, res.StatusCode)
}

// TestRebinding sends the request of evil.example, with the check on and off.
func TestRebinding(t *testing.T) {
	key := host.NewKey()
	url, client := serve(t, key), newClient(t)
	res, _ := ask(t, client, "GET", url+"/", "", "")
	_, hostile, _ := strings.Cut(res.Header.Get("Content-Security-Policy"), "frame-src 'self' ")
	hostile, _, _ = strings.Cut(hostile, " ")
	_, _ = ask(t, client, "POST", url+"/login", "", `{"name":"ann"}`)
	for _, on := range []bool{true, false} {
		state, _ := json.Marshal(map[string]bool{"host": on})
		res, _ := ask(t, client, "POST", url+"/lab/login/checks", "", string(state),
			"Authorization", key.Bearer())
		require.Equal(t, 204, res.StatusCode)
		_, body := ask(t, client, "POST", hostile+"/rebind?client=page-1-other", "", "")
		var got struct{ Request, Answer, Error string }
		require.NoError(t, json.Unmarshal([]byte(body), &got))
		assert.Empty(t, got.Error)
		assert.Contains(t, got.Request, "\r\nHost: evil.example:")
		if on {
			assert.Contains(t, got.Answer, "HTTP/1.1 421 ")
			assert.NotContains(t, got.Answer, "ann")
		} else {
			assert.Contains(t, got.Answer, "HTTP/1.1 200 ")
			assert.Contains(t, got.Answer, `"sessions":["ann"]`)
		}
	}
}
