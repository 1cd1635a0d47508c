//go:build unix

package colors

import (
	"os"
	"time"

	"github.com/charmbracelet/x/term"
	"golang.org/x/sys/unix"
)

// answers asks the terminal for the position of the cursor, which every terminal knows, and reports
// whether the answer comes in time. In a background job it does not ask.
func answers(tty *os.File, timeout time.Duration) bool {
	fd := int(tty.Fd())
	if group, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP); err != nil || group != unix.Getpgrp() {
		return false
	}
	before, err := term.MakeRaw(tty.Fd())
	if err != nil {
		return false
	}
	defer func() { _ = term.Restore(tty.Fd(), before) }()
	if _, err := tty.WriteString("\x1b[6n"); err != nil {
		return false
	}
	end := time.Now().Add(timeout)
	for c := []byte{0}; c[0] != 'R'; { // the answer is ESC [ line ; column R
		if !readable(fd, end) {
			return false
		}
		if n, err := tty.Read(c); n == 0 || err != nil {
			return false
		}
	}
	return true
}

// readable waits until there is something to read.
func readable(fd int, end time.Time) bool {
	for {
		var files unix.FdSet
		files.Set(fd)
		left := unix.NsecToTimeval(max(time.Until(end), 0).Nanoseconds())
		n, err := unix.Select(fd+1, &files, nil, nil, &left)
		if err != unix.EINTR {
			return err == nil && n > 0
		}
	}
}
