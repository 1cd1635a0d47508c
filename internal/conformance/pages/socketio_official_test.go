package pages

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/lesson"
	"realtimelab/lessons/socketio"
)

// TestSocketIODemosWithTheOfficialClient: each demo does for socket.io-client from npm what it does for its page.
func TestSocketIODemosWithTheOfficialClient(t *testing.T) {
	dir := node.Dir(t)
	for _, demo := range socketio.Lesson().Demos {
		t.Run(demo.Name, func(t *testing.T) {
			t.Parallel()
			command := exec.CommandContext(t.Context(), "node", "socketio-demos.mjs", demo.Name, run(t, demo.Name, lesson.English))
			command.Dir = dir
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			assert.Equal(t, "ok\n", string(out))
		})
	}
}
