package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "lab")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

// start runs the command, and returns it with the fields of its first line.
func start(t *testing.T, args ...string) (*exec.Cmd, []string, *bufio.Reader) {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, binary, args...)
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	lines := bufio.NewReader(stdout)
	line, err := lines.ReadString('\n')
	require.NoError(t, err)
	return c, strings.Split(strings.TrimSuffix(line, "\n"), "\t"), lines
}

func TestRunPrintsOneLineAndEndsCleanly(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		c, fields, lines := start(t, "run", "broadcast", "--plain", "--addr", "127.0.0.1:0")
		require.Len(t, fields, 2)
		assert.Equal(t, "broadcast", fields[0])
		res, err := http.Get(fields[1])
		require.NoError(t, err)
		res.Body.Close()
		assert.Equal(t, 200, res.StatusCode)

		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(fields[1], "http")+
			"/socket.io/?EIO=4&transport=websocket", nil)
		require.NoError(t, err)
		_, _, err = conn.ReadMessage()
		require.NoError(t, err)
		require.NoError(t, c.Process.Signal(signal))
		_, _, err = conn.ReadMessage()
		assert.True(t, websocket.IsCloseError(err, websocket.CloseNoStatusReceived), "%v", err)
		conn.Close()
		rest, _ := io.ReadAll(lines)
		assert.Empty(t, string(rest))
		assert.NoError(t, c.Wait())
	}
}

func TestTakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	out, err := exec.Command(binary, "run", "broadcast", "--addr", taken.Addr().String()).
		CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "cannot listen on "+taken.Addr().String())
	assert.Equal(t, 1, strings.Count(string(out), "\n"))
}

func TestUnknownDemo(t *testing.T) {
	out, err := exec.Command(binary, "run", "brodcast").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), `did you mean "broadcast"?`)
}

func TestList(t *testing.T) {
	out, err := exec.Command(binary, "list", "--json").Output()
	require.NoError(t, err)
	var all []listed
	require.NoError(t, json.Unmarshal(out, &all))
	require.NotEmpty(t, all)
	names, err := exec.Command(binary).Output()
	require.NoError(t, err)
	for _, d := range all {
		assert.Contains(t, string(names), d.Demo)
	}

	plain := exec.Command(binary, "list", "--plain")
	plain.Env = append(os.Environ(), "LC_ALL=zh_CN.UTF-8")
	out, err = plain.Output()
	require.NoError(t, err)
	var want strings.Builder
	for _, d := range all {
		want.WriteString(d.Demo + "\t" + d.Lesson + "\t" + d.Title.ZH + "\n")
	}
	assert.Equal(t, want.String(), string(out))
}

// Flags that are given twice, or make no sense, are refused with one line that says what to do.
func TestCommandsRefuseWhatCannotBeMeant(t *testing.T) {
	for want, args := range map[string][]string{
		"--plain and --json are two formats: use one of them\n": {"list",
			"--plain", "--json"},
		"--plain and --json are two formats: use one of them": {"run",
			"sse", "--plain", "--json"},
		"--plain and --json are two formats: use": {"serve",
			"--plain", "--json"},
		"--plain and --json are two formats": {"xray",
			"--to", "http://127.0.0.1:1", "--plain", "--json"},
		`--net "4g": it is given twice`: {"run",
			"sse", "--net", "3g", "--net", "4g"},
		`--seed "2": it is given twice`: {"class",
			"--seed", "1", "--seed", "2"},
		`--lang "zh": it is given twice`: {
			"exercise", "list", "--lang", "en", "--lang", "zh"},
		`--open "no": want true or false`: {"run",
			"sse", "--open=no"},
		`no command "lab rnu"; did you mean "run"? See: lab --help`: {"rnu"},
		`no command "lab nonsense". See: lab --help`: {
			"nonsense"},
		`no command "lab broadcast"; it is a demo: lab run broadcast. See: lab --help`: {
			"broadcast"},
		`no demo "websocket"; it is a lesson: lab lesson websocket. The demos are: `: {
			"run", "websocket"},
		`no lesson "broadcast"; it is a demo: lab run broadcast. The lessons are: `: {
			"test", "broadcast"},
		`no demo "broadcast-slow"; it is an exercise: lab exercise show broadcast-slow.`: {
			"run", "broadcast-slow"},
		`没有演示 "websocket"；它是一门课程：lab lesson websocket。`: {"run", "websocket", "--lang", "zh"},
		`no command "lab exercise chek"; did you mean "check"? See: lab exercise --help`: {
			"exercise", "chek"},
		`lab list takes no arguments: leave "all" out`: {"list",
			"all"},
		`lab lesson was given 2 arguments: want lab lesson [NAME]`: {"lesson",
			"sse", "websocket"},
		`lab run has no flag --adr; did you mean "--addr"? See: lab run --help`: {"run",
			"sse", "--adr", "x"},
		`no flag -x: flags begin with two dashes. See: lab run --help`: {"run",
			"sse", "-x"},
		"--net needs a value: simulated network": {"run",
			"sse", "--net"},
		"--to is missing: ": {"xray"},
		"For example: lab xray --to http://127.0.0.1:8080": {"xray"},
		"--plain and --accessible are two formats": {"run",
			"sse", "--plain", "--accessible"},
		"--no-tap and --layers exclude each other, since": {"run",
			"sse", "--no-tap", "--layers", "ws"},
		"没有命令 \"lab rnu\"；你是想输入 \"run\" 吗？请看：lab --help": {"rnu", "--lang", "zh"},
		`demo "sse" is named twice`: {"run",
			"sse", "ws-chat", "sse"},
		"name a demo, for example: lab run broadcast. The demos are: ": {"run"},
		`no demo "nope". The demos are: `: {"run",
			"nope"},
		`no demo "polling"; did you mean "short-polling"? The demos are: `: {"run",
			"polling"},
		`no demo "brodcast"; did you mean "broadcast"? The demos are: `: {"run",
			"brodcast"},
		`no lesson "nope". The lessons are: `: {"test",
			"nope"},
		`no exercise "nope". See: lab exercise list`: {
			"exercise", "show", "nope"},
	} {
		out, err := exec.Command(binary, args...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, want)
		assert.Contains(t, []int{exitFailed, exitUsage}, exit.ExitCode(), want)
		assert.Contains(t, string(out), want)
		assert.Equal(t, 1, strings.Count(string(out), "\n"), string(out))
	}
}

func TestFlagsOfADemo(t *testing.T) {
	for _, c := range []struct{ args, says string }{
		{"run broadcast --servers 2",
			"--servers belongs to the demo cluster, which is not among those to run: broadcast"},
		{"run cluster --servers 9", `--servers "9": want a number from 1 to 6`},
		{"serve --redis 127.0.0.1:6379", "want a URL such as redis://127.0.0.1:6379"},
	} {
		out, err := exec.Command(binary, strings.Fields(c.args)...).CombinedOutput()
		assert.Error(t, err, c.args)
		assert.Contains(t, string(out), c.says)
	}
	c, fields, _ := start(t, "run", "cluster", "--servers", "2", "--plain", "--addr", "127.0.0.1:0")
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(fields[1], "http")+
		"/lab/cluster?client=a", nil)
	require.NoError(t, err)
	defer conn.Close()
	var view struct{ Servers []struct{ Name string } }
	require.NoError(t, conn.ReadJSON(&view))
	assert.Len(t, view.Servers, 2)
	require.NoError(t, c.Process.Signal(os.Interrupt))
	assert.NoError(t, c.Wait())
}
