package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest/need"
)

// keptClass holds the fields of the file of `lab class --keep` that the tests read.
type keptClass struct {
	Code     string
	Students []struct {
		Name, Current string
		SeatCode      string `json:"seat_code"`
		States        map[string]exercise.State
		Tries         map[string]int
	}
}

func readKept(t *testing.T, path string) (k keptClass) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &k))
	return k
}

func TestExerciseWatchAndClass(t *testing.T) {
	need.Time(t)
	kept := filepath.Join(t.TempDir(), "board.json")
	c, fields, _ := start(t, "class", "--addr", "127.0.0.1:0", "--keep", kept)
	require.Equal(t, "class", fields[0])
	board := readKept(t, kept)
	_, errs, ok := student(t, t.TempDir(), "watch", "--class", fields[1], "--name", "Ann")
	assert.False(t, ok)
	assert.Contains(t, errs,
		"\nlab: wrong join code: the teacher's screen shows it: add --code CODE")
	dir := t.TempDir()
	watch := exec.Command(binary, "exercise", "watch", "--class", fields[1], "--code", board.Code,
		"--name", "Ann")
	watch.Dir = dir
	watch.Env = append(os.Environ(), "LC_ALL=C")
	stdout, err := watch.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, watch.Start())
	t.Cleanup(func() { _ = watch.Process.Kill(); _ = watch.Wait() })
	lines := bufio.NewScanner(stdout)
	until := func(text string) {
		for lines.Scan() {
			if strings.Contains(lines.Text(), text) {
				return
			}
		}
		t.Fatalf("watch ended before it said %q", text)
	}
	until("It is checked each time you save.")
	_, errs, ok = student(t, t.TempDir(), "watch", "--class", fields[1], "--code", board.Code,
		"--name", "ann")
	assert.False(t, ok)
	assert.Contains(t, errs, "\nlab: this name is taken: choose another one, or take your own seat")

	solve(t, dir, "predict-poll")
	until("✓ predict-poll  solved")
	require.Eventually(t, func() bool {
		s := readKept(t, kept).Students
		return len(s) == 1 && s[0].States["predict-poll"] == exercise.Done &&
			s[0].Current == "cursor" && s[0].Tries["predict-poll"] == 1
	}, 20*time.Second, 20*time.Millisecond)

	require.NoError(t, watch.Process.Signal(syscall.SIGINT))
	_, err = io.Copy(io.Discard, stdout)
	require.NoError(t, err)
	require.NoError(t, watch.Wait())
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	require.NoError(t, c.Wait())
}
