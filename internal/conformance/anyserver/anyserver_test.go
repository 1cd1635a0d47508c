// Package anyserver measures the lesson's servers for Node and Python with lab compare.
package anyserver

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/conformance/node"
	"realtimelab/internal/labtest"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const scripts = "../../../lessons/comparison/anyserver"

// start runs a server of the lesson like a reader, beside the packages of npm.
func start(t *testing.T, script string) (url string, pid int) {
	dir := t.TempDir()
	code, err := os.ReadFile(filepath.Join(scripts, script))
	require.NoError(t, err)
	assert.LessOrEqual(t, strings.Count(string(code), "\n"), 35, "the lesson shows it")
	require.NoError(t, os.WriteFile(filepath.Join(dir, script), code, 0o644))
	program := "node"
	if strings.HasSuffix(script, ".py") {
		program = python(t)
	} else {
		require.NoError(t, os.Symlink(filepath.Join(node.Dir(t), "node_modules"),
			filepath.Join(dir, "node_modules")))
	}
	cmd := exec.Command(program, script)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, append(os.Environ(), "PORT=0"), os.Stderr
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
	})
	stuck := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
	defer stuck.Stop()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), cmd.Process.Pid
}

// python returns a Python that has python-socketio. Debian's Python has a fixed path, and comes
// last.
func python(t *testing.T) string {
	path := need.Tool(t, "/usr/bin/python3", "python3")
	if out, err := exec.Command(path, "-c", "import socketio, aiohttp").
		CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("python-socketio is not installed; CI must have it: see .ci/setup: %s", out)
		}
		t.Skip("python-socketio is not installed")
	}
	return path
}

func TestServersKeepTheContract(t *testing.T) {
	for _, kind := range []struct {
		as, script string
		asks       bool
	}{{"socketio", "socketio.mjs", true}, {"socketio-polling", "socketio.mjs", true},
		{"websocket", "websocket.mjs", false}, {"sse", "sse.mjs", true},
		// over polling, Debian's reads a part of a POST that comes in pieces, and loses its
		// messages
		{"socketio", "python-socketio.py", true}} {
		t.Run(kind.as+" "+kind.script, func(t *testing.T) {
			url, pid := start(t, kind.script)
			x := compare.External{URL: url, As: kind.as, PID: int32(pid)}
			c := compare.Default(lessons.All())
			c.Servers, c.Transports = []compare.External{x}, []string{x.Name()}
			c.Clients, c.Rate, c.Duration, c.Cut, c.Runs = 5, 20, time.Second,
				200*time.Millisecond, 1
			workloads := []string{compare.Feed, compare.Chat, compare.Ticker, compare.Storm}
			if kind.asks {
				workloads = append(workloads, compare.Ack)
			}
			d, err := compare.Runner{Lessons: lessons.All()}.RunAll(t.Context(),
				compare.Plan{Config: c, Workloads: workloads, Clients: c.Clients, Rate: c.Rate},
				func(compare.Config, compare.Progress) {})
			require.NoError(t, err)
			require.NoError(t, d.Faults(), "nothing is lost, duplicated or reordered")
			require.Len(t, d.Parts, len(workloads))
			for _, part := range d.Parts {
				r := part.Results[0]
				if part.Config.Workload == compare.Storm {
					require.NotNil(t, r.Storm)
					assert.Positive(t, r.Storm.AllBack, "all clients are back")
				} else {
					assert.Positive(t, r.Messages)
				}
				if part.Config.Workload == compare.Ticker {
					assert.Positive(t, r.Ticker.Slow.AgeP50)
				}
				assert.Positive(t, r.DescriptorsPerClient)
				if r.Recovery != nil {
					assert.Zero(t, r.Recovery.Never)
				}
				assert.Equal(t, []string{"server_goroutines_per_client", "storm_peak_cpus",
					"server_kib_per_client"}, r.Unmeasured)
			}
		})
	}
}
