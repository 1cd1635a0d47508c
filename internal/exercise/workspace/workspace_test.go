package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/workspace"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
)

// desk is a student's folder with some of the exercises.
func desk(t *testing.T, names ...string) (*workspace.Workspace, []exercise.Exercise) {
	var some []exercise.Exercise
	for _, e := range catalogue(t) {
		for _, name := range names {
			if e.Name == name {
				some = append(some, e)
			}
		}
	}
	require.Len(t, some, len(names))
	w, err := workspace.Open(filepath.Join(t.TempDir(), "work"), some)
	require.NoError(t, err)
	w.SetLimit(time.Minute) // the machine may be busy
	return w, some
}

func write(t *testing.T, w *workspace.Workspace, e exercise.Exercise, text string) {
	starter, err := e.Starter()
	require.NoError(t, err)
	for name := range starter {
		save(t, filepath.Join(w.Folder(e), name), text)
	}
}

// save writes a file as editors do: it replaces the old file with a new one, so a watcher never
// reads half of it.
func save(t *testing.T, path, text string) {
	require.NoError(t, os.WriteFile(path+".new", []byte(text), 0o644))
	require.NoError(t, os.Rename(path+".new", path))
}

// solve writes the solution.
func solve(t *testing.T, w *workspace.Workspace, e exercise.Exercise) {
	solution, err := e.Solution()
	require.NoError(t, err)
	for _, data := range solution {
		write(t, w, e, string(data))
	}
}

func check(t *testing.T, w *workspace.Workspace, e exercise.Exercise) exercise.Report {
	r, err := w.Check(t.Context(), e, workspace.Options{})
	require.NoError(t, err)
	return r
}

// TestAStudentsDay goes through what a student does to one exercise, with the real compiler.
func TestAStudentsDay(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	e := some[0]
	assert.Equal(t, exercise.New, w.State(e))

	r := check(t, w, e)
	assert.False(t, r.Passed)
	assert.Equal(t, exercise.Idea, r.Problem.Cause)
	assert.Contains(t, r.Render(lang.English, exercise.Style{}), "step 1 of 6")
	assert.Contains(t, r.Render(lang.Chinese, exercise.Style{}), "第 1 步，共 6 步")

	solution, err := e.Solution()
	require.NoError(t, err)
	right := string(solution["cursor.go"])
	change := func(old, made string) exercise.Report {
		require.Contains(t, right, old)
		write(t, w, e, strings.Replace(right, old, made, 1))
		return check(t, w, e)
	}

	r = change("answer := []Message{}", "answer := []Mesage{}")
	require.Equal(t, exercise.Compile, r.Problem.Cause)
	assert.Equal(t, "cursor.go", r.Problem.Lines[0].File)
	assert.Equal(t, "\tanswer := []Mesage{}", r.Problem.Lines[0].Text)
	assert.Equal(t, "undefined: Mesage", r.Problem.Lines[0].Message)
	before, _, _ := strings.Cut(right, "answer := []Message{}")
	place := fmt.Sprintf("cursor.go:%d      ", 1+strings.Count(before, "\n"))
	shown := r.Render(lang.English, exercise.Style{})
	assert.Contains(t, shown, place+"answer := []Mesage{}\n"+strings.Repeat(" ", 34)+
		"^ undefined: Mesage")

	r = change("func Next(", "func Following(")
	assert.Equal(t, exercise.Compile, r.Problem.Cause)
	assert.Contains(t, r.Problem.Text.EN, "keep the names")

	r = change("answer := []Message{}",
		"answer := []Message{}\n\tprintln(\"hello\")\n\tlog = "+
			"log[:len(log):len(log)]\n\tlog[99] = Message{}")
	assert.Equal(t, exercise.Panic, r.Problem.Cause)
	assert.Contains(t, r.Problem.Text.EN, "index out of range [99]")
	assert.Equal(t, "\tlog[99] = Message{}", r.Problem.Lines[0].Text)
	assert.Equal(t, "hello", r.Output)

	assert.Equal(t, exercise.Started, w.State(e))
	solve(t, w, e)
	r = check(t, w, e)
	require.Nil(t, r.Problem, "%+v", r.Problem)
	assert.Equal(t, exercise.Done, w.State(e))
}

// TestEndless: a loop without end is cut, with all that it started.
func TestEndless(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	w.SetLimit(5 * time.Second)
	pidFile := filepath.Join(t.TempDir(), "pid")
	solution, err := some[0].Solution()
	require.NoError(t, err)
	text := strings.Replace(string(solution["cursor.go"]), "package cursor", `package cursor

import (
	"os"
	"os/exec"
	"strconv"
)
`, 1)
	write(t, w, some[0], strings.Replace(text, "answer := []Message{}", `answer := []Message{}
	c := exec.Command("sleep", "1000")
	_ = c.Start()
	_ = os.WriteFile(`+strconv.Quote(pidFile)+`, []byte(strconv.Itoa(c.Process.Pid)), 0o600)
	for {
	}`, 1))
	r := check(t, w, some[0])
	require.Equal(t, exercise.Time, r.Problem.Cause, "%+v", r.Problem)
	require.NotEmpty(t, r.Problem.Lines)
	assert.Equal(t, "for {", strings.TrimSpace(r.Problem.Lines[0].Text), "the line that loops")
	data, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(string(data))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return dead(pid)
	}, time.Minute, 10*time.Millisecond, "the child must not outlive the check")
}

