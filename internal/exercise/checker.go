package exercise

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"realtimelab/internal/exercise/blackbox"
)

// Options of a check.
type Options struct {
	// Target is the server that a black box exercise attacks. Empty means the one of last time, else the student's own
	// main.go, compiled and started.
	Target string

	// Race compiles with the race detector, where the machine has what it needs.
	Race bool
}

// Check checks one exercise and notes the progress. What is wrong with the student's work is in the report; the error is one
// of the machine: a full disk, or ctx that ended.
func (w *Workspace) Check(ctx context.Context, e Exercise, o Options) (Report, error) {
	r := Report{Name: e.Name, Lesson: e.Lesson, Kind: e.Kind, Steps: e.steps()}
	if err := w.prepare([]Exercise{e}); err != nil { // the check may have been edited, or a file deleted
		return r, err
	}
	start := time.Now()
	var err error
	switch e.Kind {
	case Predict:
		err = w.checkPrediction(e, &r)
	case BlackBox:
		err = w.checkBlackBox(ctx, e, o, &r)
	default:
		err = w.checkGo(ctx, e, o.Race, &r)
	}
	r.Took = time.Since(start)
	if err != nil || !r.Passed || w.State(e) == Done {
		return r, err
	}
	return r, w.change(func(p *progress) { p.Done[e.Name] = time.Now().Truncate(time.Second) })
}

// steps counts the steps of the check.
func (e Exercise) steps() int {
	switch e.Kind {
	case Predict:
		slots, err := e.slots()
		if err != nil {
			return 0
		}
		return len(slots)
	case BlackBox:
		return blackbox.Steps(e.Name)
	}
	return len(e.stepNames())
}

// checkFile holds an exercise's check.
const checkFile = "check_test.go"

// stepNames lists the tests of a check, in order.
func (e Exercise) stepNames() (names []string) {
	data, _ := fs.ReadFile(e.files, checkFile) // the proof of the exercises covers a missing one
	for _, m := range testFunction.FindAllSubmatch(data, -1) {
		names = append(names, string(m[1]))
	}
	return names
}

// Untouched tells that there is nothing of the student's to check: the files are as given, and no server was named.
func (w *Workspace) Untouched(e Exercise) bool {
	return w.State(e) == New && w.progress.Target[e.Name] == ""
}

// Rebuild checks every exercise that has work in it, after the progress was lost. It tells after each.
func (w *Workspace) Rebuild(ctx context.Context, tell func(Report)) error {
	for _, e := range w.started() {
		r, err := w.Check(ctx, e, Options{})
		if err != nil {
			return err
		}
		tell(r)
	}
	w.broken = false
	return w.save()
}

// ErrUnsolved is the error of Show for a solution that is still to be found.
var ErrUnsolved = errors.New("not solved yet")

// ShowSolution returns the solution's files, or ErrUnsolved unless the exercise is solved or force is set.
func (w *Workspace) ShowSolution(e Exercise, force bool) (map[string][]byte, error) {
	if w.State(e) != Done && !force {
		return nil, ErrUnsolved
	}
	return e.Solution()
}
