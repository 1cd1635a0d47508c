package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons"
)

func TestEachFlagHasItsWriter(t *testing.T) {
	r := &compare.Report{Config: compare.ReportedConfig{Config: compare.Default(lessons.All())}, Results: []compare.Result{{Transport: "sse", Runs: 1}}}
	for start, write := range map[string]func(*compare.Report, io.Writer) error{
		"workload feed, 10 clients":    reportWriter(false, false, false),
		"{\n  \"machine\": {":          reportWriter(true, false, false),
		"transport,messages,":          reportWriter(false, true, false),
		"workload feed, 10 clients, r": reportWriter(false, false, true),
	} {
		var out strings.Builder
		require.NoError(t, write(r, &out))
		assert.True(t, strings.HasPrefix(out.String(), start), out.String())
	}
	var table, markdown strings.Builder
	require.NoError(t, reportWriter(false, false, false)(r, &table))
	require.NoError(t, reportWriter(false, false, true)(r, &markdown))
	assert.NotContains(t, table.String(), "| sse |")
	assert.Contains(t, markdown.String(), "| sse |")
}

// The command from end to end: servers in processes of their own, figures, and the page.
func TestCompare(t *testing.T) {
	need.Time(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	c := exec.Command(binary, "compare", "--transports", "sse,websocket", "--clients", "2", "--rate", "20", "--duration", "300ms", "--runs", "2", "--cut", "0",
		"--seed", "9", "--json", "--report", file, "--lang", "zh")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, stderr.String())
	assert.Contains(t, stderr.String(), "[4/4] run 2", "progress")
	var report struct {
		Config  struct{ Seed int }
		Results []struct {
			Transport string
			Messages  int
			First     struct{ P50 float64 } `json:"first_message_ms"`
		}
	}
	require.NoError(t, json.Unmarshal(out, &report))
	assert.Equal(t, 9, report.Config.Seed)
	require.Len(t, report.Results, 2)
	assert.Equal(t, "sse", report.Results[0].Transport)
	assert.Positive(t, report.Results[1].Messages)
	assert.Positive(t, report.Results[1].First.P50)

	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(page), "各种传输并排比较")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no draft is left")
}

func TestCompareRefusesAReportItCannotWrite(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command(binary, "compare", "--report", filepath.Join(dir, "none", "a.html")).CombinedOutput()
	assert.Error(t, err)
	assert.Equal(t, 1, strings.Count(string(out), "\n"), "told before measuring: %s", out)
	out, err = exec.Command(binary, "compare", "--report", dir).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "is a directory")
}

func TestCompareRefusesInOneLine(t *testing.T) {
	for want, args := range map[string][]string{
		`no transport "pigeon"`:        {"--transports", "pigeon"},
		`no workload "work"`:           {"--workload", "work"},
		`invalid argument "many"`:      {"--clients", "many"},
		`unknown flag: --clinets`:      {"--clinets", "1"},
		`unknown command "now"`:        {"now"},
		`[json markdown] were all set`: {"--json", "--markdown"},
		`between two polls`:            {"--rate", "5000"},
	} {
		c := exec.Command(binary, append([]string{"compare"}, args...)...)
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		assert.Error(t, c.Run(), want)
		assert.Equal(t, 1, c.ProcessState.ExitCode(), want)
		assert.Contains(t, stderr.String(), want)
		assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
		assert.Empty(t, stdout.String(), want)
	}
}

func TestCtrlCEndsAComparisonWithWhatItHas(t *testing.T) {
	need.Time(t)
	c := exec.Command(binary, "compare", "--transports", "websocket,sse", "--clients", "1", "--duration", "300ms", "--cut", "0", "--runs", "50", "--csv")
	var stdout bytes.Buffer
	c.Stdout = &stdout
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill() })
	progress := bufio.NewScanner(pipe)
	last := ""
	for progress.Scan() {
		last = progress.Text()
		if strings.HasPrefix(last, "[2/100]") {
			require.NoError(t, c.Process.Signal(os.Interrupt))
		}
	}
	assert.NoError(t, c.Wait())
	assert.Contains(t, last, "Interrupted: results cover the completed runs only.")
	rows, err := csv.NewReader(&stdout).ReadAll()
	require.NoError(t, err)
	assert.Len(t, rows, 2, "the head, and the turn that was whole")
}
