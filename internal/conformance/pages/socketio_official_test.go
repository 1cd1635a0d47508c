package pages

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio"
)

// TestSocketIODemosWithTheOfficialClient: each demo works with socket.io-client from npm as with
// its page.
func TestSocketIODemosWithTheOfficialClient(t *testing.T) {
	dir := node.Dir(t)
	var demos []lesson.Demo
	for _, l := range socketio.Lessons() {
		demos = append(demos, l.Demos...)
	}
	for _, demo := range demos {
		t.Run(demo.Name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), "node", "socketio-demos.mjs", demo.Name,
				run(t, demo.Name, lang.English))
			command.Dir = dir
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, "ok\n", string(out))
		})
	}
}
