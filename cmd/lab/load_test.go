package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
	"realtimelab/internal/load"
)

// echoServer returns the URL of a WebSocket that sends back what it receives.
func echoServer(t *testing.T) string {
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for {
			kind, data, err := conn.ReadMessage()
			if err != nil || conn.WriteMessage(kind, data) != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// The command from end to end: figures, the page, and the exit status.
func TestLoad(t *testing.T) {
	need.Time(t)
	url, file := echoServer(t), filepath.Join(t.TempDir(), "load.html")
	args := []string{"load", url, "--profile", "publish", "--receivers", "sender", "--clients", "5",
		"--rate", "50", "--duration", "500ms", "--grace", "20s"}
	c := exec.Command(binary, append(args, "--json", "--report", file, "--lang", "zh", "--header",
		"Cookie: secret=7", "--fail", "missing>0")...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, stderr.String())
	var report load.Report
	require.NoError(t, json.Unmarshal(out, &report))
	assert.Equal(t, 5, report.Clients.Held)
	assert.Positive(t, report.Messages.Delivered)
	assert.Equal(t, "lab load "+url+
		" --clients 5 --duration 500ms --fail 'missing>0' --grace 20s --profile "+
		"publish --rate 50 --receivers sender", report.Command, "it keeps no secrets")
	assert.NotEmpty(t, stderr.String(), "progress")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(page), "服务器负载测试")

	out, err = exec.Command(binary, append(args, "--fail", "p50>=0ms", "--fail", "missing>0",
		"--lang", "en")...).CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	assert.Equal(t, 3, exit.ExitCode())
	assert.Contains(t, string(out), "FAILED  p50>=0ms: ")
	assert.Contains(t, string(out), "passed  missing>0: 0")
	assert.Contains(t, string(out), "lab: failed: p50>=0ms")
}

func TestLoadRefusesBadInput(t *testing.T) {
	for _, one := range []struct {
		args   []string
		want   string
		status int // 0: that of a wrong command line
	}{
		{nil, "name one server, for example", 0},
		{[]string{"http://a", "http://b"}, "name one server", 0},
		{[]string{"ftp://127.0.0.1"}, "want http://", 0},
		{[]string{"http://203.0.113.7"}, "--i-own-this-server", exitFailed},
		{[]string{"http://127.0.0.1:1"}, "no server answers", exitFailed},
		{[]string{"http://127.0.0.1:1", "--header", "Cookie"}, `want "NAME: VALUE", such as`, 0},
		{[]string{"http://127.0.0.1:1", "--lang", "fr"}, "unknown language", 0},
		{[]string{"http://127.0.0.1:1", "--profile", "flood"}, "unknown profile", 0},
		{[]string{"http://127.0.0.1:1", "--fail", "p99"}, "threshold", 0},
		{[]string{"http://127.0.0.1:1", "--fail", "p98>5ms"}, "unknown metric", 0},
		{[]string{"http://127.0.0.1:1", "--clients", "0x"}, "--clients", 0},
		{[]string{"http://127.0.0.1:1/vip", "--namespace", "/admin"}, "leave one of them out", 0},
		{[]string{"http://127.0.0.1:1", "--auth", "{"}, "want JSON", 0},
		{[]string{"ws://127.0.0.1:1", "--event", "say"},
			"--event is for --as socketio, socketio-polling, and websocket has no use for it", 0},
		{[]string{"http://127.0.0.1:1", "--as", "sse", "--eio", "4"}, "--eio is for", 0},
		{[]string{"http://127.0.0.1:1", "--as", "websocket", "--path", "/a"}, "--path is for", 0},
		{[]string{"http://127.0.0.1:1", "--post", "/a"}, "--post is for --as sse", 0},
		{[]string{"http://127.0.0.1:1", "--as", "socketio-polling", "--upgrade"},
			"--upgrade is for --as socketio", 0},
		{[]string{"http://127.0.0.1:1", "--as", "sse", "--slow-rate", "9"}, "--slow-rate is for",
			0},
		{[]string{"http://127.0.0.1:1", "--stay", "1s"}, "--stay is for the profile connect", 0},
		{[]string{"http://127.0.0.1:1", "--report", t.TempDir()}, "this is a directory", 0},
	} {
		out, err := exec.Command(binary, append([]string{"load"}, one.args...)...).CombinedOutput()
		var exit *exec.ExitError
		require.True(t, errors.As(err, &exit), "%v", one.args)
		assert.Equal(t, cmp.Or(one.status, exitUsage), exit.ExitCode(), "%v", one.args)
		assert.Contains(t, string(out), one.want)
	}
}
