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

		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(fields[1], "http")+"/socket.io/?EIO=4&transport=websocket", nil)
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
	out, err := exec.Command(binary, "run", "broadcast", "--addr", taken.Addr().String()).CombinedOutput()
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
	both, err := exec.Command(binary, "list", "--plain", "--json").CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(both), "none of the others can be")
}
