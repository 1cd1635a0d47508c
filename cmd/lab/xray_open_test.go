package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// savedTraffic runs the x-ray in front of a server that says hello, and returns the file that it
// saves.
func savedTraffic(t *testing.T, name string) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), name)
	c, stdout, stderr := begin(t, "xray", "--to", server.URL+"/app/", "--addr", "127.0.0.1:0",
		"--plain", "--lang", "en", "--save", file)
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") >= 2 })
	at := urlIn(stdout.String(), "xray")
	require.True(t, strings.HasSuffix(at, "/app"), "%s has the path of the target", at)
	fetch(t, at+"/x")
	eventually(t, stdout, func(text string) bool {
		return strings.Contains(text, "\thttp\tGET /app/x\n")
	})
	_, err := os.Stat(file)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
	assert.Contains(t, stderr.String(), "lab: saved ")
	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	return file
}

// lab runs the command to its end.
func lab(t *testing.T, args ...string) (stdout, stderr string, err error) {
	var out, errs strings.Builder
	c := exec.Command(binary, args...)
	c.Stdout, c.Stderr = &out, &errs
	err = c.Run()
	return out.String(), errs.String(), err
}

func TestXraySavesAndOpens(t *testing.T) {
	for _, name := range []string{"a.pcapng", "a.jsonl", "a.har"} {
		file := savedTraffic(t, name)
		rows, _, err := lab(t, "xray", "open", file, "--plain")
		require.NoError(t, err)
		assert.Contains(t, rows, "\thttp\tGET /app/x\n", name)
		assert.Contains(t, rows, "\tbody\tbody of 5 bytes · hello\n", name)
		for line := range strings.Lines(rows) {
			assert.Len(t, strings.SplitN(line, "\t", 6), 6, line)
		}
		piped, _, err := lab(t, "xray", "open", file)
		require.NoError(t, err)
		assert.Equal(t, rows, piped, "without a terminal the rows are printed")
		one, _, err := lab(t, "xray", "open", file, "--filter", `→ /get \/app/ -layer:tcp`)
		require.NoError(t, err)
		assert.Equal(t, 1, strings.Count(one, "\n"), "%s", one)
	}
}

func TestXrayOpenConverts(t *testing.T) {
	file, dir := savedTraffic(t, "a.pcapng"), t.TempDir()
	for _, name := range []string{"b.jsonl", "b.har", "b.pcapng"} {
		to := filepath.Join(dir, name)
		out, errs, err := lab(t, "xray", "open", file, "--save", to, "--lang", "en")
		require.NoError(t, err, errs)
		assert.Empty(t, out)
		assert.Regexp(t, `^lab: saved [1-9].* in `, errs)
		rows, errs, err := lab(t, "xray", "open", to)
		require.NoError(t, err, errs)
		assert.Contains(t, rows, "\thttp\tGET /app/x\n", name)
	}
	har := filepath.Join(dir, "part.har")
	_, errs, err := lab(t, "xray", "open", file, "--save", har, "--filter", "layer:body",
		"--lang", "en")
	require.NoError(t, err, errs)
	assert.Contains(t, errs, "lab: saved 1 request and 0 messages of WebSockets in "+har)
	none := filepath.Join(dir, "none.har")
	for filter, says := range map[string]string{"layer:tcp": "the rows belong to none",
		"event:none": "no row passed --filter and --layers, of "} {
		_, errs, err = lab(t, "xray", "open", file, "--save", none, "--filter", filter,
			"--lang", "en")
		require.Error(t, err)
		assert.Contains(t, errs, none+" was not written: ")
		assert.Contains(t, errs, says)
		assert.NoFileExists(t, none)
	}
	part := filepath.Join(dir, "part.jsonl")
	_, _, err = lab(t, "xray", "open", file, "--save", part, "--filter", "layer:http")
	require.NoError(t, err)
	text, err := os.ReadFile(part)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(text), "\n"), "%s", text)
}

// --filter chooses what is printed: the file has all the traffic, and an empty output is explained.
func TestXraySavesWhatItDoesNotPrint(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "a.har")
	c, stdout, stderr := begin(t, "xray", "--to", server.URL, "--addr", "127.0.0.1:0", "--plain",
		"--lang", "en", "--save", file, "--filter", "layer:event")
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") >= 2 })
	fetch(t, urlIn(stdout.String(), "xray")+"/x")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
	assert.Equal(t, 2, strings.Count(stdout.String(), "\n"), stdout.String())
	assert.Regexp(t, `lab: no row passed --filter and --layers, of \d+\n`, stderr.String())
	assert.Contains(t, stderr.String(), "lab: saved 1 request and 0 messages")
	rows, errs, err := lab(t, "xray", "open", file, "--lang", "en")
	require.NoError(t, err)
	assert.Contains(t, rows, "GET /x")
	assert.NotContains(t, errs, "no row passed")
	rows, errs, err = lab(t, "xray", "open", file, "--filter", "event:none", "--lang", "en")
	require.NoError(t, err)
	assert.Empty(t, rows)
	assert.Regexp(t, `lab: no row passed --filter and --layers, of \d+\n`, errs)
}

