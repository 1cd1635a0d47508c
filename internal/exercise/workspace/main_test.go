package workspace_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest"
	"realtimelab/lessons"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(fullDisk); dir != "" {
		openOnFullDisk(dir)
	}
	labtest.Main(m)
}

func catalogue(t testing.TB) []exercise.Exercise {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	return all
}
