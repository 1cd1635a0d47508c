package workspace_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
)

// cursorWith is the solution of the exercise cursor with a declaration added, and a statement at
// the start of Next.
func cursorWith(t *testing.T, e exercise.Exercise, imports, declaration, statement string) string {
	solution, err := e.Solution()
	require.NoError(t, err)
	text := strings.Replace(string(solution["cursor.go"]), "package cursor\n",
		"package cursor\n\nimport (\n"+imports+"\n)\n\n"+declaration+"\n", 1)
	changed := strings.Replace(text, "answer := []Message{}",
		statement+"\n\tanswer := []Message{}", 1)
	require.NotEqual(t, text, changed)
	return changed
}

// TestNoPassWithoutPassing: a check that did not reach its end does not pass, whatever its exit
// status and output.
func TestNoPassWithoutPassing(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	e := some[0]
	steps := ""
	for _, name := range []string{"TestNothingTwice", "TestEmpty", "TestLabEvidence"} {
		steps += "--- PASS: " + name + " (0.00s)\\n"
	}
	for name, c := range map[string]struct{ imports, declaration, statement, says string }{
		"exit in the code": {`"os"`, "", "os.Exit(0)", "calls os.Exit"},
		"exit in init": {`"os"`, "func init() { os.Exit(0) }", "",
			"ended before the check did (exit status 0)"},
		"exit in a goroutine": {"\"os\"\n\"time\"", "", "go os.Exit(0); time.Sleep(time.Second)",
			"calls os.Exit"},
		"exit of the system": {`"syscall"`, "", "syscall.Exit(0)",
			"ended before the check did (exit status 0)"},
		"exit with words": {"\"fmt\"\n\"os\"", `func init() { fmt.Print("` + steps +
			`PASS\n"); os.Exit(0) }`, "", "ended before the check did (exit status 0)"},
		"log.Fatal": {`stdlog "log"`, "", `stdlog.Fatal("no")`,
			"ended before the check did (exit status 1)"},
		"the end of goroutines": {`"runtime"`, "", "runtime.Goexit()", ""},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, w, e, cursorWith(t, e, c.imports, c.declaration, c.statement))
			r := check(t, w, e)
			require.False(t, r.Passed)
			assert.Zero(t, r.Passing)
			assert.NotEqual(t, exercise.Done, w.State(e))
			require.NotNil(t, r.Problem)
			assert.Contains(t, r.Problem.Text.EN, c.says)
			assert.Regexp(t, `\p{Han}`, r.Problem.Text.ZH)
		})
	}
}

// TestAddedFiles: a student's test files are not part of the check, and a student cannot replace
// the check.
func TestAddedFiles(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	e := some[0]
	add := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(w.Folder(e), name), []byte(text), 0o644))
	}
	add("zz_test.go", "package cursor\n\nimport \"os\"\n\nfunc init() { os.Exit(0) }\n")
	add("main_test.go",
		"package cursor_test\n\nimport (\n\"os\"\n\"testing\"\n)\n\nfunc "+
			"TestMain(*testing.M) { os.Exit(0) }\n")
	add("broken_test.go", "package nonsense\n\nthis is no Go\n")
	add("zzz_evidence_test.go", "package cursor_test\n")
	add("check_test.go", "package cursor_test\n")
	helper := filepath.Join(w.Dir, "internal", "exercise", "check", "more.go")
	require.NoError(t, os.WriteFile(helper,
		[]byte("package check\n\nfunc init() { panic(1) }\n"), 0o644))
	assert.False(t, check(t, w, e).Passed, "the starter")
	solve(t, w, e)
	add("helper.go", "package cursor\n\nvar helper = 1\n")
	r := check(t, w, e)
	require.Nil(t, r.Problem, "%+v", r.Problem)
	assert.True(t, r.Passed, "the solution, with a file more")
}

