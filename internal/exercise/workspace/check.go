package workspace

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/blackbox"
	"realtimelab/internal/exercise/fixpage"
	"realtimelab/internal/exercise/gocheck"
	"realtimelab/internal/exercise/predict"
)

// Options of a check.
type Options struct {
	// Target is the server that a black box exercise attacks. If it is empty, the check attacks the
	// last target, or else the student's own main.go, compiled and started.
	Target string

	// Race compiles with the race detector if the machine has a C compiler.
	Race bool
}

// Check checks one exercise and records the progress. The report says what is wrong with the
// student's work. An error is a failure of the machine, such as a full disk, or the error of ctx.
func (w *Workspace) Check(ctx context.Context, e exercise.Exercise, o Options) (exercise.Report,
	error) {
	if err := w.prepare([]exercise.Exercise{e}); err != nil {
		// the check may have been edited, or a file deleted
		return exercise.NewReport(e, 0), err
	}
	start := time.Now()
	r, err := w.check(ctx, e, o)
	r.Took = time.Since(start)
	switch {
	case err != nil:
		return r, err
	case r.Passed && w.State(e) != exercise.Done:
		return r, w.change(func(p *progress) { p.Done[e.Name] = time.Now().Truncate(time.Second) })
	case !r.Passed && w.State(e) == exercise.New:
		return r, w.change(func(p *progress) { p.Begun[e.Name] = true })
	}
	return r, nil
}

// CheckAll checks the exercises that f selects, in order, and calls tell after each. It does not
// check untouched exercises, which cannot be solved: for these, tell gets a report without steps
// and checked is false.
func (w *Workspace) CheckAll(ctx context.Context, f exercise.Filter, o Options,
	tell func(r exercise.Report, checked bool)) error {
	for _, e := range f.Select(w.Catalogue) {
		if w.Untouched(e) {
			tell(exercise.NewReport(e, 0), false)
			continue
		}
		r, err := w.Check(ctx, e, o)
		if err != nil {
			return err
		}
		tell(r, true)
	}
	return nil
}

// check calls the checker of the exercise's kind.
func (w *Workspace) check(ctx context.Context, e exercise.Exercise, o Options) (exercise.Report,
	error) {
	switch e.Kind {
	case exercise.Predict:
		return w.checkPrediction(e)
	case exercise.BlackBox:
		return w.checkBlackBox(ctx, e, o)
	case exercise.FixPage:
		return w.checkPage(ctx, e)
	}
	return w.goPackage(e).Check(ctx, gocheck.Options{Limit: w.limit, Race: o.Race})
}

func (w *Workspace) goPackage(e exercise.Exercise) gocheck.Package {
	return gocheck.Package{Exercise: e, Module: w.Dir}
}

func (w *Workspace) checkPrediction(e exercise.Exercise) (exercise.Report, error) {
	answers, unreadable := os.ReadFile(filepath.Join(w.Folder(e), exercise.AnswerFile))
	if unreadable != nil {
		answers = nil
	}
	mine := predict.Answers(string(answers))
	r, err := predict.Check(e, string(answers), func(slot string) int {
		return w.progress.Tries[e.Name+" "+slot].before(mine[slot])
	})
	if unreadable != nil {
		r.Problem = predict.Unreadable()
	}
	if err != nil || r.Problem == nil || !r.Problem.Counts {
		return r, err
	}
	return r, w.countTry(e.Name+" "+r.Problem.Slot, mine[r.Problem.Slot])
}

func (w *Workspace) checkPage(ctx context.Context, e exercise.Exercise) (exercise.Report, error) {
	code, unreadable := os.ReadFile(filepath.Join(w.Folder(e), exercise.PageFile))
	if unreadable != nil {
		r, err := fixpage.NewReport(e)
		r.Problem = exercise.NewProblem(exercise.File, exercise.PageFile+" cannot be read.",
			exercise.PageFile+" 读不出来。")
		return r, err
	}
	return fixpage.Check(ctx, e, string(code))
}

// checkBlackBox attacks the target of the options, else the student's own main.go if it was edited,
// else the last target.
func (w *Workspace) checkBlackBox(ctx context.Context, e exercise.Exercise,
	o Options) (exercise.Report, error) {
	r := exercise.NewReport(e, blackbox.Steps(e.Name))
	target := o.Target
	if target == "" && !w.editedIn(e, ".go") {
		target = w.Target(e)
		r.Target = target
	}
	if target == "" {
		err := w.goPackage(e).Serve(ctx, &r, func(ctx context.Context, address string) error {
			return attack(ctx, e, "http://"+address, &r)
		})
		return r, err
	}
	if err := attack(ctx, e, target, &r); err != nil || o.Target == "" {
		return r, err
	}
	return r, w.change(func(p *progress) { p.Target[e.Name] = o.Target })
}

func attack(ctx context.Context, e exercise.Exercise, target string, r *exercise.Report) error {
	passing, finding, err := blackbox.Run(ctx, e.Name, target)
	r.Passing = passing
	if finding != nil {
		r.Step.EN, r.Step.ZH = blackbox.Title(e.Name, passing)
	}
	switch {
	case errors.Is(err, blackbox.ErrTarget):
		r.Problem = exercise.NewProblem(exercise.Target, err.Error(),
			"目标没有回答："+strings.TrimPrefix(err.Error(), blackbox.ErrTarget.Error()+": "))
	case err != nil:
		return err
	case finding != nil:
		r.Problem = exercise.Found(*finding)
	default:
		r.Passed = true
	}
	return nil
}

// Untouched reports whether there is nothing to check: the files are unchanged, and no target was
// named.
func (w *Workspace) Untouched(e exercise.Exercise) bool {
	return w.State(e) == exercise.New && w.progress.Target[e.Name] == ""
}

// Rebuild checks every edited exercise, after the progress file was lost. It calls tell after each.
func (w *Workspace) Rebuild(ctx context.Context, tell func(exercise.Report)) error {
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

// ErrUnsolved is the error of ShowSolution for an exercise that is not solved.
var ErrUnsolved = errors.New("not solved yet")

// ShowSolution returns the solution's files, or ErrUnsolved unless the exercise is solved or force
// is set.
func (w *Workspace) ShowSolution(e exercise.Exercise, force bool) (map[string][]byte, error) {
	if w.State(e) != exercise.Done && !force {
		return nil, ErrUnsolved
	}
	return e.Solution()
}
