// Package login tests the server of the demo login with curl and the official Socket.IO client.
package login

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/production/login"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve serves the demo without the lab, with short tokens.
func serve(t *testing.T) (url string) {
	s := login.NewServer(login.Config{TokenLife: 3 * time.Second, Warning: 2500 * time.Millisecond},
		lesson.Env{Log: slog.New(slog.DiscardHandler)})
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		assert.NoError(t, s.Close(ctx))
		server.Close()
	})
	return server.URL
}

// TestOfficialClientLogsIn: the published client sends its token in auth, renews it without a new
// connection, and learns why the server closes. The server refuses it with a forged token, an old
// ticket, no credential and too many events.
func TestOfficialClientLogsIn(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "node", "login.mjs", serve(t))
	cmd.Dir = node.Dir(t)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Equal(t, []string{
		"nothing: log in first",
		"cookie alone: a cookie alone is not enough: send a token in auth",
		"forged: the token is not signed by this server",
		"ticket: welcome ann",
		"ticket again: the ticket is unknown, used or too old",
		"token: welcome ann",
		"expires",
		"renewed over the same connection",
		"renew forged: the token is not signed by this server",
		"expires",
		"closed: 4401 the token has expired, io server disconnect",
		"said 10, refused 30 with 429",
		"logout: 4401 logged out, io server disconnect",
		"polling: welcome ann",
	}, strings.Split(strings.TrimSpace(string(out)), "\n"))
}

func curl(t *testing.T, args ...string) string {
	out, err := exec.CommandContext(t.Context(), need.Tool(t, "curl"),
		append([]string{"-sS", "--max-time", "30"}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return strings.ReplaceAll(string(out), "\r", "")
}

// TestCurl sends the requests of the lesson's steps, and the requests of an attacker's browser.
func TestCurl(t *testing.T) {
	url := serve(t)
	jar := t.TempDir() + "/jar"
	in := curl(t, "-i", "-c", jar, "-d", `{"name":"ann"}`, url+"/login")
	assert.Contains(t, in, "HTTP/1.1 201 Created")
	assert.Regexp(t, `Set-Cookie: session-\d+=[\w-]{22}; Path=/; HttpOnly; SameSite=Strict\n`, in)
	note := regexp.MustCompile(`"note":"([^"]+)"`).FindStringSubmatch(in)[1]
	assert.Contains(t, curl(t, "-b", jar, url+"/account/data"), note)

	for _, args := range [][]string{
		{"-H", "Origin: http://evil.example", url + "/account/data"},
		{"-H", "Sec-Fetch-Site: cross-site", url + "/account/data"},
		{"-H", "Host: evil.example", url + "/account/status"},
		{url + "/account/data?callback=f"},
		{url + "/socket.io/?EIO=4&transport=polling&j=0"},
	} {
		got := curl(t, append([]string{"-i", "-b", jar}, args...)...)
		assert.Regexp(t, `^HTTP/1.1 4(00|03|21) `, got, args)
		assert.NotContains(t, got, note)
	}
	upgrade := []string{"-i", "-b", jar, "-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
		"-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}
	got := curl(t, append(upgrade, "-H", "Origin: http://evil.example",
		url+"/account/ws?way=cookie")...)
	assert.Contains(t, got, "HTTP/1.1 403 Forbidden")
	got = curl(t, append(upgrade, url+"/account/ws?way=ticket&ticket=used")...)
	assert.Contains(t, got, "HTTP/1.1 401 Unauthorized")
	assert.Contains(t, got, "the ticket is unknown, used or too old")

	var refused string
	for range 60 {
		if got := curl(t, "-i", url+"/account/events?way=ticket&ticket=x"); strings.Contains(got,
			" 429 ") {
			refused = got
		}
	}
	if refused == "" { // on a slow machine the bucket fills faster than curl starts
		t.Skip("curl came more slowly than the limit")
	}
	assert.Contains(t, refused, "Retry-After: 1\n")
}