// TestChatty: the output of a program, however long, hides neither the passed steps nor the crash.
func TestChatty(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	e := some[0]
	write(t, w, e, cursorWith(t, e, "\"fmt\"\n\"strings\"", "",
		`fmt.Print(strings.Repeat("x", 200_000))`))
	r := check(t, w, e)
	require.Nil(t, r.Problem, "%+v", r.Problem)
	require.True(t, r.Passed)
	write(t, w, e, cursorWith(t, e, `"fmt"`, "",
		`for range 9_000 { fmt.Println("--- PASS: TestX") }; panic("here")`))
	r = check(t, w, e)
	require.False(t, r.Passed)
	assert.Zero(t, r.Passing)
	assert.Contains(t, r.Problem.Text.EN, "here")
	assert.NotEmpty(t, r.Problem.Lines)
}

func TestMemory(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	e := some[0]
	write(t, w, e, cursorWith(t, e, "", "var kept [][]byte", `for {
		b := make([]byte, 16<<20)
		for i := 0; i < len(b); i += 4096 {
			b[i] = 1
		}
		kept = append(kept, b)
	}`))
	r := check(t, w, e)
	require.False(t, r.Passed)
	require.Equal(t, exercise.Memory, r.Problem.Cause, "%+v", r.Problem)
	assert.Contains(t, r.Problem.Text.EN, "more than 1024 MiB")
}

// TestStrays: a child process ends with the check even if it has left the process group or leads
// its own session.
func TestStrays(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor")
	e := some[0]
	pidFile := filepath.Join(t.TempDir(), "pid")
	write(t, w, e, cursorWith(t, e, "\"os\"\n\"os/exec\"\n\"sync\"\n\"syscall\"",
		"var once sync.Once", `once.Do(func() {
		c := exec.Command("sh", "-c", "sleep 1000 & echo $! >$0; wait", `+strconv.Quote(pidFile)+`)
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Start(); err != nil {
			panic(err)
		}
		for {
			if data, _ := os.ReadFile(`+strconv.Quote(pidFile)+`); len(data) > 1 {
				break
			}
		}
	})`))
	r := check(t, w, e)
	require.Nil(t, r.Problem, "%+v", r.Problem)
	assert.True(t, r.Passed, "a program may start a process")
	data, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return dead(pid) }, 10*time.Second, 10*time.Millisecond)
}

// TestTheStudentsGo: how the student's Go is configured changes nothing.
func TestTheStudentsGo(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor", "blackbox-polling")
	file := filepath.Join(t.TempDir(), "env")
	require.NoError(t, os.WriteFile(file, []byte("GOARCH=mips\nGOFLAGS=-race\n"), 0o600))
	t.Setenv("GOENV", file)
	for name, value := range map[string]string{"GOOS": "plan9", "GOFLAGS": "-tags=x -nonsense",
		"GOWORK": "/none", "GOEXPERIMENT": "none", "GODEBUG": "x=1", "CGO_ENABLED": "1",
		"CC": "none"} {
		t.Setenv(name, value)
	}
	for _, e := range some {
		solve(t, w, e)
		r := check(t, w, e)
		require.Nil(t, r.Problem, "%+v", r.Problem)
		assert.True(t, r.Passed)
	}
}

// TestACopyIsNamed: the problem names a copy beside the exercise, as file managers make them.
func TestACopyIsNamed(t *testing.T) {
	need.Time(t)
	w, some := desk(t, "cursor", "broadcast-slow")
	for _, c := range []struct {
		e          exercise.Exercise
		copy, name string
	}{{some[0], "cursor copy.go", "Next"}, {some[0], "副本 cursor.go", "Next"},
		{some[1], "hub copy.go", "Hub"}} {
		solve(t, w, c.e)
		solution, err := c.e.Solution()
		require.NoError(t, err)
		path := filepath.Join(w.Folder(c.e), c.copy)
		for _, data := range solution {
			require.NoError(t, os.WriteFile(path, data, 0o644))
		}
		r := check(t, w, c.e)
		require.False(t, r.Passed)
		require.Equal(t, exercise.Compile, r.Problem.Cause)
		assert.Contains(t, r.Render(lang.English, exercise.Style{}), "“"+c.copy+"” also declares ")
		require.NoError(t, os.Remove(path))
		assert.True(t, check(t, w, c.e).Passed)
	}
}
