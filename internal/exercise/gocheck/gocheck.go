// Package gocheck compiles a student's Go files together with the check of the exercise, runs the
// result within limits of time and memory, and reads from its output which steps passed.
package gocheck

import (
	"context"
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/check"
	"realtimelab/internal/gotool"
	"realtimelab/internal/lang"
	"realtimelab/internal/process"
)

// A Package is the Go files of one exercise in the module that holds them.
type Package struct {
	exercise.Exercise
	Module string // folder of the module
}

// Folder returns the folder of the package.
func (p Package) Folder() string { return filepath.Join(p.Module, p.Lesson, p.Name) }

// Options of a check.
type Options struct {
	Limit time.Duration // of the run, without the compiler; 0 means 5 s
	Race  bool          // compile with the race detector, which needs a C compiler
}

// runTime is the default of Options.Limit.
const runTime = 5 * time.Second

// Limits of a student's program. The race detector multiplies the memory that a program needs.
const (
	memoryLimit     = 1 << 30
	raceMemoryLimit = 4 << 30
	outputLimit     = 64 << 10
)

// Check compiles the student's package with its check and runs it. A check stops at its first
// failing step. The report says what is wrong with the student's files. An error is a failure of
// the machine, or the error of ctx.
func (p Package) Check(ctx context.Context, o Options) (r exercise.Report, err error) {
	r = exercise.NewReport(p.Exercise, len(steps(p.Exercise)))
	tmp, err := os.MkdirTemp("", "lab-exercise-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(tmp)
	run := testRun{
		program: filepath.Join(tmp, "check.exe"), findings: filepath.Join(tmp, "findings"),
		nonce: rand.Text(),
		limit: o.Limit, memory: memoryLimit,
	}
	if run.limit == 0 {
		run.limit = runTime
	}
	args := []string{
		"test", "-c", "-trimpath", "-tags", "exercise", "-o", run.program,
		"-gcflags=-N -l", // without optimizing, so that a trace names the right lines
		"-ldflags=-X realtimelab/" + p.Lesson + "/" + p.Name + "_test.labNonce=" + run.nonce,
	}
	if o.Race {
		args = append(args, "-race")
		run.memory = raceMemoryLimit
	}
	if r.Problem, err = p.compile(ctx, tmp, args...); err != nil || r.Problem != nil {
		return r, err
	}
	if err := run.do(ctx, p.Folder()); err != nil {
		return r, err
	}
	run.read(p, &r)
	return r, nil
}

// Run runs a check that was compiled before, with the race detector, as args of program.
// Report.Took is the time of the processor, because the elapsed time depends on everything else
// that runs.
func Run(ctx context.Context, e exercise.Exercise, limit time.Duration, program string,
	args ...string) (exercise.Report, error) {
	r := exercise.NewReport(e, len(steps(e)))
	dir, err := os.MkdirTemp("", "lab-exercise-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	nonce := rand.Text()
	run := testRun{
		program: program, args: append(args, nonce), findings: filepath.Join(dir, "findings"),
		nonce: nonce,
		limit: limit, memory: raceMemoryLimit,
	}
	if err := run.do(ctx, dir); err != nil {
		return r, err
	}
	run.read(Package{e, dir}, &r)
	r.Took = run.state.UserTime() + run.state.SystemTime()
	return r, nil
}

// bounded prepares a student's program with a limit of memory. GOMEMLIMIT makes a Go program stay
// below it while it can.
func bounded(ctx context.Context, memory uint64, name string, args ...string) *process.Program {
	p := process.New(ctx, name, args...)
	p.Memory = memory
	// else a program with the race detector sleeps a second before it ends
	p.Env = append(gotool.Without(os.Environ()), "GORACE=atexit_sleep_ms=0", "GOTRACEBACK=all",
		"GOMEMLIMIT="+strconv.FormatUint(memory/4*3, 10))
	return p
}

// Marker is the line of go.mod that tells a student's module from others.
const Marker = "// This folder holds the lab's exercises; lab exercise finds it by this line."

// GoMod is the rest of the student's go.mod. The module has the lab's own name, so the checks
// compile in either place.
const GoMod = "module realtimelab\n\ngo 1.26.0\n"

// Module returns the files that make the folder dir a module in which checks compile, by path:
// go.mod and the package that the checks import.
func Module(dir string) (map[string][]byte, error) {
	files := map[string][]byte{filepath.Join(dir, "go.mod"): []byte(Marker + "\n\n" + GoMod)}
	entries, err := fs.ReadDir(check.Source, ".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		data, err := fs.ReadFile(check.Source, entry.Name())
		if err != nil {
			return nil, err
		}
		files[filepath.Join(dir, checkFolder, entry.Name())] = data
	}
	return files, nil
}

// checkFolder is the folder of package check in the student's module.
var checkFolder = filepath.Join("internal", "exercise", "check")

// checkFile holds an exercise's check.
const checkFile = "check_test.go"

// A step is one test of a check. Its title is in a comment right above the test: "Step: nothing
// twice / 不重复".
type step struct {
	name  string
	title lang.Text
}

var testFunction = regexp.MustCompile(`(?m)^(?:// Step: (.+) / (.+)\n)?func (Test\w+)\(`)

// steps lists the tests of a check, in order.
func steps(e exercise.Exercise) (all []step) {
	data, _ := fs.ReadFile(e.Files(), checkFile) // the tests of the exercises find a missing one
	for _, m := range testFunction.FindAllStringSubmatch(string(data), -1) {
		all = append(all, step{m[3], lang.Text{EN: m[1], ZH: m[2]}})
	}
	return all
}
