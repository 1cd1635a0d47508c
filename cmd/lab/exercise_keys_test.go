package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestExerciseWatchKeys: hint, next, list, reset and quit without leaving watch.
func TestExerciseWatchKeys(t *testing.T) {
	dir := t.TempDir()
	watch := exec.Command(binary, "exercise", "watch", "--lesson", "longpoll", "--set", "core")
	watch.Dir = dir
	watch.Env = append(os.Environ(), "LC_ALL=C")
	stdout, err := watch.StdoutPipe()
	require.NoError(t, err)
	keys, err := watch.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, watch.Start())
	t.Cleanup(func() { _ = watch.Process.Kill(); _ = watch.Wait() })
	lines := bufio.NewScanner(stdout)
	for _, step := range []struct{ key, says string }{
		{"", "Keys, with Enter: h hint"},
		{"h", "cursor 1/3"},
		{"x", "h hint, n next"},
		{"n", "Check: lab exercise check predict-poll"},
		{"l", "→ · predict-poll"},
		{"n", "Check: lab exercise check cursor"},
		{"r", "Reset. Your files were copied to"},
	} {
		if step.key != "" {
			_, err := io.WriteString(keys, step.key+"\n")
			require.NoError(t, err)
		}
		for found := false; !found; found = strings.Contains(lines.Text(), step.says) {
			require.True(t, lines.Scan(), "watch ended before it said %q", step.says)
		}
	}
	_, err = io.WriteString(keys, "q\n")
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, stdout)
	require.NoError(t, err)
	require.NoError(t, watch.Wait())
}
