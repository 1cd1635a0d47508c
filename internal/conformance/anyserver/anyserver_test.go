// Package anyserver measures the lesson's servers for Node with lab compare.
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
	"realtimelab/lessons"
)

func TestMain(m *testing.M) { labtest.Main(m) }

const scripts = "../../../lessons/comparison/anyserver"

// start runs a server of the lesson as a reader would, beside the packages of npm.
func start(t *testing.T, script string) (url string, pid int) {
	dir := t.TempDir()
	code, err := os.ReadFile(filepath.Join(scripts, script))
	require.NoError(t, err)
	assert.LessOrEqual(t, strings.Count(string(code), "\n"), 25, "the lesson shows it")
	require.NoError(t, os.WriteFile(filepath.Join(dir, script), code, 0o644))
	require.NoError(t, os.Symlink(filepath.Join(node.Dir(t), "node_modules"), filepath.Join(dir, "node_modules")))
	cmd := exec.Command("node", script)
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

func TestNodeServersKeepTheContract(t *testing.T) {
	for _, kind := range []struct {
		as, script string
		asks       bool
	}{{"socketio", "socketio.mjs", true}, {"socketio-polling", "socketio.mjs", true}, {"websocket", "websocket.mjs", false}, {"sse", "sse.mjs", true}} {
		t.Run(kind.as, func(t *testing.T) {
			url, pid := start(t, kind.script)
			x := compare.External{URL: url, As: kind.as, PID: int32(pid)}
			c := compare.Default(lessons.All())
			c.Servers, c.Transports = []compare.External{x}, []string{x.Name()}
			c.Clients, c.Rate, c.Duration, c.Cut, c.Runs = 5, 20, time.Second, 200*time.Millisecond, 1
			workloads := []string{compare.Feed, compare.Chat}
			if kind.asks {
				workloads = append(workloads, compare.Ack)
			}
			d, err := compare.Runner{Lessons: lessons.All()}.RunAll(t.Context(), compare.Plan{Config: c, Workloads: workloads, Clients: c.Clients, Rate: c.Rate},
				func(compare.Config, compare.Progress) {})
			require.NoError(t, err)
			require.NoError(t, d.Faults(), "nothing is lost, duplicated or reordered")
			require.Len(t, d.Parts, len(workloads))
			for _, part := range d.Parts {
				r := part.Results[0]
				assert.Positive(t, r.Messages)
				assert.Positive(t, r.DescriptorsPerClient)
				if r.Recovery != nil {
					assert.Zero(t, r.Recovery.Never)
				}
				assert.Equal(t, []string{"server_goroutines_per_client", "storm_peak_cpus"}, r.Unmeasured)
			}
		})
	}
}
