package figures

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// The command that measures docs/comparison.html runs to its end, with fewer lanes and less time.
// It fails if a message was lost against a lane's promise, or if the page does not hold the JSON's
// data.
func TestTheComparisonRuns(t *testing.T) {
	need.Time(t)
	sh := need.Tool(t, "sh")
	before, _ := os.ReadFile(filepath.Join(root, "docs", "comparison.json"))
	out, err := exec.CommandContext(t.Context(), sh,
		filepath.Join(root, "docs", "figures", "comparison"), "-quick").CombinedOutput()
	require.NoError(t, err, string(out))
	for _, part := range []string{"workload feed,", "workload fan-out,",
		"workload reconnect-storm,", "workload head-of-line,", "loss=5%"} {
		assert.Contains(t, string(out), part)
	}
	after, _ := os.ReadFile(filepath.Join(root, "docs", "comparison.json"))
	assert.Equal(t, before, after, "-quick leaves the published figures alone")
}
