package gotest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/labtest/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inModule writes a Go module of its own and returns its folder.
func inModule(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	files["go.mod"] = "module realtimelab\n\ngo 1.26.0\n"
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

const outcomes = `package talk

import "testing"

func TestGood(t *testing.T) {}

func TestBad(t *testing.T) {
	t.Run("inner", func(t *testing.T) { t.Error("want 1") })
}

func TestLater(t *testing.T) { t.Skip("not now") }
`

func TestRunTellsPassesFailuresAndSkips(t *testing.T) {
	need.Time(t)
	root := inModule(t, map[string]string{"talk/talk_test.go": outcomes})
	var r Report
	err := Run(t.Context(), root, []string{"-count=1", "./talk/..."}, r.Add)
	assert.ErrorIs(t, err, ErrFailed)
	states, output := map[string]State{}, ""
	for _, result := range r.Results {
		states[result.Name()] = result.State
		output += strings.Join(result.Output, "\n")
	}
	assert.Equal(t, map[string]State{"TestGood": Passed, "TestBad": Failed, "TestBad/inner": Failed,
		"TestLater": Skipped}, states)
	assert.Equal(t, [4]int{0, 1, 2, 1}, r.Counts)
	assert.Contains(t, output, "talk_test.go:8: want 1")
	assert.NotContains(t, output, "--- FAIL")
}

func TestRunPasses(t *testing.T) {
	need.Time(t)
	root := inModule(t,
		map[string]string{
			"talk/talk_test.go": "package talk\n\nimport \"testing\"\n\nfunc " +
				"TestGood(t *testing.T) {}\n"})
	var r Report
	require.NoError(t, Run(t.Context(), root, []string{"-count=1", "./talk/..."}, r.Add))
	assert.Equal(t, [4]int{0, 1, 0, 0}, r.Counts)
}

func TestTheMachinesGoChangesNothing(t *testing.T) {
	root := inModule(t,
		map[string]string{
			"talk/talk_test.go": "package talk\n\nimport \"testing\"\n\nfunc " +
				"TestGood(t *testing.T) {}\n"})
	t.Setenv("GOOS", "plan9")
	t.Setenv("GOFLAGS", "-nonsense")
	require.NoError(t, Run(t.Context(), root, []string{"./talk/..."}, func(Event) {}))
}

func TestAPackageThatDoesNotBuildIsAFailureWithTheCompilersWords(t *testing.T) {
	need.Time(t)
	root := inModule(t,
		map[string]string{"talk/talk_test.go": "package talk\n\nvar broken = undefinedName\n"})
	var r Report
	assert.ErrorIs(t, Run(t.Context(), root, []string{"-count=1", "./talk/..."}, r.Add), ErrFailed)
	require.Len(t, r.Results, 1)
	assert.Equal(t, Failed, r.Results[0].State)
	assert.Contains(t, strings.Join(r.Results[0].Output, "\n"), "undefinedName")
}

func TestTheEndOfTheContextKillsTheTests(t *testing.T) {
	need.Time(t)
	root := inModule(t,
		map[string]string{
			"talk/talk_test.go": "package talk\n\nimport \"testing\"\n\nfunc TestForever(t " +
				"*testing.T) { t.Log(\"begun\"); select {} }\n"})
	ctx, cancel := context.WithCancel(t.Context())
	err := Run(ctx, root, []string{"-count=1", "./talk/..."}, func(e Event) {
		if e.Test == "TestForever" {
			cancel()
		}
	})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWithoutGo(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	assert.ErrorIs(t, Run(t.Context(), ".", nil, nil), ErrNoGo)
}

func TestGoThatIsTooOld(t *testing.T) {
	t.Setenv("GOTOOLCHAIN", "local")
	root := inModule(t, map[string]string{"talk/talk_test.go": outcomes})
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.mod"),
		[]byte("module realtimelab\n\ngo 1.999.0\n"), 0o644))
	assert.ErrorIs(t, Run(t.Context(), root, []string{"./talk/..."}, func(Event) {}), ErrOldGo)
}

func TestSourceIsFoundAboveAFolder(t *testing.T) {
	root := inModule(t, map[string]string{"lessons/b/c.go": "package b\n"})
	found, err := Source(t.TempDir(), filepath.Join(root, "lessons", "b"))
	require.NoError(t, err)
	assert.Equal(t, root, found)
	_, err = Source(t.TempDir(), "")
	assert.ErrorIs(t, err, ErrNoSource)
	exercises := inModule(t, map[string]string{"longpoll/cursor/cursor.go": "package cursor\n"})
	_, err = Source(filepath.Join(exercises, "longpoll"))
	assert.ErrorIs(t, err, ErrNoSource, "a folder of exercises has the same module name")
}
