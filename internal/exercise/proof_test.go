package exercise_test

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/conformance/node"
	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/blackbox"
	"realtimelab/internal/exercise/gocheck"
	"realtimelab/internal/gotool"
	"realtimelab/internal/labtest/need"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
)

// A variant is one version of the student's files.
type variant struct {
	exercise exercise.Exercise
	// starter, solution, or the path of its archive, such as right/loop or wrong/off-by-one
	name  string
	files map[string][]byte // the student's files
	says  []string          // see exercise.Variant
}

// right reports whether the check must pass.
func (v variant) right() bool { return v.name == "solution" || strings.HasPrefix(v.name, "right/") }

func (v variant) id() string {
	return strings.NewReplacer("-", "_", "/", "_").
		Replace(v.exercise.Lesson + "_" + v.exercise.Name + "_" + v.name)
}

func catalogue(t testing.TB) []exercise.Exercise {
	all, err := exercise.Catalogue(lessons.All())
	require.NoError(t, err)
	return all
}

// variants returns the starter, the solution, and the variants in the folders right and wrong of an
// exercise.
func variants(t testing.TB, e exercise.Exercise) []variant {
	starter, err := e.Starter()
	require.NoError(t, err)
	solution, err := e.Solution()
	require.NoError(t, err)
	require.Subset(t, slices.Collect(maps.Keys(starter)), slices.Collect(maps.Keys(solution)),
		"%s: the starter has every file of the solution", e.Name)
	all := []variant{{e, "starter", starter, nil}, {e, "solution", solution, nil}}
	right, err := e.Right()
	require.NoError(t, err)
	wrong, err := e.Wrong()
	require.NoError(t, err)
	for i, known := range [][]exercise.Variant{right, wrong} {
		for _, k := range known {
			name := []string{"right/", "wrong/"}[i] + k.Name
			v := variant{e, name, apply(t, e.Name+" "+name, solution, k.Changes), k.Says}
			require.NotContains(t, v.says, "", "%s %s: the comment says what the variant does",
				e.Name, name)
			require.NotEqual(t, solution, v.files, "%s %s is the solution itself", e.Name, name)
			all = append(all, v)
		}
	}
	return all
}

// apply returns the solution as the changes of a variant make it. Each replaces a text that occurs
// once, or each replaces a whole file.
func apply(t testing.TB, name string, solution map[string][]byte,
	changes []exercise.Change) map[string][]byte {
	files := maps.Clone(solution)
	require.NotEmpty(t, changes, name)
	for _, c := range changes {
		require.Equal(t, changes[0].File == "", c.File == "",
			"%s: an archive holds old and new, or the student's files", name)
		if c.File != "" {
			require.Contains(t, solution, c.File,
				"%s: an archive holds old and new, or the student's files", name)
			files[c.File] = []byte(c.New)
			continue
		}
		old, made := strings.TrimSpace(c.Old), strings.TrimSpace(c.New)
		found := 0
		for file, data := range files {
			found += strings.Count(string(data), old)
			files[file] = []byte(strings.Replace(string(data), old, made, 1))
		}
		require.Equal(t, 1, found, "%s: %q is to be found once in the solution", name, old)
	}
	return files
}

// TestApply: a variant changes parts of the solution, or replaces whole files.
func TestApply(t *testing.T) {
	solution := map[string][]byte{"a.go": []byte("package a\n\nconst x = 1\n"),
		"b.go": []byte("package a\n")}
	changed := apply(t, "pairs", solution, []exercise.Change{{Old: "x = 1\n", New: "x = 2\n"}})
	assert.Equal(t, map[string][]byte{"a.go": []byte("package a\n\nconst x = 2\n"),
		"b.go": []byte("package a\n")}, changed)
	changed = apply(t, "files", solution,
		[]exercise.Change{{File: "a.go", New: "package a\n\nvar x = 1\n"}})
	assert.Equal(t, map[string][]byte{"a.go": []byte("package a\n\nvar x = 1\n"),
		"b.go": []byte("package a\n")}, changed)
	assert.Equal(t, "package a\n\nconst x = 1\n", string(solution["a.go"]),
		"the solution itself stays")
}

// TestTexts: every text exists in both languages, each exercise has three hints, and there are
// enough exercises for a class.
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
	for _, kind := range []exercise.Kind{exercise.FillIn, exercise.BugZoo, exercise.Predict,
		exercise.BlackBox, exercise.FixPage} {
		assert.GreaterOrEqual(t, byKind[kind], 4, kind)
	}
}

var code = regexp.MustCompile("(?s)```.*?```|`[^`]*`")

func withoutCode(text string) string { return code.ReplaceAllString(text, "") }

// proofTime bounds a check in the proof: many run at once, on busy machines.
const proofTime = 20 * time.Second

// TestProof: every starter compiles and fails, every right solution passes, every wrong one fails
// with its own message; all with the race detector, in one program. The limit of the runner bounds
// each.
func TestProof(t *testing.T) {
	need.Time(t)
	var all []variant
	for _, e := range catalogue(t) {
		if !selected(t, e) {
			continue
		}
		vs := variants(t, e)
		assert.GreaterOrEqual(t, len(vs), 4,
			"%s: a starter, a solution, and several wrong ones", e.Name)
		if e.Kind != exercise.Predict && e.Kind != exercise.FixPage {
			// those are in TestPredictions and TestPages
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
				r, err = gocheck.Run(ctx, v.exercise, proofTime, program, v.id())
				require.NoError(t, err)
			}
			v.judge(t, r)
		})
	}
}

