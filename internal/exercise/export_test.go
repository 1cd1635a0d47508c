package exercise

import (
	"context"
	"os"
	"path/filepath"
	"time"
)

// RunProgram runs a check that is compiled already, as args of program.
func RunProgram(ctx context.Context, e Exercise, program string, args ...string) (Report, error) {
	dir, err := os.MkdirTemp("", "lab-proof-")
	if err != nil {
		return Report{}, err
	}
	defer os.RemoveAll(dir)
	r := Report{Name: e.Name, Steps: e.steps()}
	w := &Workspace{Dir: dir}
	run := testRun{exercise: e, program: program, args: args, findings: filepath.Join(dir, "findings")}
	start := time.Now()
	if err := run.do(ctx, dir); err != nil {
		return r, err
	}
	run.read(w, &r)
	r.Took = time.Since(start)
	return r, nil
}
