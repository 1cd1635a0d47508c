package exercise

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// proofTime bounds a check in the proof: many run at once, on machines that are busy.
const proofTime = 20 * time.Second

// SetLimit bounds the checks of w, instead of 5 s.
func (w *Workspace) SetLimit(limit time.Duration) { w.limit = limit }

// RunProgram runs a check that is compiled already, as args of program.
func RunProgram(ctx context.Context, e Exercise, program string, args ...string) (Report, error) {
	dir, err := os.MkdirTemp("", "lab-proof-")
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(dir)
	r := Report{Name: e.Name, Steps: e.steps()}
	w := &Workspace{Dir: dir}
	run := testRun{
		exercise: e, program: program, args: append(args, "nonce"), findings: filepath.Join(dir, "findings"), nonce: "nonce",
		limit: proofTime, memory: raceMemoryLimit,
	}
	if err := run.do(ctx, dir); err != nil {
		return r, err
	}
	run.read(w, &r)
	r.Took = run.state.UserTime() + run.state.SystemTime() // the time on the clock depends on what else runs
	return r, nil
}
