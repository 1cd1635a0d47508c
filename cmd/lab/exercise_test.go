package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons"
)

// student runs lab exercise in a folder of its own, in English.
func student(t *testing.T, dir string, args ...string) (stdout, stderr string, ok bool) {
	c := exec.Command(binary, append([]string{"exercise"}, args...)...)
	c.Dir = dir
	c.Env = append(os.Environ(), "LC_ALL=C", "NO_COLOR=1")
	var out, errs strings.Builder
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	return out.String(), errs.String(), err == nil
}

// solve puts the solution of an exercise into the student's folder.
func solve(t *testing.T, dir, name string) {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	for _, e := range all {
		if e.Name != name {
			continue
		}
		files, err := e.Solution()
		require.NoError(t, err)
		for file, data := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, workspace.DefaultFolder, e.Lesson,
				name, file), data, 0o644))
		}
		return
	}
	t.Fatalf("no exercise %s", name)
}

func TestExerciseList(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	out, _, ok := student(t, dir, "list", "--json")
	require.True(t, ok)
	var all []map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &all))
	require.GreaterOrEqual(t, len(all), 24)
	assert.Equal(t, map[string]string{"name": "cursor", "lesson": "longpoll", "kind": "fill-in",
		"state": "new", "set": "core"}, all[0])

	for _, args := range [][]string{{"list"}, {"diff", "cursor"},
		{"solution", "cursor", "--force"}} {
		_, errs, ok := student(t, dir, args...)
		require.True(t, ok, errs)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries, "list, diff and solution write nothing")

	_, errs, ok := student(t, dir, "next")
	require.True(t, ok)
	assert.Equal(t, "lab: The exercises are now in "+filepath.Join(dir, workspace.DefaultFolder)+
		"\n", errs)
	solve(t, dir, "predict-poll")
	out, _, ok = student(t, dir, "check", "predict-poll")
	require.True(t, ok)
	assert.Contains(t, out, "✓ predict-poll  solved")
	out, _, _ = student(t, filepath.Join(dir, workspace.DefaultFolder, "websocket"), "list")
	assert.Contains(t, out, "✓ predict-poll", "the folder is found from inside")
	assert.Contains(t, out, "█")

	require.NoError(t, os.Rename(filepath.Join(dir, workspace.DefaultFolder),
		filepath.Join(dir, "my work")))
	inside := filepath.Join(dir, "my work", "websocket")
	out, errs, ok = student(t, inside, "check", "predict-poll")
	require.True(t, ok)
	assert.Contains(t, out, "✓ predict-poll", "a folder of another name, too")
	assert.Empty(t, errs)
	assert.NoDirExists(t, filepath.Join(inside, workspace.DefaultFolder))
}

// TestExerciseCourse: --lesson and --set narrow what is listed and what comes next, and a chosen
// exercise comes next until it is solved.
func TestExerciseCourse(t *testing.T) {
	dir := t.TempDir()
	out, _, _ := student(t, dir, "list", "--set", "core")
	assert.Contains(t, out, "→ · cursor")
	assert.NotContains(t, out, "hold")
	assert.Contains(t, out, "✓ solved   ○ begun   · not begun", "the signs are explained")
	out, _, _ = student(t, dir, "list", "--lesson", "websocket", "--set", "homework")
	assert.Contains(t, out, "websocket (homework)")
	assert.Contains(t, out, "→ · unmask")
	for args, says := range map[[2]string]string{
		{"--set", "hard"}:        `no set "hard": core, quick or homework`,
		{"--lesson", "longpol"}:  `did you mean "longpoll"?`,
		{"--lesson", "nonsense"}: "no exercises of a lesson",
	} {
		_, errs, ok := student(t, dir, "next", args[0], args[1])
		assert.False(t, ok)
		assert.Contains(t, errs, says)
	}

	out, errs, ok := student(t, dir, "show", "predict-frames")
	require.True(t, ok, errs)
	assert.Contains(t, out, "# Predict the wire: frames")
	assert.NoDirExists(t, filepath.Join(dir, workspace.DefaultFolder), "show writes nothing")
	for line := range strings.Lines(out) {
		assert.LessOrEqual(t, len([]rune(line)), 100, "the text is set for a terminal")
	}

	out, _, ok = student(t, dir, "next", "predict-poll")
	require.True(t, ok)
	assert.Contains(t, out, "Check: lab exercise check predict-poll")
	out, _, ok = student(t, dir, "check")
	assert.False(t, ok)
	assert.Contains(t, out, "✗ predict-poll", "the chosen one is checked")
	assert.Contains(t, out, "Stuck? Take a hint: lab exercise hint predict-poll")
	out, _, _ = student(t, dir, "list")
	assert.Contains(t, out, "→ ○ predict-poll", "checked, so begun")
	solve(t, dir, "predict-poll")
	out, _, ok = student(t, dir, "check")
	require.True(t, ok)
	assert.Contains(t, out,
		"Next: cursor, The cursor that loses nothing (lab exercise next)\n "+
			" Every lesson rests on the cursor", "what comes next, and why")
	out, _, _ = student(t, dir, "check", "--all", "--set", "core")
	assert.Contains(t, out, "✓ predict-poll  solved")
	assert.NotContains(t, out, "hold")
}

