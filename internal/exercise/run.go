package exercise

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
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
	run := testRun{
		exercise: e, program: filepath.Join(tmp, "check.exe"), findings: filepath.Join(tmp, "findings"), nonce: rand.Text(),
		limit: w.limit, memory: memoryLimit,
	}
	args := []string{
		"test", "-c", "-trimpath", "-tags", "exercise", "-o", run.program,
		"-gcflags=-N -l", // without optimizing, so that a trace names the right lines
		"-ldflags=-X realtimelab/" + e.Lesson + "/" + e.Name + "_test.labNonce=" + run.nonce,
	}
	if race {
		args = append(args, "-race")
		run.memory = raceMemoryLimit
	}
	if r.Problem, err = w.compile(ctx, e, tmp, args...); err != nil || r.Problem != nil {
		return err
	}
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
	nonce    string   // the evidence step prints it
	limit    time.Duration
	memory   uint64

	said     transcript
	state    *os.ProcessState
	late     bool
	exceeded bool // its limit of memory
}

// do runs the check in that folder. The error is the lab's, not the student's.
func (t *testRun) do(ctx context.Context, folder string) error {
	// Package check gives up first, and prints where the program waits: a busy machine needs time for that.
	late, cancel := context.WithTimeout(ctx, t.limit+5*time.Second)
	defer cancel()
	t.said.nonce, t.said.passed = t.nonce, map[string]bool{}
	args := append(t.args, "-test.v=test2json", "-test.failfast", "-test.paniconexit0", "-test.parallel=1", "-test.timeout=0")
	p := newProgram(late, t.program, args...)
	p.asStudents(t.memory)
	p.Dir = folder
	p.Env = append(p.Env, check.FindingsVariable+"="+t.findings, check.LimitVariable+"="+t.limit.String())
	p.Stdout, p.Stderr = &t.said, &t.said
	if err := p.run(); p.ProcessState == nil {
		return err
	}
	t.said.close()
	t.state, t.late, t.exceeded = p.ProcessState, late.Err() != nil, p.exceeded.Load()
	return ctx.Err()
}

var testFunction = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// read makes the report of the run. The check is passed if the program ended well and every step, the evidence too, says so.
func (t *testRun) read(w *Workspace, r *Report) {
	r.Output = strings.TrimSpace(t.said.printed.String())
	for _, step := range t.exercise.stepNames() {
		if t.said.passed[step] {
			r.Passing++
		}
	}
	if t.state.Success() && r.Passing == r.Steps && t.said.sealed {
		r.Passed = true
		return
	}
	if r.Problem = t.finding(); r.Problem == nil {
		r.Problem = t.problem(w)
	}
}

// problem explains a run that ended without a finding.
func (t *testRun) problem(w *Workspace) (p *Problem) {
	crash := t.said.crash.String()
	switch {
	case t.exceeded:
		return memoryProblem(t.memory)
	case t.late || strings.Contains(crash, "test timed out"):
		p = problem(Time,
			"Not done after "+t.limit.String()+": a loop that does not end, or a wait that nothing ends. It was here:",
			t.limit.String()+" 过去了还没有结束：死循环，或者永远等不到头的等待。当时停在这里：")
	case strings.Contains(crash, "blocked goroutines remain"):
		p = problem(Panic,
			"A goroutine of yours is left: it still waits when everything else is over. It waits here:",
			"你的一个 goroutine 被落下了：一切都结束了，它还在等。它等在这里：")
	case strings.HasPrefix(crash, "WARNING: DATA RACE"):
		p = problem(Panic,
			"Two goroutines use the same memory at the same time, and one of them writes (a data race). It was here:",
			"两个 goroutine 同时使用同一块内存，其中至少一个在写（数据竞争）。发生在这里：")
	case strings.Contains(crash, "deadlock"):
		p = problem(Panic,
			"All goroutines wait for each other and none can go on (a deadlock). They wait here:",
			"所有 goroutine 都在互相等待，谁也无法继续（死锁）。等在这里：")
	case strings.Contains(crash, "unexpected call to os.Exit(0)"):
		p = problem(Panic,
			"Your program calls os.Exit, which ends the check before its last step. It is called here:",
			"你的程序调用了 os.Exit，检查还没走完就被结束了。调用在这里：")
	case crash == "":
		status := t.state.String()
		return problem(Panic,
			"The program ended before the check did ("+status+"). Look for os.Exit or log.Fatal in your code.",
			"检查还没走完，程序就结束了（"+status+"）。请看看代码里有没有 os.Exit 或 log.Fatal。")
	default:
		cause := firstLine(crash)
		p = problem(Panic, "Your program crashed: "+cause, "你的程序自己崩溃了："+cause)
	}
	p.Lines = w.frames(t.exercise, crash)
	return p
}

func memoryProblem(limit uint64) *Problem {
	const mib = 1 << 20
	return problem(Memory,
		fmt.Sprintf("Your program used more than %d MiB of memory and was ended: look for a slice, map or queue that grows without a bound.", limit/mib),
		fmt.Sprintf("你的程序用了超过 %d MiB 内存，已被结束：请找找不断增长、没有上限的 slice、map 或队列。", limit/mib))
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

// frames finds the student's lines in a stack trace.
func (w *Workspace) frames(e Exercise, trace string) []SourceLine {
	frame := regexp.MustCompile(`/` + regexp.QuoteMeta(e.Name) + `/([^/\n]+\.go):(\d+)`)
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
