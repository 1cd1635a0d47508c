package labtest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const asProgram = "LABTEST_PROGRAM"

// MainOf is Main for the test of a command. The test's binary started by Command or StartProgram
// runs the command's main function and no test.
func MainOf(m *testing.M, main func()) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	Main(m)
}

// Command returns the command of this package with its arguments, ready to start in a process of
// its own. TestMain must call MainOf. The process is killed after two minutes, or at the end of the
// test.
func Command(t testing.TB, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = t.Output()
	t.Cleanup(func() {
		cancel()
		cmd.Wait()
	})
	return cmd
}

// StartProgram starts the command of this package, a server, and returns the first line that it
// prints: the address where it serves. Otherwise it is like Command.
func StartProgram(t testing.TB, args ...string) (url string) {
	t.Helper()
	cmd := Command(t, args...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "the program ended before it printed its address")
	return strings.TrimSpace(line)
}
