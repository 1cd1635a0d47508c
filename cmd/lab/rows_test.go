package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/locked"
	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// begin runs the command until the test ends, and returns what it writes.
func begin(t *testing.T, args ...string) (c *exec.Cmd, stdout, stderr *locked.Buffer) {
	stdout, stderr = &locked.Buffer{}, &locked.Buffer{}
	c = exec.Command(binary, args...)
	c.Stdout, c.Stderr = stdout, stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c, stdout, stderr
}

// eventually waits for a condition on what a process has written.
func eventually(t *testing.T, o *locked.Buffer, ok func(text string) bool) {
	t.Helper()
	require.Eventually(t, func() bool {
		return ok(o.String())
	}, 20*time.Second, 5*time.Millisecond, "%s", o)
}

// urlIn is the URL on the line that starts with name and a tab.
func urlIn(text, name string) string {
	for line := range strings.Lines(text) {
		if url, ok := strings.CutPrefix(strings.TrimSpace(line), name+"\t"); ok {
			return url
		}
	}
	return ""
}

func fetch(t *testing.T, url string) {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true},
		Timeout: 10 * time.Second}
	res, err := client.Get(url)
	require.NoError(t, err)
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
}

func TestRunPlainPrintsRows(t *testing.T) {
	c, stdout, stderr := begin(t, "run", "short-polling", "--plain", "--addr", "127.0.0.1:0")
	eventually(t, stdout, func(text string) bool { return strings.HasSuffix(text, "\n") })
	fetch(t, urlIn(stdout.String(), "short-polling")+"/messages?after=0")
	eventually(t, stderr, func(text string) bool {
		return strings.Contains(text, "\thttp\tGET /messages?after=0\n") &&
			strings.Contains(text, "\thttp\t200 OK")
	})
	where, rows, _ := strings.Cut(stderr.String(), "\n")
	assert.Regexp(t,
		`^short-polling, for you only \(with the key\): http://127\.0\.0\.1:\d+/#key=[\w-]{22}$`,
		where)
	assert.NotContains(t, stdout.String(), "key")
	for line := range strings.Lines(rows) {
		assert.Len(t, strings.SplitN(line, "\t", 6), 6, line)
	}
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
	assert.Len(t, strings.Split(strings.TrimSpace(stdout.String()), "\n"), 1)
}

// The pages' own files are among the rows where --lab-files asks for them.
func TestRunLabFiles(t *testing.T) {
	for _, flags := range [][]string{nil, {"--lab-files"}} {
		c, stdout, stderr := begin(t, append([]string{"run", "short-polling", "--plain", "--layers",
			"http", "--addr", "127.0.0.1:0"}, flags...)...)
		eventually(t, stdout, func(text string) bool { return strings.HasSuffix(text, "\n") })
		url := urlIn(stdout.String(), "short-polling")
		fetch(t, url+"/lab/info.json")
		fetch(t, url+"/messages?after=0")
		eventually(t, stderr, func(text string) bool {
			return strings.Contains(text, "\thttp\tGET /messages?after=0\n")
		})
		rows := strings.Count(stderr.String(), "\thttp\tGET /lab/info.json\n")
		assert.Equal(t, len(flags), rows, "%s", flags)
		require.NoError(t, c.Process.Signal(os.Interrupt))
		require.NoError(t, c.Wait())
	}
}

func TestRunJSONPrintsRows(t *testing.T) {
	c, stdout, stderr := begin(t, "run", "short-polling", "sse", "--json", "--layers", "http",
		"--addr", "127.0.0.1:0")
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") == 2 })
	var url string
	lines := bufio.NewScanner(strings.NewReader(stdout.String()))
	for lines.Scan() {
		var where struct{ Demo, URL string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &where))
		if where.Demo == "short-polling" {
			url = where.URL
		}
	}
	fetch(t, url+"/messages?after=0")
	eventually(t, stdout, func(text string) bool {
		return strings.Count(text, `"demo":"short-polling","`) == 3
	})
	last := strings.Split(strings.TrimSpace(stdout.String()), "\n")
	var row struct {
		Demo, Layer string
		Data        []byte
		Fields      []any
	}
	require.NoError(t, json.Unmarshal([]byte(last[len(last)-1]), &row))
	assert.Equal(t, "http", row.Layer)
	assert.NotEmpty(t, row.Fields)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
	assert.NotContains(t, stderr.String(), "\thttp\t")
}

func TestXrayInFrontOfAServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer server.Close()
	c, stdout, _ := begin(t, "xray", "--to", server.URL, "--addr", "127.0.0.1:0", "--plain")
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") >= 2 })
	fetch(t, urlIn(stdout.String(), "xray")+"/x")
	fetch(t, urlIn(stdout.String(), "page"))
	eventually(t, stdout, func(text string) bool {
		return strings.Contains(text, "\thttp\tGET /x\n") &&
			strings.Contains(text, "\tbody\tbody of 5 bytes · hello\n")
	})
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
}

func TestXrayBadFlags(t *testing.T) {
	for _, args := range [][]string{
		{"xray"}, {"xray", "--to", "nowhere"}, {"xray", "--to", "ftp://x"},
		{"xray", "--to", "http://x", "--addr", "x"},
		{"xray", "--to", "http://x", "--page", "127.0.0.1:99999"},
		{"xray", "--to", "http://x", "--layers", "none"}, {"run", "sse", "--layers", "none"},
		{"run", "sse", "--json", "--no-tap"}, {"xray", "--to", "http://x", "--lang", "fr"},
	} {
		out, err := exec.Command(binary, args...).CombinedOutput()
		assert.Error(t, err, args)
		assert.Len(t, strings.Split(strings.TrimSpace(string(out)), "\n"), 1, "%s: %s", args, out)
	}
}

func TestColumnHeads(t *testing.T) {
	for _, c := range []struct {
		printer rowPrinter
		want    string
	}{
		{rowPrinter{heads: true, lang: lang.English},
			"time           \tconn\tdir\tbytes\tlayer\twhat\n"},
		{rowPrinter{heads: true, lang: lang.Chinese, name: "sse"},
			"sse\t时间           \t连接\t方向\t字节\t层\t内容\n"},
		{rowPrinter{heads: true, json: true}, ""},
		{rowPrinter{}, ""},
	} {
		var out bytes.Buffer
		c.printer.out = &out
		wire := tap.New(tap.Config{})
		x := xray.New(wire, xray.Config{})
		x.Close()
		c.printer.print(t.Context(), x)
		assert.Equal(t, c.want, out.String())
	}
}
