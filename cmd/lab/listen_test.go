package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/lang"
	"realtimelab/internal/site"
	"realtimelab/lessons"
)

// running runs a demo in this process, and returns what it prints once it serves.
func running(t *testing.T, o runOptions) (stdout, stderr string) {
	var out, log locked.Buffer
	o.stdout, o.log, o.noTap = &out, &log, true
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, o, []string{"broadcast"}) }()
	t.Cleanup(func() {
		cancel()
		assert.NoError(t, <-ended)
	})
	require.Eventually(t, func() bool {
		return strings.Contains(out.String(), "http://")
	}, time.Minute, time.Millisecond)
	url := regexp.MustCompile(`http://[^\s",。，]+`).FindString(out.String())
	res, err := http.Get(url)
	require.NoError(t, err, "the printed address serves")
	res.Body.Close()
	assert.Equal(t, http.StatusOK, res.StatusCode)
	return out.String(), log.String()
}

func TestATakenDefaultPortIsSaid(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	o := runOptions{addr: taken.Addr().String(), plain: true, lang: "en"}
	port := taken.Addr().(*net.TCPAddr).Port
	stdout, stderr := running(t, o)
	var got int
	_, err = fmt.Sscanf(stdout, "broadcast\thttp://127.0.0.1:%d\n", &got)
	require.NoError(t, err, stdout)
	assert.Greater(t, got, port)
	assert.Contains(t, stderr, fmt.Sprintf("lab: port %d is taken: using port %d instead\n",
		port, got))

	note := o.portNote(0, &net.TCPAddr{Port: port + 1})
	assert.Equal(t, fmt.Sprintf("端口 %d 已被占用，改用 %d", port, port+1), note.ZH)
	assert.Zero(t, o.portNote(0, &net.TCPAddr{Port: port}), "it got the port")
	assert.Zero(t, o.portNote(1, &net.TCPAddr{Port: port + 1}), "the second demo has the next port")
}

// TestATakenDefaultPortIsSaidByEachCommand: class and xray choose another port and say so, as run
// does.
func TestATakenDefaultPortIsSaidByEachCommand(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	addr, port := taken.Addr().String(), taken.Addr().(*net.TCPAddr).Port
	t.Setenv("LC_ALL", "C")
	for name, begin := range map[string]func(ctx context.Context, out, log *locked.Buffer) error{
		"class": func(ctx context.Context, out, log *locked.Buffer) error {
			return serveClass(ctx, classOptions{
				runOptions: runOptions{addr: addr, lan: true, accessible: true,
					directory: &site.Directory{}, stdout: out, log: log},
				commands: strings.NewReader(""),
			})
		},
		"xray": func(ctx context.Context, out, log *locked.Buffer) error {
			return (&xrayOptions{to: "http://127.0.0.1:1", addr: addr, page: "127.0.0.1:0",
				lang: "en", stdout: out, log: log}).run(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out, log locked.Buffer
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- begin(ctx, &out, &log) }()
			require.Eventually(t, func() bool {
				return strings.Contains(out.String(), "\n")
			}, time.Minute, time.Millisecond)
			cancel()
			require.NoError(t, <-ended)
			got := regexp.MustCompile(`^` + name + `\thttp://[^:]+:(\d+)\n`).
				FindStringSubmatch(out.String())
			require.NotNil(t, got, out.String())
			assert.NotEqual(t, strconv.Itoa(port), got[1])
			assert.Contains(t, log.String(),
				fmt.Sprintf("lab: port %d is taken: using port %s instead\n", port, got[1]))
		})
	}
	_, err = runOptions{addr: addr, addrByHand: true}.listen(0)
	assert.ErrorContains(t, err, "cannot listen on "+addr, "an address given by hand is kept")
}

func TestEveryOutputHasAnAddressThatOthersReach(t *testing.T) {
	if len(runOptions{}.classroom(1)) == 0 {
		t.Skip("this machine has no network")
	}
	want := strings.TrimSuffix(runOptions{}.classroom(1)[0], ":1")
	o := runOptions{addr: ":0", addrByHand: true, plain: true, lang: "en"}
	stdout, stderr := running(t, o)
	assert.Regexp(t, `^broadcast\t`+regexp.QuoteMeta(want)+`:\d+\n$`, stdout)
	assert.Contains(t, stderr, want+":", "the addresses of the room, as with --lan")

	o.plain, o.accessible = false, true
	stdout, _ = running(t, o)
	assert.Contains(t, stdout, "broadcast is running at "+want+":")

	o.accessible, o.rows.json = false, true
	var out, log strings.Builder
	o.stdout, o.log = &out, &log
	o.announce(lessons.All()[0].Demos[0], &net.TCPAddr{IP: net.IPv6unspecified, Port: 4000})
	var line map[string]string
	require.NoError(t, json.Unmarshal([]byte(out.String()), &line))
	assert.Equal(t, want+":4000", line["url"])

	_, fields, _ := start(t, "xray", "--to", "http://127.0.0.1:1", "--plain", "--addr", ":0",
		"--page", "127.0.0.1:0")
	assert.Regexp(t, `^`+regexp.QuoteMeta(want)+`:\d+$`, fields[1])
}

// The opener of a desktop is a script that fails without a browser.
func TestABrowserThatDoesNotOpenIsSaid(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("xdg-open is Linux's opener")
	}
	dir := t.TempDir()
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	opener := func(script string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "xdg-open"),
			[]byte("#!/bin/sh\n"+script+"\n"), 0o755))
	}
	opener("exit 3")
	assert.EqualError(t, openBrowser("http://127.0.0.1:1"), "xdg-open: exit status 3")
	var out strings.Builder
	openOrPrint(&out, "http://127.0.0.1:1", lang.English)
	assert.Equal(t,
		"lab: cannot open a browser (xdg-open: exit status 3): open http://127.0.0.1:1\n",
		out.String())
	out.Reset()
	openOrPrint(&out, "http://127.0.0.1:1", lang.Chinese)
	assert.Equal(t,
		"lab: 无法打开浏览器（xdg-open: exit status 3）：请打开 http://127.0.0.1:1\n",
		out.String())

	opener(`echo "$1" > "` + dir + `/asked"`)
	require.NoError(t, openBrowser("http://127.0.0.1:1"))
	asked, err := os.ReadFile(filepath.Join(dir, "asked"))
	require.NoError(t, err)
	assert.Equal(t, "http://127.0.0.1:1\n", string(asked))

	t.Setenv("PATH", t.TempDir())
	assert.ErrorContains(t, openBrowser("http://127.0.0.1:1"), "executable file not found")
}
