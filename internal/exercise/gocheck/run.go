package gocheck

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/check"
)

// testRun is one run of a compiled check.
type testRun struct {
	program  string
	args     []string // come before the testing package's arguments
	findings string   // the file that check.Fail appends to
	nonce    string   // the evidence step prints it
	limit    time.Duration
	memory   uint64

	said     transcript
	state    *os.ProcessState
	late     bool
	exceeded bool // its limit of memory
}

// do runs the check in that folder. An error is a failure of the lab, not of the student's program.
func (t *testRun) do(ctx context.Context, folder string) error {
	// Package check gives up first, and prints where the program waits: a busy machine needs time
	// for that.
	late, cancel := context.WithTimeout(ctx, t.limit+5*time.Second)
	defer cancel()
	t.said.nonce, t.said.passed = t.nonce, map[string]bool{}
	t.said.printed.Limit, t.said.crash.Limit = outputLimit, outputLimit
	args := append(t.args, "-test.v=test2json", "-test.failfast", "-test.paniconexit0",
		"-test.parallel=1", "-test.timeout=0")
	p := bounded(late, t.memory, t.program, args...)
	p.Dir = folder
	p.Env = append(p.Env, check.FindingsVariable+"="+t.findings,
		check.LimitVariable+"="+t.limit.String())
	p.Stdout, p.Stderr = &t.said, &t.said
	if err := p.Run(); p.ProcessState == nil {
		return err
	}
	t.said.close()
	t.state, t.late, t.exceeded = p.ProcessState, late.Err() != nil, p.ExceededMemory()
	return ctx.Err()
}

// read makes the report of the run. The check passes if the program exits with 0 and every step
// passes, including the evidence.
func (t *testRun) read(p Package, r *exercise.Report) {
	r.Output = strings.TrimSpace(t.said.printed.String())
	for _, step := range steps(p.Exercise) {
		if t.said.passed[step.name] {
			r.Passing++
		} else if r.Step.EN == "" {
			r.Step = step.title
		}
	}
	if t.state.Success() && r.Passing == r.Steps && t.said.sealed {
		r.Passed = true
		return
	}
	if r.Problem = t.finding(p); r.Problem == nil {
		r.Problem = t.problem(p)
	}
}

// problem explains a run that ended without a finding.
func (t *testRun) problem(p Package) (problem *exercise.Problem) {
	crash := t.said.crash.String()
	switch {
	case t.exceeded:
		return memoryProblem(t.memory)
	case t.late || strings.Contains(crash, "test timed out"):
		problem = exercise.NewProblem(exercise.Time,
			"Not done after "+t.limit.String()+
				": an endless loop, or a wait that nothing ends. It stopped here:",
			t.limit.String()+" 过去了还没有结束：死循环，或者永远等不到头的等待。当时停在这里：")
	case strings.Contains(crash, "blocked goroutines remain"):
		problem = exercise.NewProblem(exercise.Panic,
			"One of your goroutines leaks: it still waits after "+
				"everything else has ended. It waits here:",
			"你的一个 goroutine 泄漏了：其他都已结束，它还在等待。它等在这里：")
	case strings.HasPrefix(crash, "WARNING: DATA RACE"):
		problem = exercise.NewProblem(exercise.Panic,
			"Two goroutines use the same memory at the same time, and one of them "+
				"writes (a data race). It happened here:",
			"两个 goroutine 同时使用同一块内存，其中至少一个在写（数据竞争）。发生在这里：")
	case strings.Contains(crash, "deadlock"):
		problem = exercise.NewProblem(exercise.Panic,
			"All goroutines wait for each other (a deadlock). They wait here:",
			"所有 goroutine 都在互相等待，谁也无法继续（死锁）。等在这里：")
	case strings.Contains(crash, "unexpected call to os.Exit(0)"):
		problem = exercise.NewProblem(exercise.Panic,
			"Your program calls os.Exit, which ends the check before "+
				"its last step. It is called here:",
			"你的程序调用了 os.Exit，检查还没走完就被结束了。调用在这里：")
	case crash == "":
		status := t.state.String()
		return exercise.NewProblem(exercise.Panic,
			"The program ended before the check did ("+status+
				"). Look for os.Exit or log.Fatal in your code.",
			"检查还没走完，程序就结束了（"+status+"）。请看看代码里有没有 os.Exit 或 log.Fatal。")
	default:
		cause := firstLine(crash)
		problem = exercise.NewProblem(exercise.Panic, "Your program crashed: "+cause,
			"你的程序自己崩溃了："+cause)
	}
	problem.Lines = p.frames(crash)
	return problem
}

func memoryProblem(limit uint64) *exercise.Problem {
	const mib = 1 << 20
	return exercise.NewProblem(exercise.Memory,
		fmt.Sprintf(
			"Your program used more than %d MiB of memory and was stopped: look for a slice, map "+
				"or queue that grows without a bound.", limit/mib),
		fmt.Sprintf(
			"你的程序用了超过 %d MiB 内存，已被结束：请找找不断增长、"+
				"没有上限的 slice、map 或队列。", limit/mib))
}

// finding returns the first finding that the check wrote down, or nil.
func (t *testRun) finding(p Package) *exercise.Problem {
	data, err := os.ReadFile(t.findings)
	if err != nil {
		return nil
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	var f check.Finding
	if json.Unmarshal(line, &f) != nil {
		return nil
	}
	found := exercise.Found(f)
	if f.Trace != "" {
		found.Cause, found.Lines = exercise.Panic, p.frames(f.Trace)
	}
	return found
}

// frames finds the student's lines in a stack trace.
func (p Package) frames(trace string) []exercise.SourceLine {
	frame := regexp.MustCompile(`/` + regexp.QuoteMeta(p.Name) + `/([^/\n]+\.go):(\d+)`)
	var lines []exercise.SourceLine
	seen := map[string]bool{}
	for _, m := range frame.FindAllStringSubmatch(trace, -1) {
		if !p.Edits(m[1]) || seen[m[0]] || len(lines) == maxLines {
			continue
		}
		seen[m[0]] = true
		number, _ := strconv.Atoi(m[2])
		lines = append(lines, exercise.SourceLine{File: m[1], Line: number,
			Text: p.line(m[1], number)})
	}
	return lines
}
