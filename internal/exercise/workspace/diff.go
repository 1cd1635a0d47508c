package workspace

import (
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"realtimelab/internal/exercise"
)

// Diff is what the student changed since the starter, as a unified diff; empty if nothing.
func (w *Workspace) Diff(e exercise.Exercise) (string, error) {
	starter, err := e.Starter()
	if err != nil {
		return "", err
	}
	mine, err := w.Mine(e)
	if err != nil {
		return "", err
	}
	return unified("starter", starter, "yours", mine), nil
}

// DiffSolution is what the solution does differently; ErrUnsolved is for it as for ShowSolution.
func (w *Workspace) DiffSolution(e exercise.Exercise, force bool) (string, error) {
	solution, err := w.ShowSolution(e, force)
	if err != nil {
		return "", err
	}
	mine, err := w.Mine(e)
	if err != nil {
		return "", err
	}
	return unified("yours", mine, "solution", solution), nil
}

func unified(from string, a map[string][]byte, to string, b map[string][]byte) string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(b)) {
		out.WriteString(udiff.Unified(from+"/"+name, to+"/"+name, string(newlines(a[name])), string(newlines(b[name]))))
	}
	return out.String()
}