func TestXrayOpenServesThePage(t *testing.T) {
	file := savedTraffic(t, "a.pcapng")
	c, stdout, _ := begin(t, "xray", "open", file, "--page", "127.0.0.1:0")
	eventually(t, stdout, func(text string) bool { return strings.Count(text, "\n") >= 2 })
	assert.Equal(t, file, urlIn(stdout.String(), "file"))
	page, _, found := strings.Cut(urlIn(stdout.String(), "page"), "#key=")
	require.True(t, found)
	res, err := http.Get(page + "lab/info.json")
	require.NoError(t, err)
	info, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	res.Body.Close()
	assert.Contains(t, string(info), `"file":"a.pcapng"`)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
}

func TestXrayOpenBadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for says, args := range map[string][]string{
		"name one file":     {"xray", "open"},
		"no such file":      {"xray", "open", filepath.Join(dir, "none")},
		"is a directory":    {"xray", "open", dir},
		"the file is empty": {"xray", "open", write("empty", "")},
		"not a capture":     {"xray", "open", write("text", "hello")},
		"byte 0: line 1":    {"xray", "open", write("a.jsonl", `{"id":1`)},
		"want a name that ends in": {"xray", "open", write("b.jsonl", "{}"), "--save",
			"x.txt"},
		"--save takes the traffic of":    {"run", "sse", "ws-chat", "--save", "x.har"},
		"--no-tap turns the x-ray off":   {"run", "sse", "--no-tap", "--save", "x.har"},
		"character 1: the closing quote": {"run", "sse", "--plain", "--filter", `"x`},
		"no such file or directory": {"xray", "--to", "http://127.0.0.1:1", "--addr",
			"127.0.0.1:0", "--save", filepath.Join(dir, "no", "x.har")},
	} {
		out, err := exec.Command(binary, args...).CombinedOutput()
		require.Error(t, err, args)
		assert.Contains(t, string(out), says, args)
		assert.Len(t, strings.Split(strings.TrimSpace(string(out)), "\n"), 1, "%s: %s", args, out)
	}
	whole, err := os.ReadFile(savedTraffic(t, "a.pcapng"))
	require.NoError(t, err)
	rows, errs, err := lab(t, "xray", "open", write("cut.pcapng", string(whole[:len(whole)-5])))
	require.Error(t, err)
	assert.Contains(t, rows, "GET /app/x", "what comes before was read")
	assert.Regexp(t, `lab: .*cut.pcapng is damaged at byte \d+: the file ends in the middle`, errs)
}

func TestRunSaves(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.jsonl")
	c, stdout, stderr := begin(t, "run", "short-polling", "--addr", "127.0.0.1:0", "--lang", "en",
		"--save", file)
	eventually(t, stdout, func(text string) bool { return strings.HasSuffix(text, "\n") })
	fetch(t, urlIn(stdout.String(), "short-polling")+"/messages?after=0")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.NoError(t, c.Wait())
	assert.Contains(t, stderr.String(), "lab: saved ")
	rows, _, err := lab(t, "xray", "open", file)
	require.NoError(t, err)
	assert.Contains(t, rows, "GET /messages?after=0")
	assert.Regexp(t, `connection 1 closed after \d+ bytes in`, rows,
		"the end of the connection is there, too")
}

func TestThePortOfThePageIsTheSame(t *testing.T) {
	port := func() string {
		l, note, err := listenPage("", "http://example.org:8080/x")
		require.NoError(t, err)
		defer l.Close()
		_, at, _ := net.SplitHostPort(l.Addr().String())
		if at != strconv.Itoa(pagePort("http://example.org:8080/x")) {
			assert.Contains(t, note.EN, "is taken: using port "+at)
		}
		return at
	}
	assert.Equal(t, port(), port())
	for _, source := range []string{"", "http://a", "/tmp/b.pcapng"} {
		assert.GreaterOrEqual(t, pagePort(source), firstPagePort)
		assert.Less(t, pagePort(source), firstPagePort+pagePorts)
	}
	taken, _, err := listenPage("", "c")
	require.NoError(t, err)
	defer taken.Close()
	next, note, err := listenPage("", "c")
	require.NoError(t, err)
	defer next.Close()
	assert.Contains(t, note.EN, "is taken")
	assert.NotEqual(t, taken.Addr().String(), next.Addr().String())
}

func TestXrayInATerminal(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "hello")
	}))
	defer server.Close()
	addr, file := free(t), filepath.Join(t.TempDir(), "a.pcapng")
	term := openTerminal(t, binary+" xray --lang en --to "+server.URL+" --addr "+addr+
		" --save "+file)
	term.shows("http://" + addr)
	fetch(t, "http://"+addr+"/across")
	term.shows("GET /across")
	term.press("C-c")
	assert.Contains(t, term.ended(0), "lab: saved")
	assertFree(t, addr)
	term.tmux("kill-server")

	term = openTerminal(t, binary+" xray open --lang en "+file)
	term.shows("a.pcapng")
	term.shows("GET /across")
	term.press("C-c")
	term.ended(0)
}
