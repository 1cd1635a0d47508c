// Package process runs a program together with everything that it starts, and ends all of it.
package process

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// leaveTime is how long a killed program's pipes may stay open.
const leaveTime = time.Second

// familyVariable marks a program and, because the environment is inherited, all that it starts.
const familyVariable = "LAB_CHECK"

// memoryInterval is the time between two measurements of a program's memory.
const memoryInterval = 20 * time.Millisecond

// A Program is a command and its family: every process that it starts. The family ends when the
// command ends or its context does:
//
//   - on Unix its whole process group;
//   - on Linux also processes that left the group, such as daemons: they are known by
//     familyVariable;
//   - elsewhere only the command itself.
type Program struct {
	*exec.Cmd

	// Memory is the limit in bytes, 0 for none. On Linux a program that exceeds it is killed.
	Memory uint64

	family   string
	exceeded atomic.Bool
	stop     func() // ends the measuring of memory
}

// New prepares a program whose family ends with ctx.
func New(ctx context.Context, name string, args ...string) *Program {
	p := &Program{Cmd: exec.CommandContext(ctx, name, args...), family: rand.Text()}
	p.WaitDelay = leaveTime
	ownGroup(p.Cmd)
	return p
}

// Start starts the program. If it returns nil, the caller must call Wait.
func (p *Program) Start() error {
	if p.Env == nil {
		p.Env = os.Environ()
	}
	p.Env = append(p.Env, familyVariable+"="+p.family)
	if err := p.Cmd.Start(); err != nil {
		return err
	}
	p.stop = p.watchMemory()
	return nil
}

// Wait waits for the end of the program, then ends the rest of its family.
func (p *Program) Wait() error {
	err := p.Cmd.Wait()
	p.stop()
	p.endFamily()
	return err
}

// Run calls Start and Wait.
func (p *Program) Run() error {
	if err := p.Start(); err != nil {
		return err
	}
	return p.Wait()
}

// ExceededMemory reports whether the program was killed because of its memory.
func (p *Program) ExceededMemory() bool { return p.exceeded.Load() }

// watchMemory kills the program when it uses more than its limit, until stop is called.
func (p *Program) watchMemory() (stop func()) {
	if p.Memory == 0 {
		return func() {}
	}
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for look := time.NewTicker(memoryInterval); ; {
			select {
			case <-done:
				look.Stop()
				return
			case <-look.C:
			}
			if resident(p.Process.Pid) > p.Memory {
				p.exceeded.Store(true)
				_ = p.Process.Kill() // it may have ended by itself
			}
		}
	})
	return func() {
		close(done)
		watching.Wait()
	}
}

// A Head keeps the first Limit bytes that are written to it and discards the rest.
type Head struct {
	Limit int

	mu   sync.Mutex
	kept []byte
}

// Write keeps what fits and never fails.
func (h *Head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept = append(h.kept, b[:min(len(b), h.Limit-len(h.kept))]...)
	return len(b), nil
}

// String returns the kept part.
func (h *Head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.kept)
}
