// Package node runs the official Socket.IO server and clients from npm in Node. For tests only.
package node

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// Dir is this folder, with its npm packages installed. See need.Tool for what happens without Node
// or npm.
func Dir(t testing.TB) string {
	t.Helper()
	need.Tool(t, "node")
	need.Tool(t, "npm")
	dir := filepath.Join(root(t), "internal", "conformance", "node")
	installOnce.Do(func() { install(t, dir) })
	_, err := os.Stat(filepath.Join(dir, "node_modules", "socket.io-client")) // through a link, too
	require.NoError(t, err, "npm ci has not installed the packages")
	return dir
}

// root returns the module's folder. go test runs a test in its package's folder.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		require.NotEqual(t, dir, up, "no go.mod above the test's folder")
		dir = up
	}
}

// Client is the folder of our browser client's modules, its bundles in dist.
func Client(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(Dir(t), "..", "..", "..", "web", "client")
	noteFiles(dir)
	return dir
}

var installOnce sync.Once

// install runs npm ci in a folder of its own and moves the result into place, so that test packages
// can do so at the same time: the first one wins.
func install(t testing.TB, dir string) {
	t.Helper()
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(modules); err == nil {
		return
	}
	tmp, err := os.MkdirTemp(dir, ".install-")
	require.NoError(t, err)
	defer func() { _ = os.RemoveAll(tmp) }()
	for _, name := range []string{"package.json", "package-lock.json"} {
		contents, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(tmp, name), contents, 0o644))
	}
	npm := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	npm.Dir = tmp
	out, err := npm.CombinedOutput()
	require.NoError(t, err, "npm ci: %s", out)
	// fails if another process was first; Dir then finds its folder
	_ = os.Rename(filepath.Join(tmp, "node_modules"), modules)
}

// noteFiles stats every file in a folder that only Node or a browser reads, so that `go test`
// notices when its cached result is out of date.
func noteFiles(dir string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		_, _ = os.Stat(path)
		return nil
	})
}

// Test runs unit tests written for Node's own runner: files of this folder.
func Test(t testing.TB, files ...string) {
	t.Helper()
	dir := Dir(t)
	noteFiles(dir)
	cmd := exec.CommandContext(t.Context(), "node",
		append([]string{"--test", "--test-reporter=spec", "--test-timeout=300000"}, files...)...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// Start runs a script of this folder until t ends, and returns the first line that it writes to
// stdout, when it is ready. The script must end when its stdin does. Its stderr is shown if t
// fails.
func Start(t testing.TB, script string, args ...string) string {
	t.Helper()
	_, ready := Talk(t, script, args...)
	return ready
}

// A Script is a running script of this folder.
type Script struct {
	t      testing.TB
	stdin  io.Writer
	stdout *bufio.Reader

	Stop func() // closes its stdin and waits until it has ended; t does so at its end
}

// Talk starts a script like Start and returns it, to exchange lines with it. Only one goroutine may
// use it.
func Talk(t testing.TB, script string, args ...string) (s *Script, ready string) {
	t.Helper()
	dir := Dir(t)
	noteFiles(dir)
	cmd := exec.Command("node", append([]string{filepath.Join(dir, script)}, args...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	s = &Script{t, stdin, bufio.NewReader(stdout), sync.OnceFunc(func() {
		_ = stdin.Close()
		stuck := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_, _ = io.Copy(io.Discard, stdout)
		err := cmd.Wait()
		stuck.Stop()
		if err != nil || t.Failed() {
			t.Logf("%s ended: %v\n%s", script, err, &stderr)
		}
	})}
	t.Cleanup(s.Stop)
	return s, s.read()
}

// Say writes a line to the script's stdin.
func (s *Script) Say(line string) {
	s.t.Helper()
	_, err := io.WriteString(s.stdin, line+"\n")
	require.NoError(s.t, err)
}

// Ask writes a line and returns the script's next one.
func (s *Script) Ask(line string) string {
	s.t.Helper()
	s.Say(line)
	return s.read()
}

// Line returns the script's next line without a question.
func (s *Script) Line() string {
	s.t.Helper()
	return s.read()
}

func (s *Script) read() string {
	s.t.Helper()
	line, err := s.stdout.ReadString('\n')
	require.NoError(s.t, err, "the script has ended")
	return strings.TrimSpace(line)
}
