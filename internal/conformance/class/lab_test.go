package class

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise/class"
)

// testTime bounds the whole test, and each wait in it.
const testTime = 3 * time.Minute

// buildLab compiles the command and returns its path.
func buildLab(t *testing.T) string {
	binary := filepath.Join(t.TempDir(), "lab")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary,
		"realtimelab/cmd/lab").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}

// labClass is a running `lab class`.
type labClass struct {
	t    *testing.T
	cmd  *exec.Cmd
	log  *bytes.Buffer
	url  string
	key  string
	code string
}

var (
	printedKey  = regexp.MustCompile(`#key=([\w-]+)`)
	printedCode = regexp.MustCompile(`join with the code (\w+)`)
)

// startClass starts the class and waits until it has printed its addresses.
func startClass(ctx context.Context, t *testing.T, binary, addr, keep string) *labClass {
	c := &labClass{t: t, log: &bytes.Buffer{}}
	c.cmd = exec.CommandContext(ctx, binary, "class", "--addr", addr, "--keep", keep,
		"--lang", "en")
	stdout, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := c.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "lab class ended before it printed its address")
	_, c.url, _ = strings.Cut(strings.TrimSpace(line), "\t")
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		c.log.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "type: remove NAME") {
			break // the last expected line; the pipe buffers later ones
		}
	}
	key, code := printedKey.FindStringSubmatch(c.log.String()),
		printedCode.FindStringSubmatch(c.log.String())
	require.True(t, key != nil && code != nil, c.log.String())
	c.key, c.code = key[1], code[1]
	return c
}

// stop ends the class as Ctrl-C does.
func (c *labClass) stop() {
	require.NoError(c.t, c.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(c.t, c.cmd.Wait())
}

// kill ends a class that the test has not stopped.
func (c *labClass) kill() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	}
}

// order sends a teacher's action.
func (c *labClass) order(action string, body any) {
	c.t.Helper()
	status, text := exchange(c.t, http.DefaultClient, http.MethodPost,
		c.url+class.Path+"teacher/"+action, c.key, body)
	require.Equal(c.t, http.StatusNoContent, status, "%s: %s", action, text)
}

// marks returns the export for the teacher, without the times.
func (c *labClass) marks() map[string]class.Mark {
	_, text := exchange(c.t, http.DefaultClient, http.MethodGet, c.url+class.Path+"marks.json",
		c.key, nil)
	var all struct{ Students []class.Mark }
	require.NoError(c.t, json.Unmarshal([]byte(text), &all))
	marks := map[string]class.Mark{}
	for _, m := range all.Students {
		m.Seen = time.Time{}
		marks[m.Name] = m
	}
	return marks
}

// table returns the CSV export: a map from column to cell, by student.
func (c *labClass) table() map[string]map[string]string {
	_, text := exchange(c.t, http.DefaultClient, http.MethodGet, c.url+class.Path+"marks.csv",
		c.key, nil)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff"))).ReadAll()
	require.NoError(c.t, err)
	table := map[string]map[string]string{}
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, name := range rows[0] {
			cells[name] = row[i]
		}
		table[row[0]] = cells
	}
	return table
}

// exchange sends JSON and returns the answer.
func exchange(t *testing.T, c *http.Client, method, url, key string, body any) (int, string) {
	t.Helper()
	data, err := json.Marshal(body)
	require.NoError(t, err)
	var from io.Reader
	if body != nil {
		from = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, from)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := c.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// laptop runs `lab exercise watch` with a seat code in a folder of its own, until stop.
type laptop struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startLaptop(ctx context.Context, t *testing.T, binary, dir, url, seatCode string) *laptop {
	l := &laptop{t: t, cmd: exec.CommandContext(ctx, binary, "exercise", "watch", "--class", url,
		"--seat", seatCode)}
	l.cmd.Dir, l.cmd.Env = dir, append(os.Environ(), "LC_ALL=C", "NO_COLOR=1")
	stdout, err := l.cmd.StdoutPipe()
	require.NoError(t, err)
	l.cmd.Stderr = t.Output()
	require.NoError(t, l.cmd.Start())
	l.lines = bufio.NewScanner(stdout)
	return l
}

// until reads the laptop's screen until a line contains the text.
func (l *laptop) until(text string) {
	l.t.Helper()
	for l.lines.Scan() {
		if strings.Contains(l.lines.Text(), text) {
			return
		}
	}
	l.t.Fatalf("watch ended before it said %q", text)
}

func (l *laptop) kill() {
	if l.cmd.ProcessState == nil {
		_ = l.cmd.Process.Kill()
		_ = l.cmd.Wait()
	}
}

func (l *laptop) stop() {
	require.NoError(l.t, l.cmd.Process.Signal(syscall.SIGINT))
	for l.lines.Scan() {
	}
	require.NoError(l.t, l.cmd.Wait())
}
