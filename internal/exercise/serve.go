package exercise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"realtimelab/internal/exercise/blackbox"
)

// startTime is how long a student's server may take until it listens.
const startTime = 20 * time.Second

// checkBlackBox attacks the target of the options, else the student's own main.go if it was edited, else the target of last
// time.
func (w *Workspace) checkBlackBox(ctx context.Context, e Exercise, o Options, r *Report) error {
	target := o.Target
	if target == "" && !w.editedIn(e, ".go") {
		target = w.progress.Target[e.Name]
	}
	if target == "" {
		return w.checkOwnServer(ctx, e, r)
	}
	if err := attackInto(ctx, e, target, r); err != nil || o.Target == "" {
		return err
	}
	return w.change(func(p *progress) { p.Target[e.Name] = o.Target })
}

func attackInto(ctx context.Context, e Exercise, target string, r *Report) error {
	passing, finding, err := blackbox.Run(ctx, e.Name, target)
	r.Passing = passing
	switch {
	case errors.Is(err, blackbox.ErrTarget):
		r.Problem = problem(Target, err.Error(), "目标没有回答："+strings.TrimPrefix(err.Error(), blackbox.ErrTarget.Error()+": "))
	case err != nil:
		return err
	case finding != nil:
		r.Problem = found(*finding)
	default:
		r.Passed = true
	}
	return nil
}

// checkOwnServer compiles the student's main.go, starts it on a free port, and attacks it.
func (w *Workspace) checkOwnServer(ctx context.Context, e Exercise, r *Report) error {
	tmp, err := os.MkdirTemp("", "lab-exercise-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	program := filepath.Join(tmp, "server.exe")
	if r.Problem, err = w.compile(ctx, e, tmp, "build", "-trimpath", "-o", program); err != nil || r.Problem != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := newProgram(ctx, program, address)
	p.asStudents(memoryLimit)
	p.Dir = w.Folder(e)
	var out output
	p.Stdout, p.Stderr = &out, &out
	ended := make(chan error, 1)
	go func() { ended <- p.run() }()
	err = w.attackWhenUp(ctx, e, address, ended, r)
	cancel()
	<-ended
	if p.exceeded.Load() {
		r.Passed, r.Problem = false, memoryProblem(memoryLimit)
	}
	r.Output = strings.TrimSpace(out.String())
	return err
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// attackWhenUp waits until the server listens. What comes from ended is put back for the caller.
func (w *Workspace) attackWhenUp(ctx context.Context, e Exercise, address string, ended chan error, r *Report) error {
	for late := time.After(startTime); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close() // it was only to see whether somebody listens
			return attackInto(ctx, e, "http://"+address, r)
		}
		select {
		case err := <-ended:
			ended <- err
			r.Problem = problem(Panic, fmt.Sprintf("Your server ended before it listened at %s (%v).", address, err), fmt.Sprintf("你的服务器还没在 %s 上监听就结束了（%v）。", address, err))
			return nil
		case <-late:
			r.Problem = problem(Target, fmt.Sprintf("Your server does not listen at %s: that is its first argument, os.Args[1].", address),
				fmt.Sprintf("你的服务器没有在 %s 上监听：这个地址是它的第一个参数 os.Args[1]。", address))
			return nil
		case <-time.After(20 * time.Millisecond):
		}
	}
}
