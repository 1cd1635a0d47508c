package colors

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// printsCI makes the test binary print CI as it is after the initialization.
const printsCI = "REALTIMELAB_PRINTS_CI"

func TestMain(m *testing.M) {
	if os.Getenv(printsCI) == "" {
		os.Exit(m.Run())
	}
	for _, pair := range os.Environ() {
		if strings.HasPrefix(pair, "CI=") {
			os.Stdout.WriteString(pair)
		}
	}
}

func TestTheEnvironmentIsAsBefore(t *testing.T) {
	for _, want := range []string{"", "CI=", "CI=true", "CI=1"} {
		c := exec.CommandContext(t.Context(), os.Args[0])
		c.Env = []string{printsCI + "=1"}
		if want != "" {
			c.Env = append(c.Env, want)
		}
		out, err := c.Output()
		require.NoError(t, err)
		assert.Equal(t, want, string(out))
	}
}

func TestTerminalsThatAreNotAsked(t *testing.T) {
	for name, want := range map[string]bool{"xterm-256color": true, "": true, "linux": true,
		"dumb": false, "screen-256color": false, "tmux": false} {
		assert.Equal(t, want, named(name), name)
	}
}
