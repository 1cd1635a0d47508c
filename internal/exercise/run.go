package exercise

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/exercise/check"
)

// runTime bounds a check's run, without the compiler.
const runTime = 5 * time.Second

// checkGo compiles the student's package with its check and runs it. A check stops at its first failing step.
func (w *Workspace) checkGo(ctx context.Context, e Exercise, race bool, r *Report) error {
	tmp, err := os.MkdirTemp("", "lab-exercise-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	program := filepath.Join(tmp, "check.exe")
	args := []string{"test", "-c", "-trimpath", "-tags", "exercise", "-gcflags=-N -l", "-o", program} // without optimizing, so that a trace names the right lines
	if race {
		args = append(args, "-race")
	}
	if r.Problem = w.compile(ctx, e, args...); r.Problem != nil {
		return nil
	}
	run := testRun{exercise: e, program: program, findings: filepath.Join(tmp, "findings")}
	if err := run.do(ctx, w.Folder(e)); err != nil {
		return err
	}
	run.read(w, r)
	return nil
}

// testRun is one run of a compiled check.
type testRun struct {
	exercise Exercise
	program  string
	args     []string // before those of the testing package
	findings string   // the file that check.Fail appends to

	out    output
	passed bool
	late   bool
}

// do runs the check in that folder. The error is the lab's, not the student's.
func (t *testRun) do(ctx context.Context, folder string) error {
	late, cancel := context.WithTimeout(ctx, runTime+time.Second) // testing gives up first, and tells where it waits
	defer cancel()
	args := append(t.args, "-test.v", "-test.failfast", "-test.parallel=1", "-test.timeout="+runTime.String())
	c := exec.CommandContext(late, t.program, args...)
	c.Dir = folder
	c.Env = append(os.Environ(), check.FindingsVariable+"="+t.findings, "GOTRACEBACK=all")
	c.Stdout, c.Stderr = &t.out, &t.out
	ownGroup(c)
	if err := c.Start(); err != nil {
		return err
	}
	err := c.Wait()
	endGroup(c)
	t.passed = err == nil
	t.late = late.Err() != nil
	return ctx.Err()
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// read makes the report of the run.
func (t *testRun) read(w *Workspace, r *Report) {
	said := t.sort()
	r.Passing, r.Output = said.passing, strings.TrimSpace(said.printed)
	if t.passed {
		r.Passed, r.Passing = true, r.Steps
		return
	}
	r.Problem = t.finding()
	switch {
	case r.Problem != nil:
	case t.late || strings.Contains(said.crash, "test timed out"):
		r.Problem = problem(Time,
			"Not done after "+runTime.String()+": a loop without an end, or a wait that nothing ends. It was here:",
			runTime.String()+" 过去了还没有结束：死循环，或者永远等不到头的等待。当时停在这里：")
		r.Problem.Lines = w.frames(t.exercise, said.crash)
	case strings.Contains(said.crash, "blocked goroutines remain"):
		r.Problem = problem(Panic,
			"A goroutine of yours was left behind: it still waits when everything is over. It waits here:",
			"你的一个 goroutine 被落下了：一切都结束了，它还在等。它等在这里：")
		r.Problem.Lines = w.frames(t.exercise, said.crash)
	case strings.HasPrefix(said.crash, "WARNING: DATA RACE"):
		r.Problem = problem(Panic,
			"Two goroutines use the same memory at the same time, and one of them writes (a data race). It was here:",
			"两个 goroutine 同时使用同一块内存，其中至少一个在写（数据竞争）。发生在这里：")
		r.Problem.Lines = w.frames(t.exercise, said.crash)
	case strings.Contains(said.crash, "deadlock"):
		r.Problem = problem(Panic,
			"Everybody waits for somebody else, for ever (a deadlock). It waits here:",
			"所有人都在互相等待，永远等不到头（死锁）。等在这里：")
		r.Problem.Lines = w.frames(t.exercise, said.crash)
	default:
		cause := firstLine(said.crash)
		r.Problem = problem(Panic, "Your program ended itself: "+cause, "你的程序自己崩溃了："+cause)
		r.Problem.Lines = w.frames(t.exercise, said.crash)
	}
}

// finding is the first that the check wrote down, nil if none.
func (t *testRun) finding() *Problem {
	data, err := os.ReadFile(t.findings)
	if err != nil {
		return nil
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var f check.Finding
	if json.Unmarshal(line, &f) != nil {
		return nil
	}
	return found(f)
}

// sorted is what a test binary printed, taken apart.
type sorted struct {
	passing int
	printed string // by the student's program
	crash   string // from the panic or fatal error on
}

func (t *testRun) sort() (s sorted) {
	var printed, crash strings.Builder
	crashed := false
	for line := range strings.Lines(t.out.String()) {
		switch {
		case crashed:
			crash.WriteString(line)
		case strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.HasPrefix(line, "WARNING: DATA RACE"):
			crashed = true
			crash.WriteString(line)
		case strings.HasPrefix(line, "--- PASS: "):
			s.passing++
		case strings.HasPrefix(line, "--- FAIL: "), strings.HasPrefix(line, "=== "), line == "PASS\n", line == "FAIL\n":
		default:
			printed.WriteString(line)
		}
	}
	s.printed, s.crash = printed.String(), crash.String()
	return s
}

// frames finds the student's lines in a stack trace.
func (w *Workspace) frames(e Exercise, trace string) []SourceLine {
	frame := regexp.MustCompile(`/` + regexp.QuoteMeta(e.Name) + `/(\w+\.go):(\d+)`)
	var lines []SourceLine
	seen := map[string]bool{}
	for _, m := range frame.FindAllStringSubmatch(trace, -1) {
		if !e.edited(m[1]) || seen[m[0]] || len(lines) == maxLines {
			continue
		}
		seen[m[0]] = true
		number, _ := strconv.Atoi(m[2])
		lines = append(lines, SourceLine{File: m[1], Line: number, Text: w.line(e, m[1], number)})
	}
	return lines
}