// dead reports whether the process does not exist, or is a zombie.
func dead(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return err == nil && strings.Contains(string(status), "State:\tZ")
}

func TestNoGo(t *testing.T) {
	w, some := desk(t, "cursor", "predict-poll")
	t.Setenv("PATH", t.TempDir())
	r := check(t, w, some[0])
	require.Equal(t, exercise.Toolchain, r.Problem.Cause)
	assert.Contains(t, r.Problem.Text.EN, "There is no Go on this machine")
	solve(t, w, some[1])
	assert.True(t, check(t, w, some[1]).Passed, "to predict needs none")
}

// TestOldGo: a Go that is too old gets the same advice as a missing one. The fake command prints
// the error of Go 1.24.
func TestOldGo(t *testing.T) {
	w, some := desk(t, "cursor")
	dir := t.TempDir()
	script := "#!/bin/sh\necho 'go: go.mod requires go >= 1.26.0 (running go " +
		"1.24.1; GOTOOLCHAIN=local)' >&2\nexit 1\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go"), []byte(script), 0o755))
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	r := check(t, w, some[0])
	require.Equal(t, exercise.Toolchain, r.Problem.Cause)
	assert.Contains(t, r.Problem.Text.EN, "need Go 1.26.0. Install it from https://go.dev/dl")
	assert.Contains(t, r.Problem.Text.ZH, "https://go.dev/dl")
}

// TestCourseOfAStudent: the next exercise is the chosen one, then the first of the course that is
// not solved.
func TestCourseOfAStudent(t *testing.T) {
	w, some := desk(t, "cursor", "predict-poll", "predict-frames")
	next := func(f exercise.Filter) string {
		e, _ := w.Next(f)
		return e.Name
	}
	assert.Equal(t, "cursor", next(exercise.Filter{}))
	assert.Equal(t, "predict-frames", next(exercise.Filter{Lesson: "websocket"}))
	require.NoError(t, w.Choose(some[1]))
	assert.Equal(t, "predict-poll", next(exercise.Filter{}))
	assert.Equal(t, "predict-frames", next(exercise.Filter{Lesson: "websocket"}),
		"the chosen one is in another lesson")

	r := check(t, w, some[1])
	require.False(t, r.Passed)
	assert.Equal(t, exercise.Started, w.State(some[1]), "checked as given, so begun")
	assert.Equal(t, workspace.Advice{}, w.Advise(r, exercise.Filter{}))
	again, err := workspace.Look(w.Dir, some)
	require.NoError(t, err)
	assert.Equal(t, exercise.Started, again.State(some[1]), "it is kept")

	solve(t, w, some[1])
	advice := w.Advise(check(t, w, some[1]), exercise.Filter{})
	require.NotNil(t, advice.Next)
	assert.Equal(t, "cursor", advice.Next.Name)
	text := advice.Render(lang.Chinese, workspace.Moves{Solution: "s", Next: "n"})
	assert.Contains(t, text, some[0].Reason.ZH)

	solve(t, w, some[2])
	advice = w.Advise(check(t, w, some[2]), exercise.Filter{Lesson: "websocket"})
	assert.True(t, advice.Solved)
	assert.Nil(t, advice.Next)
	assert.Contains(t, advice.Render(lang.English, workspace.Moves{}), "All exercises are solved.")

	checked := map[string]bool{}
	require.NoError(t, w.CheckAll(t.Context(), exercise.Filter{}, workspace.Options{},
		func(r exercise.Report, did bool) {
			checked[r.Name] = did && r.Passed
		}))
	assert.Equal(t, map[string]bool{"cursor": false, "predict-poll": true, "predict-frames": true},
		checked)
	require.NoError(t, w.Choose(some[0]))
	_, err = w.Reset(some[1])
	require.NoError(t, err)
	assert.Equal(t, exercise.New, w.State(some[1]))
}

