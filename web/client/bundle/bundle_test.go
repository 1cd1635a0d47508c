package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommittedBundlesAreCurrent(t *testing.T) {
	files, err := build("..")
	require.NoError(t, err)
	require.Len(t, files, len(bundles)+3, "two maps and package.json")
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "dist", name))
		require.NoError(t, err, "run `go generate ./web/client`")
		assert.True(t, string(want) == string(got),
			"%s is stale: run `go generate ./web/client`", name)
	}
	committed, err := os.ReadDir(filepath.Join("..", "dist"))
	require.NoError(t, err)
	assert.Len(t, committed, len(files),
		"dist holds files that nothing makes: run `go generate ./web/client`")
}

func TestBundlesNameNoMachinePaths(t *testing.T) {
	files, err := build("..")
	require.NoError(t, err)
	dir, err := filepath.Abs("..")
	require.NoError(t, err)
	for name, contents := range files {
		assert.NotContains(t, string(contents), dir, name)
	}
}
