package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"realtimelab/internal/labtest/need"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// report runs the tests of a module with these files, and returns the output without times.
func report(t *testing.T, files map[string]string, args ...string) (text string, green bool) {
	t.Helper()
	return reportWith(t, false, files, args...)
}

func reportWith(t *testing.T, retry bool, files map[string]string, args ...string) (text string,
	green bool) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("CI", "")
	files["go.mod"] = "module realtimelab\n\ngo 1.26.0\n"
	for name, source := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(source), 0o644))
	}
	var out bytes.Buffer
	green = run(t.Context(), root, append(args, "./..."), retry, &out, io.Discard)
	logs, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "lab-test-*.log"))
	require.NoError(t, err)
	assert.Equal(t, green, len(logs) == 0, "the log is kept if the run is red")
	times := regexp.MustCompile(`\d+(\.\d+)?m?s\b`)
	return times.ReplaceAllString(out.String(), "TIME"), green
}

func TestGreenIsShort(t *testing.T) {
	need.Time(t)
	text, green := report(t, map[string]string{"talk/talk_test.go": `package talk

import "testing"

func TestOne(t *testing.T) { t.Log("seen only when it fails") }

func TestTwo(t *testing.T) { t.Run("a", func(t *testing.T) {}); t.Run("b", func(t *testing.T) {}) }

func TestLater(t *testing.T) { t.Skip("not today") }
`, "loud/loud_test.go": `package loud

import ("fmt"; "strings"; "testing")

func TestLoud(t *testing.T) { fmt.Println("WARN a log line") }

func TestOutput(t *testing.T) { fmt.Fprintln(t.Output(), "WARN a log line", strings.Repeat("which go test cuts ", 1000)) }
`})
	assert.True(t, green)
	lines := strings.Split(strings.TrimSpace(text), "\n")
	require.Len(t, lines, 6, text)
	assert.Equal(t, `not silent: loud TestLoud printed "WARN a log line"`, lines[0])
	assert.Equal(t, "skipped 1: not today", lines[1])
	assert.Regexp(t, `^slowest: (\w+ Test\w+ TIME(, |$)){5}$`, lines[2])
	assert.Regexp(t, `^slowest packages: (\w+ TIME \(TIME to TIME\)(, |$)){2}$`, lines[3])
	assert.Equal(t, "6 tests in 2 packages, TIME", lines[4])
	assert.Equal(t, "5 passed, 0 failed, 1 skipped", lines[5])
}

