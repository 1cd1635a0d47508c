package gocheck

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"realtimelab/internal/exercise"
	"realtimelab/internal/process"
)

// startTime is how long a student's server may take until it listens.
const startTime = 20 * time.Second

// dialInterval is the time between two attempts to reach a server that starts.
const dialInterval = 20 * time.Millisecond

// Serve compiles the student's main.go, starts it at a free address of loopback, calls attack with
// that address once the server listens, and ends the server. It adds the compiler's errors, the
// server's output and a crash to r.
func (p Package) Serve(ctx context.Context, r *exercise.Report,
	attack func(ctx context.Context, address string) error) error {
	tmp, err := os.MkdirTemp("", "lab-exercise-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	program := filepath.Join(tmp, "server.exe")
	if r.Problem, err = p.compile(ctx, tmp, "build", "-trimpath", "-o", program); err != nil ||
		r.Problem != nil {
		return err
	}
	address, err := freeAddress()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := bounded(ctx, memoryLimit, program, address)
	server.Dir = p.Folder()
	out := &process.Head{Limit: outputLimit}
	server.Stdout, server.Stderr = out, out
	ended := make(chan error, 1)
	go func() { ended <- server.Run() }()
	if r.Problem = awaitListener(address, ended); r.Problem == nil {
		err = attack(ctx, address)
	}
	cancel()
	<-ended
	if server.ExceededMemory() {
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

// awaitListener waits until the server listens, and returns nil then. It puts what it receives from
// ended back for the caller.
func awaitListener(address string, ended chan error) *exercise.Problem {
	for late := time.After(startTime); ; {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close() // the connection only shows that the server listens
			return nil
		}
		select {
		case err := <-ended:
			ended <- err
			return exercise.NewProblem(exercise.Panic,
				fmt.Sprintf("Your server exited before it listened at %s (%v).", address, err),
				fmt.Sprintf("你的服务器还没在 %s 上监听就结束了（%v）。", address, err))
		case <-late:
			return exercise.NewProblem(exercise.Target,
				fmt.Sprintf(
					"Your server does not listen at %s: use its first argument, os.Args[1].",
					address),
				fmt.Sprintf("你的服务器没有在 %s 上监听：这个地址是它的第一个参数 os.Args[1]。",
					address))
		case <-time.After(dialInterval):
		}
	}
}
