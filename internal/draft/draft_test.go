package draft_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/draft"
)

func names(t *testing.T, dir string) (all []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestWhatIsNotKeptLeavesTheOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, draft.Write(path, []byte("old")))
	f, err := draft.New(path)
	require.NoError(t, err)
	_, err = f.Write([]byte("ne"))
	require.NoError(t, err)
	f.Discard()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(data))
	assert.Equal(t, []string{"a"}, names(t, filepath.Dir(path)))
}

func TestAKeptFileTakesThePlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	require.NoError(t, draft.Write(path, []byte("old")))
	require.NoError(t, draft.Write(path, []byte("new")))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
	assert.Equal(t, []string{"a"}, names(t, filepath.Dir(path)))
}

func TestAPlaceThatCannotBeIsAnErrorAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	assert.ErrorIs(t, draft.Write(filepath.Join(dir, "none", "a"), nil), fs.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o755))
	assert.Error(t, draft.Write(filepath.Join(dir, "taken"), nil))
	assert.Equal(t, []string{"taken"}, names(t, dir))
}
