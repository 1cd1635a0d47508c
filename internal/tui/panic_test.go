package tui

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/labtest/need"
)

// TestAPanicLeavesTheTerminalAsItWas runs this test binary in a terminal.
func TestAPanicLeavesTheTerminalAsItWas(t *testing.T) {
	need.Tool(t, "tmux")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	l.Close()
	name := fmt.Sprintf("lab-panic-%d", os.Getpid())
	tmux := func(args ...string) string {
		out, err := exec.Command("tmux", append([]string{"-L", name}, args...)...).CombinedOutput()
		require.NoError(t, err, "%s", out)
		return string(out)
	}
	shows := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool {
			return strings.Contains(tmux("capture-pane", "-p", "-S", "-"), text)
		}, 30*time.Second, 20*time.Millisecond, text)
	}
	tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "env", "LC_ALL=C.UTF-8",
		panics+"="+addr,
		"sh", "-c", os.Args[0]+"; echo ended with $?; exec sleep 60")
	t.Cleanup(func() { exec.Command("tmux", "-L", name, "kill-server").Run() })
	shows("● running")
	tmux("send-keys", "4") // the source
	shows("provoked in a screen")
	shows("ended with 1")
	assert.Equal(t, "0 1 0\n", tmux("display-message", "-p",
		"#{alternate_on} #{cursor_flag} #{mouse_any_flag}"), "alternate screen, cursor, mouse")
	again, err := net.Listen("tcp", addr)
	require.NoError(t, err, "the demo was stopped, its port is free")
	again.Close()
}
