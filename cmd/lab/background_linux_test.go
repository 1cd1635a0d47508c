package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// pty is a terminal without a screen: the test reads what the lab writes to it, and answers.
type pty struct {
	t      *testing.T
	end    *os.File // the terminal's end
	lab    *exec.Cmd
	output string // so far
}

// runInPTY runs the lab in a terminal of 120 columns.
func runInPTY(t *testing.T, args ...string) *pty {
	end, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { end.Close() })
	fd := int(end.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetUint32(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}))
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	defer tty.Close()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, binary, args...)
	c.Env = []string{"HOME=" + t.TempDir(), "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8",
		"TERM=xterm-256color"}
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, c.Start())
	return &pty{t, end, c, ""}
}

// reads reads on until the output has the text.
func (p *pty) reads(text string) {
	p.t.Helper()
	buffer := make([]byte, 4096)
	for !strings.Contains(p.output, text) {
		n, err := p.end.Read(buffer)
		p.output += string(buffer[:n])
		require.NoError(p.t, err, "no %q in %q", text, p.output)
	}
}

// ends reads the rest, and asserts that the lab ends without an error.
func (p *pty) ends() {
	p.t.Helper()
	rest, err := io.ReadAll(p.end)
	require.ErrorIs(p.t, err, syscall.EIO, "the program's end is closed")
	p.output += string(rest)
	require.NoError(p.t, p.lab.Wait())
}

func (p *pty) types(text string) {
	p.t.Helper()
	_, err := p.end.WriteString(text)
	require.NoError(p.t, err)
}

const (
	cursorQuery     = "\x1b[6n"
	cursorAnswer    = "\x1b[1;1R"
	backgroundQuery = "\x1b]11;?"
)

// TestAMuteTerminalGetsTheScreens: a terminal that answers nothing is not asked for its background,
// which termenv awaits for 5 s.
func TestAMuteTerminalGetsTheScreens(t *testing.T) {
	p := runInPTY(t, "--lang", "en")
	p.reads("Lessons")
	p.types("q")
	p.ends()
	assert.Equal(t, 1, strings.Count(p.output, cursorQuery))
	assert.NotContains(t, p.output, backgroundQuery)
	assert.Contains(t, p.output, "38;5;75m", "the colors for a dark background")
}

func TestALightTerminalGetsItsColors(t *testing.T) {
	p := runInPTY(t, "--lang", "en")
	p.reads(cursorQuery)
	p.types(cursorAnswer)
	p.reads(backgroundQuery)
	p.types("\x1b]11;rgb:ffff/ffff/ffff\a" + cursorAnswer)
	p.reads("Lessons")
	p.types("q")
	p.ends()
	assert.Contains(t, p.output, "38;5;25m")
	assert.NotContains(t, p.output, "38;5;75m")
}

// TestPlainCommandsAskNothing: a command without screens does not ask the terminal.
func TestPlainCommandsAskNothing(t *testing.T) {
	p := runInPTY(t, "version")
	p.ends()
	assert.NotContains(t, p.output, "\x1b")
}
