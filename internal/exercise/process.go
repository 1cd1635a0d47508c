package exercise

import (
	"context"
	"crypto/rand"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"realtimelab/internal/gotool"
)

// outputLimit bounds how much of a program's output is kept.
const outputLimit = 64 << 10

// leaveTime is how long a killed program's pipes may stay open.
const leaveTime = time.Second

// familyVariable marks a program and, because the environment is inherited, all that it starts.
const familyVariable = "LAB_CHECK"

// memoryLimit bounds a student's program. The race detector multiplies what a program needs.
const (
	memoryLimit     = 1 << 30
	raceMemoryLimit = 4 << 30
	memoryInterval  = 20 * time.Millisecond // between two looks at how much it uses
)

// program is a student's program, or the go command, with everything that it starts. Its end, and the end of its context,
// kill the whole family:
//
//   - on Unix all of its process group;
//   - on Linux also processes that left the group, such as daemons: they are known by familyVariable;
//   - elsewhere only the program itself.
//
// Memory is bounded by GOMEMLIMIT, which a Go program honours while it can; on Linux a program that exceeds memory is killed.
type program struct {
	*exec.Cmd
	family string
	memory uint64 // bytes; 0 for no limit

	exceeded atomic.Bool // it was killed because of its memory
}

// newProgram prepares a command whose family ends with ctx.
func newProgram(ctx context.Context, name string, args ...string) *program {
	p := &program{Cmd: exec.CommandContext(ctx, name, args...), family: rand.Text()}
	p.WaitDelay = leaveTime
	ownGroup(p.Cmd)
	return p
}

// asStudents sets the environment of a student's program, and its limit of memory.
func (p *program) asStudents(memory uint64) {
	p.memory = memory
	p.Env = append(gotool.Without(os.Environ()), "GOTRACEBACK=all", "GOMEMLIMIT="+strconv.FormatUint(memory/4*3, 10))
}

// run starts the program, waits for it, and ends its family.
func (p *program) run() error {
	p.Env = append(p.Env, familyVariable+"="+p.family)
	if err := p.Start(); err != nil {
		return err
	}
	stop := p.watchMemory()
	err := p.Wait()
	stop()
	p.endFamily()
	return err
}

// watchMemory kills the program when it uses more than its limit, until stop is called.
func (p *program) watchMemory() (stop func()) {
	if p.memory == 0 {
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
			if resident(p.Process.Pid) > p.memory {
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

// output keeps the first part of what is written to it and discards the rest.
type output struct {
	mu   sync.Mutex
	kept []byte
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, b[:min(len(b), outputLimit-len(o.kept))]...)
	return len(b), nil
}

// String returns the kept part.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.kept)
}