// One run holds every way to fail: each run compiles, which takes most of the time.
func TestRedNamesTheTestTheLineAndTheCommand(t *testing.T) {
	need.Time(t)
	text, green := report(t, map[string]string{"talk/talk_test.go": `package talk

import "testing"

func TestGood(t *testing.T) {}

func TestBad(t *testing.T) {
	t.Run("it's (in) there", func(t *testing.T) {
		t.Error("want 1\nhave 2")
		t.Error("later")
	})
}

func TestLikeTestify(t *testing.T) {
	t.Error("\n\tError Trace:\t/elsewhere/helper.go:3\n\t            \t/elsewhere/talk_test.go:9\n\tError:      \tNot equal\n\t            \texpected: 1\n\tTest:       \tTestLikeTestify\n\tMessages:   \tthe sum")
	t.Error("later")
}
`,
		"dies/dies_test.go": `package dies

import ("testing"; "time")

func TestBoom(t *testing.T) {
	t.Parallel()
	t.Run("inner", func(t *testing.T) { t.Log("before"); time.Sleep(time.Second); panic("boom") })
}

func TestCutOff(t *testing.T) { t.Parallel(); time.Sleep(time.Minute) }
`,
		"hangs/hangs_test.go": `package hangs

import ("testing"; "time")

func TestHangs(t *testing.T) { time.Sleep(time.Hour) }
`,
		"leaks/leaks_test.go": `package leaks

import ("fmt"; "os"; "testing")

func TestMain(m *testing.M) {
	m.Run()
	fmt.Fprintln(os.Stderr, "goleak: Errors on successful test run: found unexpected goroutines")
	os.Exit(1)
}

func TestFine(t *testing.T) {}
`,
		"broken/broken.go": "package broken\n\nvar X = undefinedName\n",
		"broken/broken_test.go": "package broken\n\nimport \"testing\"\n\nfunc " +
			"TestX(t *testing.T) {}\n",
		"imports/imports_test.go": "package imports\n\nimport (\"realtimelab/broken\"; " +
			"\"testing\")\n\nfunc TestX(t *testing.T) { _ = broken.X }\n",
		"notests/empty.go": "package notests\n",
	}, "-short", "-timeout", "4s")
	assert.False(t, green)
	assert.Contains(t, text, `FAIL TestBad/it's_(in)_there  (talk, TIME)
  talk/talk_test.go:9
    want 1
        have 2
    talk_test.go:10: later
  again: go test -count=1 -short -run '^TestBad$/^it.s_\(in\)_there$' ./talk
`)
	assert.NotContains(t, text, "FAIL TestBad  ", "its subtest says it")
	assert.Contains(t, text,
		"FAIL TestLikeTestify  (talk, TIME)\n  /elsewhere/talk_test.go:9\n    Not equal\n    "+
			"expected: 1\n    Messages:       the sum\n  again: ")
	assert.Contains(t, text, "FAIL TestBoom  (dies, TIME)\n  dies/dies_test.go:7\n    panic: boom")
	assert.NotContains(t, text, "FAIL TestBoom/inner")
	assert.Contains(t, text, "did not finish in dies: TestCutOff\n")
	assert.Contains(t, text,
		"FAIL TestHangs  (hangs, TIME)\n  hangs/hangs_test.go:5\n    panic: test timed out")
	assert.Contains(t, text,
		"FAIL package leaks  (leaks, TIME)\n    goleak: Errors on successful test run")
	assert.Contains(t, text, "FAIL package broken  (broken, TIME)\n  broken/broken.go:3\n")
	assert.Contains(t, text, "undefined: undefinedName")
	assert.Contains(t, text, "FAIL package imports  (imports, TIME)\n  broken/broken.go:3\n")
	assert.True(t, strings.HasSuffix(text, "\n2 passed, 8 failed, 0 skipped\n"), text)
}

func TestNoTestIsNotGreen(t *testing.T) {
	need.Time(t)
	text, green := report(t,
		map[string]string{
			"talk/talk_test.go": "package talk\n\nimport \"testing\"\n\nfunc TestX(t *testing.T) " +
				"{ t.Skip(\"today\") }\n"})
	assert.False(t, green)
	assert.Contains(t, text, "testreport: no test ran\n")

	text, green = report(t, map[string]string{}, "-timeout=never")
	assert.False(t, green)
	assert.Contains(t, text, `invalid value "never" for flag -timeout`)
	assert.True(t, strings.HasSuffix(text, "\n0 passed, 0 failed, 0 skipped\n"), text)
}

// onceRed is a test that fails on its first run in a folder.
const onceRed = `
func TestOnce(t *testing.T) {
	if _, err := os.Stat("seen"); err != nil {
		os.WriteFile("seen", nil, 0o600)
		t.Fatal("the first run")
	}
}
`

func TestASecondTryClearsAFlakyTest(t *testing.T) {
	need.Time(t)
	header := "package talk\n\nimport (\"os\"; \"testing\")\n"
	text, green := reportWith(t, true,
		map[string]string{"talk/talk_test.go": header + onceRed +
			"\nfunc TestGood(t *testing.T) {}\n"})
	assert.True(t, green, text)
	assert.Contains(t, text, "the first run")
	assert.Contains(t, text, "\nflaky: talk TestOnce failed, then passed\n")
	assert.True(t, strings.HasSuffix(text, "\n2 passed, 0 failed, 0 skipped\n"), text)

	text, green = reportWith(t, true,
		map[string]string{"talk/talk_test.go": header + onceRed +
			"\nfunc TestBad(t *testing.T) { t.Error(\"always\") }\n"})
	assert.False(t, green)
	assert.Contains(t, text, "failed again: talk TestBad\n")
	assert.True(t, strings.HasSuffix(text, "\n1 passed, 1 failed, 0 skipped\n"), text)

	text, green = reportWith(t, true,
		map[string]string{"talk/talk_test.go": header + strings.Replace(onceRed,
			`t.Fatal("the first run")`, `panic("boom")`, 1)})
	assert.False(t, green)
	assert.NotContains(t, text, "flaky", "a panic proves a fault")
}
