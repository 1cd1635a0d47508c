package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/middlebox/matrix"
)

func TestRunProxy(t *testing.T) {
	c, stdout, stderr := begin(t, "run", "sse", "compare", "--plain", "--addr", "127.0.0.1:0",
		"--proxy", "no-keepalive,http10", "--lang", "en")
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") == 2 })
	url := urlIn(stdout.String(), "sse")
	res, err := http.Get(url + "/none")
	require.NoError(t, err)
	_, _ = io.Copy(io.Discard, res.Body)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, "HTTP/1.0", res.Proto)
	eventually(t, stderr, func(text string) bool {
		return strings.Contains(text,
			"proxy no-keepalive,http10: closes each connection after "+
				"one response; speaks HTTP/1.0") &&
			strings.Contains(text, ":client\t") && strings.Contains(text, ":server\t")
	})
	for line := range strings.Lines(stderr.String()) { // who reads and writes on each side
		if strings.Contains(line, ":client\t") {
			assert.NotRegexp(t, "the server (read|wrote|sends|resets)", line)
		} else if strings.Contains(line, ":server\t") {
			assert.NotRegexp(t, "the client (read|wrote|sends|resets)", line)
		}
	}
	assert.Regexp(t, `:client\t→\t\d+\ttcp\tthe proxy read`, stderr.String())
	assert.Regexp(t, `:server\t→\t\d+\ttcp\tthe server read`, stderr.String())
	res, err = http.Get(urlIn(stdout.String(), "compare") + "/none")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, "HTTP/1.1", res.Proto, "the comparison puts its lanes behind what it likes")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	assert.NoError(t, c.Wait())
}

func TestBadProxies(t *testing.T) {
	for want, args := range map[string][]string{
		`did you mean "buffering"? The kinds are: none, buffering`: {"run", "sse", "--proxy",
			"bufering"},
		`names no kind`:                   {"serve", "--proxy", ""},
		`did you mean "no-websocket"`:     {"compare", "--proxy", "all,no-websockets"},
		`--workload is for the workloads`: {"compare", "--proxy", "all", "--workload", "feed"},
		`does not pass these proxies`: {"compare", "--proxy", "none", "--transports",
			"webtransport"},
		`no transport "ssse"`:      {"compare", "--proxy", "none", "--transports", "ssse"},
		`--format xml: want table`: {"compare", "--proxy", "none", "--format", "xml"},
	} {
		out, err := exec.Command(binary, args...).CombinedOutput()
		assert.Error(t, err, want)
		assert.Contains(t, string(out), want)
		assert.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
	}
}

func TestCompareProxy(t *testing.T) {
	c := exec.Command(binary, "compare", "--proxy", "none,no-websocket,buffering+no-keepalive",
		"--transports", "websocket,long-polling", "--format", "json")
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Run(), stderr.String())
	var report struct{ Cells []matrix.Cell }
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &report))
	require.Len(t, report.Cells, 6)
	for i, c := range report.Cells {
		assert.Equal(t, []string{"websocket", "long-polling"}[i/3], c.Transport)
		assert.Equal(t, []string{"none", "no-websocket", "buffering,no-keepalive"}[i%3], c.Proxy)
		assert.Equal(t, i != 1, c.Connects, c)
	}
	assert.Contains(t, stderr.String(), "[6/6] ")
}

func TestCompleteKinds(t *testing.T) {
	names := func(typed string) (names []string) {
		all, _ := completeKinds(nil, nil, typed)
		for _, one := range all {
			name, says, described := strings.Cut(one, "\t")
			assert.True(t, described && says != "", one)
			names = append(names, name)
		}
		return names
	}
	assert.Len(t, names(""), 9)
	after := names("buffering,idle=3s,h")
	assert.Len(t, after, 6)
	assert.True(t, slices.Contains(after, "buffering,idle=3s,http10"), after)
}
