package docs

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/gotool"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons/socketio/sioclient"
)

const helloCode = "lessons/socketio/examples/hello/main.go"

// commands returns the lines of a block of README's commands, without comments.
func commands(t *testing.T, name string) []string {
	t.Helper()
	_, rest, found := strings.Cut(read(t, "README.md"), "<!-- run: "+name+" -->\n```\n")
	require.True(t, found, name)
	block, _, _ := strings.Cut(rest, "```")
	return strings.Split(strings.TrimSpace(codeComment.ReplaceAllString(block, "")), "\n")
}

// runIn runs a command of README in a folder, with the modules that this machine has.
func runIn(t *testing.T, folder, line string) string {
	t.Helper()
	args := strings.Fields(line)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir = folder
	cmd.Env = append(gotool.Environ(t.Context()), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod",
		"GOTOOLCHAIN=local")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", line, out)
	return string(out)
}

// TestTheHelloProgramHasTwentyLines counts the lines of README's program that are not empty.
func TestTheHelloProgramHasTwentyLines(t *testing.T) {
	lines := regexp.MustCompile(`(?m)^.*\S.*$`).FindAllString(read(t, helloCode), -1)
	assert.LessOrEqual(t, len(lines), 20)
}

// TestTheProgramsRunBesideTheLab: the lab serves at port 3000, so no example does.
func TestTheProgramsRunBesideTheLab(t *testing.T) {
	programs, err := filepath.Glob(filepath.Join(root, "lessons/socketio/examples/*/main.go"))
	require.NoError(t, err)
	require.Greater(t, len(programs), 5)
	for _, name := range append(programs,
		filepath.Join(root, "lessons/socketio/examples/first/client/main.go"),
		filepath.Join(root, "docs/first-program.md"), filepath.Join(root, "docs/from-node.md"),
		filepath.Join(root, "docs/first-program.zh.md")) {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "127.0.0.1:3000", name)
	}
}

// TestTheHelloProgramRuns follows README: a module that finds the package in a checkout, either
// with go.work or with replace. It starts the program of the first and exchanges a message over it.
func TestTheHelloProgramRuns(t *testing.T) {
	need.Time(t)
	checkout, err := filepath.Abs(root)
	require.NoError(t, err)

	hello := t.TempDir()
	address := freeAddress(t)
	code := strings.Replace(read(t, helloCode), "127.0.0.1:4000", address, 1)
	require.NoError(t, os.WriteFile(filepath.Join(hello, "main.go"), []byte(code), 0o644))
	lines := commands(t, "hello")
	require.Equal(t, "cd hello", lines[0])
	require.Equal(t, "go run .", lines[3])
	runIn(t, hello, lines[1])
	require.Contains(t, lines[2], "../realtimelab")
	runWorkspace(t, hello, strings.Replace(lines[2], "../realtimelab", checkout, 1))
	start(t, hello, address)
	exchange(t, "http://"+address)

	vendored := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(vendored, "main.go"), []byte(code), 0o644))
	runIn(t, vendored, lines[1])
	for _, line := range commands(t, "vendored") {
		runIn(t, vendored, strings.Replace(line, "./realtimelab", checkout, 1))
	}
	runIn(t, vendored, "go vet .")
}

// freeAddress returns an address of loopback that is free.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// runWorkspace runs a go command that -mod=mod forbids.
func runWorkspace(t *testing.T, folder, line string) {
	t.Helper()
	args := strings.Fields(line)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = folder, gotool.Environ(t.Context())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", line, out)
}

// start builds the program of a folder and runs it until the test ends.
func start(t *testing.T, folder, address string) {
	t.Helper()
	program := filepath.Join(folder, "hello.exe")
	runWorkspace(t, folder, "go build -o "+program+" .")
	cmd := exec.CommandContext(t.Context(), program)
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
	})
	require.Eventually(t, func() bool {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, time.Minute, 10*time.Millisecond)
}

// exchange loads the page and its script, and sends a message that comes back.
func exchange(t *testing.T, url string) {
	t.Helper()
	for path, part := range map[string]string{"/": "chat message",
		"/socket.io/socket.io.js": "function"} {
		res, err := http.Get(url + path)
		require.NoError(t, err)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		assert.Equal(t, http.StatusOK, res.StatusCode, path)
		assert.Contains(t, string(body), part, path)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := sioclient.New(url, sioclient.Config{})
	require.NoError(t, err)
	defer s.Close()
	heard := make(chan string, 1)
	s.On("chat message", func(text string) { heard <- text })
	require.NoError(t, s.Connect(ctx))
	require.NoError(t, s.Emit("chat message", "你好"))
	select {
	case text := <-heard:
		assert.Equal(t, "你好", text)
	case <-ctx.Done():
		require.NoError(t, ctx.Err(), "no message came back")
	}
}
