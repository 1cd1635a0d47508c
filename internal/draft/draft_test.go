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
	require.NoError(t, draft.Write(path, []byte("old"), 0o644))
	f, err := draft.New(path, 0o644)
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
	require.NoError(t, draft.Write(path, []byte("old"), 0o644))
	require.NoError(t, draft.Write(path, []byte("new"), 0o600))
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "new", string(data))
	assert.Equal(t, []string{"a"}, names(t, filepath.Dir(path)))
}

func TestAPlaceThatCannotBeIsAnErrorAndLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	assert.ErrorIs(t, draft.Write(filepath.Join(dir, "none", "a"), nil, 0o644), fs.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "taken"), 0o755))
	assert.Error(t, draft.Write(filepath.Join(dir, "taken"), nil, 0o644))
	assert.Equal(t, []string{"taken"}, names(t, dir))
}
