package exercise_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/blackbox"
	"realtimelab/internal/gotool"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// variant is an exercise as a student might have left it.
type variant struct {
	exercise exercise.Exercise
	name     string            // starter, solution, or the name of a wrong solution
	files    map[string][]byte // of the student's
	expect   string            // what the finding has to say in English; for the starter anything
}

func (v variant) id() string {
	return strings.ReplaceAll(v.exercise.Lesson+"_"+v.exercise.Name+"_"+v.name, "-", "_")
}

func catalogue(t testing.TB) []exercise.Exercise {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	return all
}

// variants are the starter, the solution, and the wrong solutions of an exercise.
func variants(t testing.TB, e exercise.Exercise) []variant {
	starter, err := e.Starter()
	require.NoError(t, err)
	solution, err := e.Solution()
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(starter)), slices.Sorted(maps.Keys(solution)), "%s: the files of the starter and the solution", e.Name)
	all := []variant{{e, "starter", starter, ""}, {e, "solution", solution, ""}}
	wrong, err := fs.Glob(e.Files(), "wrong/*.txtar")
	require.NoError(t, err)
	for _, file := range wrong {
		data, err := fs.ReadFile(e.Files(), file)
		require.NoError(t, err)
		archive := txtar.Parse(data)
		v := variant{e, strings.TrimSuffix(path.Base(file), ".txtar"), mutate(t, e.Name+" "+file, solution, archive), strings.TrimSpace(string(archive.Comment))}
		require.NotEmpty(t, v.expect, file)
		all = append(all, v)
	}
	return all
}

// mutate makes a wrong solution of the right one: each pair "old", "new" replaces a text that occurs once.
func mutate(t testing.TB, name string, solution map[string][]byte, archive *txtar.Archive) map[string][]byte {
	files := maps.Clone(solution)
	for i := 0; i+1 < len(archive.Files); i += 2 {
		from, to := archive.Files[i], archive.Files[i+1]
		require.Equal(t, "old new", from.Name+" "+to.Name, name)
		old, made := strings.TrimSpace(string(from.Data)), strings.TrimSpace(string(to.Data))
		found := 0
		for file, data := range files {
			found += strings.Count(string(data), old)
			files[file] = []byte(strings.Replace(string(data), old, made, 1))
		}
		require.Equal(t, 1, found, "%s: %q is to be found once in the solution", name, old)
	}
	return files
}

// TestTexts: every text exists in both languages, each exercise has three hints, and enough is there for a class.
func TestTexts(t *testing.T) {
	all := catalogue(t)
	assert.GreaterOrEqual(t, len(all), 24)
	byLesson, byKind := map[string]int{}, map[exercise.Kind]int{}
	for _, e := range all {
		byLesson[e.Lesson]++
		byKind[e.Kind]++
		assert.Len(t, e.Hints, 3, e.Name)
		assert.Contains(t, []int{1, 2, 3}, e.Level, e.Name)
		for _, text := range append(e.Hints, e.Title, e.Text) {
			assert.NotEmpty(t, text.EN, e.Name)
			assert.Regexp(t, `\p{Han}`, text.ZH, e.Name)
			assert.NotRegexp(t, `\p{Han}`, withoutCode(text.EN), e.Name)
		}
	}
	for _, l := range lessons.All() {
		assert.Equal(t, l.Exercises != nil, byLesson[l.Name] > 0, "exercises of %s", l.Name)
	}
	for _, kind := range []exercise.Kind{exercise.FillIn, exercise.BugZoo, exercise.Predict, exercise.BlackBox} {
		assert.GreaterOrEqual(t, byKind[kind], 4, kind)
	}
}

var code = regexp.MustCompile("(?s)```.*?```|`[^`]*`")

func withoutCode(text string) string { return code.ReplaceAllString(text, "") }

// TestProof: every starter compiles and fails, every solution passes, every wrong solution fails with its own message; all
// with the race detector, in one program. The limit of the runner bounds each.
func TestProof(t *testing.T) {
	need.Time(t)
	var all []variant
	for _, e := range catalogue(t) {
		vs := variants(t, e)
		assert.GreaterOrEqual(t, len(vs), 4, "%s: a starter, a solution, and several wrong ones", e.Name)
		if e.Kind != exercise.Predict { // those are in TestPredictions
			all = append(all, vs...)
		}
	}
	program := buildAll(t, all)
	lanes := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, v := range all {
		t.Run(v.exercise.Name+"/"+v.name, func(t *testing.T) {
			t.Parallel()
			lanes <- struct{}{}
			defer func() { <-lanes }()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			var r exercise.Report
			if v.exercise.Kind == exercise.BlackBox {
				r = v.attack(ctx, t, program)
			} else {
				var err error
				r, err = exercise.RunProgram(ctx, v.exercise, program, v.id())
				require.NoError(t, err)
			}
			v.judge(t, r)
		})
	}
}