// selected reports whether the flag -run, such as TestProof/cursor, asks for the exercise: one
// exercise compiles in seconds, all of them take a minute.
func selected(t *testing.T, e exercise.Exercise) bool {
	_, pattern, narrowed := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	if !narrowed {
		return true
	}
	pattern, _, _ = strings.Cut(pattern, "/")
	match, err := regexp.MatchString(pattern, e.Name)
	require.NoError(t, err)
	return match
}

func (v variant) judge(t *testing.T, r exercise.Report) {
	if v.right() {
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
		require.True(t, slices.ContainsFunc(v.says, func(text string) bool {
			return strings.Contains(said, text)
		}), "%q says none of %q", said, v.says)
	}
	if r.Problem.Cause == exercise.Idea {
		require.Regexp(t, `\p{Han}`, r.Problem.Text.ZH)
		require.NotContains(t, r.Problem.Text.EN+r.Problem.Text.ZH, "%!",
			"a format that does not fit its arguments")
	}
	if check, err := fs.ReadFile(v.exercise.Files(), "check_test.go"); err == nil &&
		bytes.Contains(check, []byte("\n// Step: ")) {
		require.Regexp(t, `\p{Han}`, r.Step.ZH)
		require.NotRegexp(t, `\p{Han}`, r.Step.EN)
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
	if v.name == "solution" && v.exercise.Lesson == "socketio" {
		_, said := node.Talk(t, "blackbox-client.mjs", v.exercise.Name, strings.TrimSpace(address))
		require.Equal(t, "ok", said, "the official client")
	}
	require.NoError(t, c.Process.Kill())
	_ = c.Wait() // it was killed
	require.NotContains(t, said.String(), "DATA RACE")
	r = exercise.Report{Passed: finding == nil, Steps: blackbox.Steps(v.exercise.Name),
		Passing: passed, Took: time.Since(start)}
	if finding != nil {
		r.Problem = &exercise.Problem{Cause: exercise.Idea,
			Text: lang.Text{EN: finding.EN, ZH: finding.ZH}, Fields: finding.Fields}
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

// buildAll compiles every variant with its check into one program, under the race detector: one
// link instead of hundreds.
func buildAll(t *testing.T, all []variant) string {
	folder := t.TempDir()
	module, err := gocheck.Module(folder)
	require.NoError(t, err)
	for path, data := range module {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
	var imports, checks, servers strings.Builder
	for _, v := range all {
		dir := filepath.Join(folder, "variants", v.id(), v.exercise.Name)
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for name, data := range v.files {
			data = bytes.Replace(data, []byte("\npackage main\n"), []byte("\npackage server\n"), 1)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
		}
		if v.exercise.Kind == exercise.BlackBox {
			fmt.Fprintf(&imports, "\t%s \"realtimelab/variants/%s/%s\"\n", v.id(), v.id(),
				v.exercise.Name)
			fmt.Fprintf(&servers, "\t%q: %s.Handler,\n", v.id(), v.id())
			continue
		}
		fmt.Fprintf(&imports, "\t%s %q\n", v.id(), writeCheck(t, v, folder))
		fmt.Fprintf(&checks, "\t%q: %s.Checks,\n", v.id(), v.id())
	}
	source := "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n" +
		"\t\"net/http/httptest\"\n\t\"os\"\n\t\"testing\"\n" + imports.String() + ")\n\n" +
		"var checks = map[string][]testing.InternalTest{\n" + checks.String() + "}\n\n" +
		"var servers = map[string]func() http.Handler{\n" + servers.String() + "}\n" + mainProgram
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.go"), []byte(source), 0o644))
	program := filepath.Join(folder, "proof")
	// with the standard library built as for the tests, and the variants for any folder, so that
	// the next run finds them compiled
	c := exec.Command("go", "build", "-race", "-trimpath", "-o", program, ".")
	c.Dir = folder
	c.Env = append(gotool.Environ(t.Context()), "GOPROXY=off")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

var (
	testName       = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	packageOfTests = regexp.MustCompile(`(?m)^package (\w+)_test$`)
)

// writeCheck writes the check of a variant as ordinary code, with a list of its steps, and returns
// the import path of its package. The checks of the starter and of the solution are packages of
// their own, as the runner compiles them. The others are files of the variant's package, which
// halves the compiling.
func writeCheck(t *testing.T, v variant, folder string) (path string) {
	data, err := fs.ReadFile(v.exercise.Files(), "check_test.go")
	require.NoError(t, err)
	text, tagged := strings.CutPrefix(string(data), "//go:build exercise\n")
	require.True(t, tagged, "%s: the check is behind the build tag", v.exercise.Name)
	path = "realtimelab/variants/" + v.id() + "/" + v.exercise.Name
	text = v.exercise.Import(path, text)
	if v.name == "starter" || v.name == "solution" {
		path = "realtimelab/checks/" + v.id()
	} else {
		text = strings.Replace(text, "\t. "+strconv.Quote(path)+"\n", "\n", 1)
		// not a frame of the student's code
		text = "//line check_test.go:2\n" + packageOfTests.ReplaceAllString(text, "package $1")
	}
	text += "\n// Checks are the steps.\nvar Checks = []testing.InternalTest{\n"
	for _, m := range testName.FindAllStringSubmatch(text, -1) {
		text += fmt.Sprintf("\t{Name: %q, F: %s},\n", m[1], m[1])
	}
	dir := filepath.Join(folder, strings.TrimPrefix(path, "realtimelab/"))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "check.go"), []byte(text+"}\n"), 0o644))
	return path
}