func TestBrokenProgressIsFoundOutAgain(t *testing.T) {
	w, some := desk(t, "predict-poll", "predict-frames")
	solve(t, w, some[0])
	require.True(t, check(t, w, some[0]).Passed)
	for _, broken := range []string{"", "{", `{"version":99}`, `[]`, "\x00\xff"} {
		path := filepath.Join(w.Dir, "progress.json")
		require.NoError(t, os.WriteFile(path, []byte(broken), 0o644))
		again, err := workspace.Open(w.Dir, some)
		require.NoError(t, err)
		require.True(t, again.NeedsRebuild())
		require.NotEmpty(t, again.Notes)
		kept, err := os.ReadFile(path + ".broken")
		require.NoError(t, err)
		assert.Equal(t, broken, string(kept))
		require.NoError(t, again.Rebuild(t.Context(), func(exercise.Report) {}))
		assert.Equal(t, exercise.Done, again.State(some[0]))
		assert.Equal(t, exercise.New, again.State(some[1]))
	}
	require.NoError(t, os.Remove(filepath.Join(w.Dir, "progress.json")))
	again, err := workspace.Open(w.Dir, some)
	require.NoError(t, err)
	assert.True(t, again.NeedsRebuild(), "a missing file is found out again, too")
}

func TestHintsSolutionDiffReset(t *testing.T) {
	w, some := desk(t, "predict-poll")
	e := some[0]
	for want := range 4 {
		hint, number, err := w.Hint(e)
		require.NoError(t, err)
		assert.Equal(t, min(want+1, 3), number)
		assert.Equal(t, e.Hints[number-1], hint)
	}
	_, err := w.ShowSolution(e, false)
	require.ErrorIs(t, err, workspace.ErrUnsolved)
	_, err = w.ShowSolution(e, true)
	require.NoError(t, err)

	diff, err := w.Diff(e)
	require.NoError(t, err)
	assert.Empty(t, diff)
	solve(t, w, e)
	diff, err = w.Diff(e)
	require.NoError(t, err)
	assert.Contains(t, diff, "+GET /messages?after=2 HTTP/1.1")
	require.True(t, check(t, w, e).Passed)
	_, err = w.ShowSolution(e, false)
	require.NoError(t, err)

	backup, err := w.Reset(e)
	require.NoError(t, err)
	assert.Equal(t, exercise.New, w.State(e))
	kept, err := os.ReadFile(filepath.Join(backup, "answer.txt.txt"))
	require.NoError(t, err)
	assert.Contains(t, string(kept), "GET /messages?after=2 HTTP/1.1")
}

func TestStudentsFilesAreKept(t *testing.T) {
	w, some := desk(t, "cursor")
	write(t, w, some[0], "mine")
	checkFile := filepath.Join(w.Folder(some[0]), "check_test.go")
	require.NoError(t, os.WriteFile(checkFile, []byte("// all is well"), 0o644))
	again, err := workspace.Open(w.Dir, some)
	require.NoError(t, err)
	mine, err := again.Mine(some[0])
	require.NoError(t, err)
	assert.Equal(t, "mine", string(mine["cursor.go"]))
	data, err := os.ReadFile(checkFile)
	require.NoError(t, err)
	assert.Contains(t, string(data), "func TestNothingTwice", "the check is renewed")
}

func TestNotInAModuleOfSomebodys(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module other\n"), 0o644))
	_, err := workspace.Open(dir, nil)
	require.ErrorContains(t, err, "choose another folder")
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	w, some := desk(t, "predict-frames")
	solution, err := some[0].Solution()
	require.NoError(t, err)
	right := string(solution["answer.txt"])
	for old, want := range map[string]string{"81 05": "hex digits",
		"[hello]": "The line [hello] is gone"} {
		write(t, w, some[0], strings.Replace(right, old, "8x 05", 1))
		r := check(t, w, some[0])
		require.Equal(t, exercise.File, r.Problem.Cause)
		assert.Contains(t, r.Problem.Text.EN, want)
	}
	write(t, w, some[0], strings.Repeat("x", 1<<20))
	assert.Equal(t, exercise.File, check(t, w, some[0]).Problem.Cause)
}

func TestWatch(t *testing.T) {
	for name, poll := range map[string]time.Duration{"events": 0, "poll": 10 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			w, some := desk(t, "predict-poll", "predict-frames")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			saved, err := w.Watch(ctx, poll)
			require.NoError(t, err)
			write(t, w, some[1], "[hello]\n81")
			assert.Equal(t, "predict-frames", (<-saved).Name)
			path := filepath.Join(w.Folder(some[0]), "answer.txt")
			save(t, path, "[body]\n[]")
			assert.Equal(t, "predict-poll", (<-saved).Name)
			// A folder is removed, or moved away with the whole workspace, and created again.
			again := func(text string, folder string) {
				require.NoError(t, os.Rename(folder, folder+" old"))
				require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
				for i := range 2 { // once as the folder is new, once later
					save(t, path, fmt.Sprint(text, i))
					assert.Equal(t, "predict-poll", (<-saved).Name)
				}
				require.NoError(t, os.RemoveAll(folder+" old"))
			}
			again("a", w.Folder(some[0]))
			again("b", w.Dir)
			require.NoError(t, os.RemoveAll(w.Folder(some[0])))
			require.NoError(t, os.MkdirAll(w.Folder(some[0]), 0o755))
			save(t, path, "c")
			assert.Equal(t, "predict-poll", (<-saved).Name)
			cancel()
			_, open := <-saved
			assert.False(t, open)
		})
	}
}
