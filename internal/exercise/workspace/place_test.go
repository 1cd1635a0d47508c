package workspace_test

import (
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
)

// tree returns the path and the change time of everything below dir.
func tree(t *testing.T, dir string) map[string]time.Time {
	all := map[string]time.Time{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		all[path] = info.ModTime()
		return err
	}))
	return all
}

// TestLocate: the marker identifies a workspace, under any name and from any folder inside it.
func TestLocate(t *testing.T) {
	w, some := desk(t, "predict-poll")
	solve(t, w, some[0])
	require.True(t, check(t, w, some[0]).Passed)
	parent := filepath.Dir(w.Dir)
	renamed := filepath.Join(parent, "my work")
	require.NoError(t, os.Rename(w.Dir, renamed))
	link, inner := filepath.Join(parent, "link"), filepath.Join(parent, "inner")
	require.NoError(t, os.Symlink(renamed, link))
	require.NoError(t, os.Symlink(filepath.Join(renamed, "longpoll"), inner))
	for _, dir := range []string{renamed, filepath.Join(renamed, "longpoll"),
		filepath.Join(renamed, "not", "there"), link,
		filepath.Join(link, "longpoll", "predict-poll"), inner} {
		place, exists, err := workspace.Locate(dir)
		require.NoError(t, err)
		assert.True(t, exists, dir)
		type opener = func(string, []exercise.Exercise) (*workspace.Workspace, error)
		for _, open := range []opener{workspace.Look, workspace.Open} {
			again, err := open(dir, some)
			require.NoError(t, err)
			assert.Equal(t, place, again.Dir)
			assert.False(t, again.Created)
			assert.Equal(t, exercise.Done, again.State(some[0]), dir)
		}
	}
	assert.NoDirExists(t, filepath.Join(renamed, "not"))
	for _, goMod := range []string{"module realtimelab\n\ngo 1.26.0\n",
		"module realtimelab\r\n\r\ngo 1.26.0\r\n"} {
		// made by older versions
		require.NoError(t, os.WriteFile(filepath.Join(renamed, "go.mod"), []byte(goMod), 0o644))
		_, exists, err := workspace.Locate(filepath.Join(renamed, "longpoll"))
		require.NoError(t, err)
		assert.True(t, exists)
	}
	for _, goMod := range []string{
		"module realtimelab\n\ngo 1.26.0\n\nrequire x.example/y v1.0.0\n", "module other\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(renamed, "go.mod"), []byte(goMod), 0o644))
		_, exists, err := workspace.Locate(renamed)
		require.NoError(t, err)
		assert.False(t, exists, goMod)
	}
}

func TestLookWritesNothing(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	_, some := desk(t, "cursor", "predict-poll")
	w, err := workspace.Look(none, some)
	require.NoError(t, err)
	assert.Equal(t, exercise.New, w.State(some[1]))
	diff, err := w.Diff(some[1])
	require.NoError(t, err)
	assert.Empty(t, diff)
	assert.NoDirExists(t, none)

	w, _ = desk(t, "cursor", "predict-poll")
	solve(t, w, some[1])
	require.NoError(t, os.WriteFile(filepath.Join(w.Dir, "progress.json"), []byte("{"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(w.Folder(some[0]), "cursor.go")))
	before := tree(t, w.Dir)
	looked, err := workspace.Look(w.Dir, some)
	require.NoError(t, err)
	assert.True(t, looked.NeedsRebuild())
	assert.Equal(t, exercise.Started, looked.State(some[1]))
	assert.Equal(t, before, tree(t, w.Dir))
}

// fullDisk names the folder in which TestMain opens a workspace although no file may grow over 100
// bytes.
const fullDisk = "LAB_TEST_FULL_DISK"

func openOnFullDisk(dir string) {
	signal.Ignore(syscall.SIGXFSZ) // then the write is short and fails
	limit := syscall.Rlimit{Cur: 100, Max: 100}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
	var t testing.T
	if _, err := workspace.Open(dir, catalogue(&t)); err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(3)
	}
	os.Exit(0)
}

// TestFullDisk: a file that cannot be written whole is not written at all, and the next Open
// completes the folder.
func TestFullDisk(t *testing.T) {
	w, some := desk(t, "cursor", "predict-poll")
	mine := filepath.Join(w.Folder(some[0]), "cursor.go")
	require.NoError(t, os.WriteFile(mine, []byte("mine"), 0o644))
	dir := w.Dir
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fullDisk+"="+dir)
	out, err := c.CombinedOutput()
	require.ErrorContains(t, err, "exit status 3", "%s", out)
	assert.Contains(t, string(out), "file too large")
	for path := range tree(t, dir) {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.False(t, strings.HasPrefix(filepath.Base(path), "."), path)
		if info.Mode().IsRegular() {
			assert.NotZero(t, info.Size(), path)
			assert.NotEqual(t, int64(100), info.Size(), "cut off: %s", path)
		}
	}
	all := catalogue(t)
	w, err = workspace.Open(dir, all)
	require.NoError(t, err)
	for _, e := range all {
		starter, err := e.Starter()
		require.NoError(t, err)
		have, err := w.Mine(e)
		require.NoError(t, err)
		if e.Name == "cursor" {
			starter = map[string][]byte{"cursor.go": []byte("mine")}
		}
		assert.Equal(t, starter, have, e.Name)
	}
}
