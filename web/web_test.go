package web

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// TestModules runs the unit tests of the pages' modules, test/*.test.js, in Node. They need no npm
// package.
func TestModules(t *testing.T) {
	need.Tool(t, "node")
	noteFiles(t, "pages", "shared", "test", "../lessons")
	tests, err := filepath.Glob("test/*.test.js")
	require.NoError(t, err)
	require.NotEmpty(t, tests)
	args := []string{"--experimental-default-type=module", "--test", "--test-reporter=spec",
		"--test-timeout=60000"}
	out, err := exec.CommandContext(t.Context(), "node", append(args, tests...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// noteFiles looks at every file of these folders, so that `go test` knows when its cached result is
// out of date.
func noteFiles(t *testing.T, dirs ...string) {
	for _, dir := range dirs {
		require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path)
			}
			return err
		}))
	}
}