func (v variant) judge(t *testing.T, r exercise.Report) {
	if v.name == "solution" {
		require.Nil(t, r.Problem, "%+v\n%s", r.Problem, r.Output)
		require.True(t, r.Passed)
		return
	}
	require.False(t, r.Passed)
	require.NotNil(t, r.Problem)
	require.NotEmpty(t, r.Problem.Text.ZH)
	if v.name != "starter" {
		said := r.Problem.Text.EN
		for _, line := range r.Problem.Lines {
			said += "\n" + line.Text
		}
		require.Contains(t, said, v.expect)
	}
	if r.Problem.Cause == exercise.Idea {
		require.Regexp(t, `\p{Han}`, r.Problem.Text.ZH)
		require.NotContains(t, r.Problem.Text.EN+r.Problem.Text.ZH, "%!", "a format that does not fit its arguments")
	}
}

// attack starts the variant's server and attacks it.
func (v variant) attack(ctx context.Context, t *testing.T, program string) (r exercise.Report) {
	c := exec.CommandContext(ctx, program, v.id())
	var said bytes.Buffer
	c.Stderr = &said
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	address, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	start := time.Now()
	passed, finding, err := blackbox.Run(ctx, v.exercise.Name, strings.TrimSpace(address))
	require.NoError(t, err)
	require.NoError(t, c.Process.Kill())
	_ = c.Wait() // it was killed
	require.NotContains(t, said.String(), "DATA RACE")
	r = exercise.Report{Passed: finding == nil, Steps: blackbox.Steps(v.exercise.Name), Passing: passed, Took: time.Since(start)}
	if finding != nil {
		r.Problem = &exercise.Problem{Cause: exercise.Idea, Text: lang.Text{EN: finding.EN, ZH: finding.ZH}, Fields: finding.Fields}
	}
	return r
}

// mainProgram runs the check, or the server, that its first argument names.
const mainProgram = `
func main() {
	name := os.Args[1]
	if server, ok := servers[name]; ok {
		listener := httptest.NewServer(server())
		fmt.Println(listener.URL)
		select {}
	}
	nonce := os.Args[2]
	last := testing.InternalTest{Name: "TestLabEvidence", F: func(t *testing.T) { t.Log(nonce) }}
	os.Args = append(os.Args[:1], os.Args[3:]...)
	testing.Main(func(string, string) (bool, error) { return true, nil }, append(checks[name], last), nil, nil)
}
`

// buildAll compiles every variant with its check into one program, under the race detector: one link instead of hundreds.
func buildAll(t *testing.T, all []variant) string {
	w, err := exercise.Open(t.TempDir(), nil)
	require.NoError(t, err)
	var imports, checks, servers strings.Builder
	for _, v := range all {
		dir := filepath.Join(w.Dir, "variants", v.id(), v.exercise.Name)
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for name, data := range v.files {
			data = bytes.Replace(data, []byte("\npackage main\n"), []byte("\npackage server\n"), 1)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
		}
		if v.exercise.Kind == exercise.BlackBox {
			fmt.Fprintf(&imports, "\t%s \"realtimelab/variants/%s/%s\"\n", v.id(), v.id(), v.exercise.Name)
			fmt.Fprintf(&servers, "\t%q: %s.Handler,\n", v.id(), v.id())
			continue
		}
		writeCheck(t, v, filepath.Join(w.Dir, "checks", v.id()))
		fmt.Fprintf(&imports, "\t%s \"realtimelab/checks/%s\"\n", v.id(), v.id())
		fmt.Fprintf(&checks, "\t%q: %s.Checks,\n", v.id(), v.id())
	}
	source := "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n\t\"net/http/httptest\"\n\t\"os\"\n\t\"testing\"\n" + imports.String() + ")\n\n" +
		"var checks = map[string][]testing.InternalTest{\n" + checks.String() + "}\n\n" +
		"var servers = map[string]func() http.Handler{\n" + servers.String() + "}\n" + mainProgram
	require.NoError(t, os.WriteFile(filepath.Join(w.Dir, "main.go"), []byte(source), 0o644))
	program := filepath.Join(w.Dir, "proof")
	c := exec.Command("go", "build", "-race", "-trimpath", "-o", program, ".")
	c.Dir = w.Dir
	c.Env = append(gotool.Environ(t.Context()), "GOPROXY=off")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

var testName = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// writeCheck writes the check as ordinary code, with a list of its steps.
func writeCheck(t *testing.T, v variant, dir string) {
	data, err := fs.ReadFile(v.exercise.Files(), "check_test.go")
	require.NoError(t, err)
	text, tagged := strings.CutPrefix(string(data), "//go:build exercise\n")
	require.True(t, tagged, "%s: the check is behind the build tag", v.exercise.Name)
	text = v.exercise.Import("realtimelab/variants/"+v.id()+"/"+v.exercise.Name, text)
	text += "\n// Checks are the steps.\nvar Checks = []testing.InternalTest{\n"
	for _, m := range testName.FindAllStringSubmatch(text, -1) {
		text += fmt.Sprintf("\t{Name: %q, F: %s},\n", m[1], m[1])
	}
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "check.go"), []byte(text+"}\n"), 0o644))
}
