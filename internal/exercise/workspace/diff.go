package workspace

import (
	"maps"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"realtimelab/internal/exercise"
)

// Diff returns the student's changes to the starter as a unified diff, which is empty without
// changes.
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

// DiffSolution returns the diff from the student's files to the solution. Like ShowSolution, it may
// return ErrUnsolved.
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
		out.WriteString(udiff.Unified(from+"/"+name, to+"/"+name, string(newlines(a[name])),
			string(newlines(b[name]))))
	}
	return out.String()
}
