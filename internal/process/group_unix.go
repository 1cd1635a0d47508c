//go:build unix

package process

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// ownGroup puts the command into a process group of its own. The end of its context kills the
// group.
func ownGroup(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error {
		err := syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}

// endFamily kills the processes that the program left behind.
func (p *Program) endFamily() {
	_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // ESRCH where nothing is left
	endStrays(p.family)
}
