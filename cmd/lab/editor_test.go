package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestEditor: the named editor, else one that is installed.
func TestEditor(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "")
	assert.Empty(t, editor())
	for _, name := range []string{"vi", "nano", "mine"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755))
	}
	assert.Equal(t, []string{"nano"}, editor())
	t.Setenv("EDITOR", "gone --wait")
	assert.Equal(t, []string{"nano"}, editor(), "an editor that is not installed cannot be taken")
	t.Setenv("EDITOR", "mine --wait")
	assert.Equal(t, []string{"mine", "--wait"}, editor())
}
