package exercise_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/exercise"
	"realtimelab/internal/exercise/fixpage"
	"realtimelab/internal/labtest/need"
)

// inNode runs checks in Node, and returns the report of each code.
func inNode(t *testing.T, e exercise.Exercise, codes ...string) (reports []exercise.Report) {
	script, err := fixpage.Script(e)
	require.NoError(t, err)
	runner := filepath.Join(t.TempDir(), "run.js")
	require.NoError(t, os.WriteFile(runner, []byte(fixpage.Runner()), 0o644))
	type variant struct {
		Check string `json:"check"`
		Code  string `json:"code"`
	}
	var variants []variant
	for _, code := range codes {
		variants = append(variants, variant{script, code})
	}
	input, err := json.Marshal(map[string]any{"harness": fixpage.Harness(),
		"library": fixpage.Library(), "limit": 8000, "variants": variants})
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), need.Tool(t, "node"), runner)
	c.Stdin, c.Stderr = bytes.NewReader(input), t.Output()
	out, err := c.Output()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, len(codes))
	for i, line := range lines {
		var result fixpage.Result
		require.NoError(t, json.Unmarshal([]byte(line), &result), line)
		r, err := result.Report(e, codes[i])
		require.NoError(t, err)
		reports = append(reports, r)
	}
	return reports
}

// TestPages: like TestProof, for the exercises that fix a page. The checks run in Node, all of one
// exercise in one process.
func TestPages(t *testing.T) {
	need.Tool(t, "node")
	found := 0
	for _, e := range catalogue(t) {
		if e.Kind != exercise.FixPage {
			continue
		}
		found++
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			all := variants(t, e)
			var codes []string
			counts := map[bool]int{}
			for _, v := range all {
				codes = append(codes, string(v.files[exercise.PageFile]))
				counts[v.right()]++
			}
			assert.GreaterOrEqual(t, counts[true], 3, "a solution, and two that differ")
			assert.GreaterOrEqual(t, counts[false], 5, "a starter, and four wrong solutions")
			for i, r := range inNode(t, e, codes...) {
				t.Run(all[i].name, func(t *testing.T) { all[i].judge(t, r) })
			}
		})
	}
	assert.GreaterOrEqual(t, found, 7)
}

// TestBrokenPages: the report distinguishes code that does not compile, throws, or does not end,
// and names the line.
func TestBrokenPages(t *testing.T) {
	var e exercise.Exercise
	for _, candidate := range catalogue(t) {
		if candidate.Name == "page-doubled-listener" {
			e = candidate
		}
	}
	require.NotEmpty(t, e.Name)
	solution, err := e.Solution()
	require.NoError(t, err)
	right := string(solution[exercise.PageFile])
	for i, r := range inNode(t, e,
		"const a = 1;\nlet b = ;\n",
		"const a = 1;\n} {\n",
		"print(\"here\", { a: 1 });\nnothing();\n",
		"print(1);\nsetTimeout(() => {\n  null.a;\n}, 10);\n",
		"await null;\nPromise.reject(new Error(\"lost\"));\n",
		"for (;;);\n",
		"(function again() { setTimeout(again); })();\n",
		right+"\nconst location = 1, print = 2;\n", // a page may use these names
	) {
		text := ""
		if r.Problem != nil {
			text = r.Problem.Text.EN
		}
		want := []struct {
			cause  exercise.Cause
			text   string
			line   int
			output string
		}{
			{exercise.Compile, "Line 2 is no JavaScript: Unexpected token ';'", 2, ""},
			{exercise.Compile, "The code is no JavaScript", 0, ""},
			{exercise.Panic, "in line 2: ReferenceError: nothing is not defined", 2,
				"here {\"a\":1}"},
			{exercise.Panic, "in line 3: TypeError", 3, "1"},
			{exercise.Panic, "in line 2: Error: lost", 2, ""},
			{exercise.Time, "does not end", 0, ""},
			{exercise.Idea, "more than 20000 timers", 0, ""},
			{"", "", 0, ""},
		}[i]
		require.Contains(t, text, want.text, "%d", i)
		assert.Equal(t, want.output, r.Output, "%d", i)
		if want.cause == "" {
			assert.True(t, r.Passed)
			continue
		}
		assert.Equal(t, want.cause, r.Problem.Cause, "%d", i)
		line := 0
		if len(r.Problem.Lines) > 0 {
			line = r.Problem.Lines[0].Line
		}
		assert.Equal(t, want.line, line, "%d", i)
	}
}
