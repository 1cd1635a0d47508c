package dist

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// copySource copies the files that a build of the lab needs from the module's folder to a new one.
func copySource(t *testing.T) string {
	to := t.TempDir()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch top, _, _ := strings.Cut(filepath.ToSlash(inside), "/"); {
		case d.IsDir() && d.Name() == "node_modules":
			return filepath.SkipDir
		case top != "." && top != "cmd" && top != "internal" && top != "lessons" && top != "web" &&
			top != "go.mod" && top != "go.sum":
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, inside), 0o755)
		case !d.Type().IsRegular() || strings.HasSuffix(inside, "_test.go") &&
			!strings.Contains(filepath.ToSlash(inside), "/exercises/"):
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, inside), data, 0o644)
	}))
	return to
}

// TestBuildIsReproducible: two folders give the same bytes, and the program runs.
func TestBuildIsReproducible(t *testing.T) {
	need.Time(t)
	host := Target{runtime.GOOS, runtime.GOARCH}
	var builds [2][]byte
	var to string
	for i := range builds {
		to = t.TempDir()
		require.NoError(t, Build(t.Context(), copySource(t), to, []Target{host}))
		var err error
		builds[i], err = os.ReadFile(filepath.Join(to, host.File()))
		require.NoError(t, err)
	}
	assert.Equal(t, sha256.Sum256(builds[0]), sha256.Sum256(builds[1]))
	sums, err := os.ReadFile(filepath.Join(to, SumsFile))
	require.NoError(t, err)
	assert.Equal(t, fmt.Sprintf("%x  %s\n", sha256.Sum256(builds[1]), host.File()), string(sums))
	out, err := exec.Command(filepath.Join(to, host.File()), "version").Output()
	require.NoError(t, err)
	assert.Contains(t, string(out), host.OS+"/"+host.Arch)
}

func TestBuildSaysWhatFails(t *testing.T) {
	err := Build(t.Context(), t.TempDir(), t.TempDir(), []Target{{runtime.GOOS, runtime.GOARCH}})
	assert.ErrorContains(t, err, "go.mod")
}