func TestExerciseThatIsNot(t *testing.T) {
	dir := t.TempDir()
	_, _, ok := student(t, dir, "next")
	require.True(t, ok)
	_, errs, ok := student(t, dir, "check", "curser")
	assert.False(t, ok)
	assert.Equal(t, `lab: no exercise "curser"; did you mean "cursor"? See: lab exercise list`+
		"\n", errs)
	_, errs, ok = student(t, dir, "solution", "cursor")
	assert.False(t, ok)
	assert.Equal(t, "lab: cursor is not solved yet: try a hint, or use --force\n", errs)
	_, errs, ok = student(t, dir, "check", "cursor", "--target", "http://127.0.0.1:1")
	assert.False(t, ok)
	assert.Equal(t, "lab: --target needs the name of one black box exercise\n", errs)
}

func TestExerciseCheck(t *testing.T) {
	need.Time(t)
	dir := t.TempDir()
	out, _, ok := student(t, dir, "check", "cursor", "--json")
	assert.False(t, ok)
	var reports []struct {
		Name    string
		Passed  bool
		Problem struct {
			Cause string
			Text  map[string]string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out), &reports))
	require.Len(t, reports, 1)
	assert.Equal(t, "idea", reports[0].Problem.Cause)
	assert.NotEmpty(t, reports[0].Problem.Text["zh"])

	solve(t, dir, "cursor")
	solve(t, dir, "predict-frames")
	out, errs, ok := student(t, dir, "check", "--all")
	assert.False(t, ok, "the others are not begun")
	assert.Contains(t, out, "✓ cursor  solved")
	assert.Contains(t, out, "✓ predict-frames  solved")
	assert.Contains(t, out, "· hold  not begun")
	assert.Contains(t, errs, "solved: 2/")
}

// TestExercisePage: a page to fix is checked in a headless browser.
func TestExercisePage(t *testing.T) {
	need.Tool(t, need.Chromium...)
	const name = "page-doubled-listener"
	dir := t.TempDir()
	out, errs, ok := student(t, dir, "check", name)
	assert.False(t, ok)
	assert.Contains(t, out, "step 3 of 4", errs)
	assert.Contains(t, out, "one message appears 3 times")
	solve(t, dir, name)
	out, errs, ok = student(t, dir, "check", name)
	assert.True(t, ok, out+errs)
}

func TestExerciseTarget(t *testing.T) {
	need.Time(t)
	dir := t.TempDir()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, target := range []string{"http://" + closed.Addr().String(), "127.0.0.1:80", "ws://x",
		"http://"} {
		out, _, ok := student(t, dir, "check", "blackbox-polling", "--target", target)
		assert.False(t, ok)
		assert.Contains(t, out, "the target does not answer", target)
	}
	_, fields, _ := start(t, "run", "short-polling", "--plain", "--addr", "127.0.0.1:0")
	out, _, ok := student(t, dir, "check", "blackbox-polling", "--target", fields[1])
	assert.True(t, ok, out)
	out, _, ok = student(t, dir, "check", "blackbox-polling")
	assert.True(t, ok, out)
	assert.Contains(t, out, "Server: "+fields[1]+", the last --target")
	out, _, _ = student(t, dir, "next", "blackbox-polling")
	assert.Contains(t, out, "Server: "+fields[1])
	_, _, ok = student(t, dir, "reset", "blackbox-polling")
	require.True(t, ok)
	out, _, _ = student(t, dir, "next", "blackbox-polling")
	assert.NotContains(t, out, fields[1], "reset forgets the server")
}

// TestExerciseOwnServer: without a target the student's own main.go is started, and ended.
func TestExerciseOwnServer(t *testing.T) {
	need.Time(t)
	dir := t.TempDir()
	out, _, ok := student(t, dir, "check", "blackbox-polling")
	assert.False(t, ok)
	assert.Contains(t, out, "is not written yet")
	solve(t, dir, "blackbox-polling")
	out, _, ok = student(t, dir, "check", "blackbox-polling")
	assert.True(t, ok, out)
}
