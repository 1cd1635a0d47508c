package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/labtest/need"
)

// The command from end to end: servers in processes of their own, figures, and the page.
func TestCompare(t *testing.T) {
	need.Time(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "report.html")
	c := exec.Command(binary, "compare", "--transports", "sse,websocket", "--clients", "2",
		"--rate", "20", "--duration", "300ms", "--runs", "2", "--cut", "0",
		"--seed", "9", "--format", "json", "--report", file, "--lang", "zh")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, stderr.String())
	assert.Contains(t, stderr.String(), "[4/4] run 2", "progress")
	report, err := compare.ReadDocument(bytes.NewReader(out))
	require.NoError(t, err)
	require.Len(t, report.Parts, 1)
	assert.EqualValues(t, 9, report.Parts[0].Config.Seed)
	require.Len(t, report.Parts[0].Results, 2)
	assert.Equal(t, "sse", report.Parts[0].Results[0].Transport)
	assert.Positive(t, report.Parts[0].Results[1].Messages)
	assert.Positive(t, report.Parts[0].Results[1].First.P50)

	page, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Contains(t, string(page), "各种传输并排比较")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 1, "no draft is left")

	shown, err := exec.Command(binary, "compare", "--open", file, "--format", "json").Output()
	require.NoError(t, err)
	assert.Equal(t, string(out), string(shown), "the page holds the same data")
	again := filepath.Join(dir, "again.html")
	_, err = exec.Command(binary, "compare", "--open", file, "--report", again, "--lang",
		"zh").Output()
	require.NoError(t, err)
	written, err := os.ReadFile(again)
	require.NoError(t, err)
	assert.Equal(t, string(page), string(written))
	both, err := exec.Command(binary, "compare", "--open", file, "--open", again).Output()
	require.NoError(t, err)
	assert.Contains(t, string(both), "A: "+file+"\nB: "+again+"\n")
	assert.Contains(t, string(both), "spreads: 0 of ", "the same figures")
}

func TestCompareDocumentsItsJSON(t *testing.T) {
	out, err := exec.Command(binary, "compare", "--schema").Output()
	require.NoError(t, err)
	assert.Equal(t, compare.Schema, string(out))
}

// A file's names are printed without what would move the terminal's cursor.
func TestAReportFromElsewhereIsPrintedSafely(t *testing.T) {
	data, err := os.ReadFile("../../docs/figures/feed.json")
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "hostile.json")
	require.NoError(t, os.WriteFile(file,
		bytes.ReplaceAll(data, []byte(`"sse"`), []byte(`"s\u001b[2Jse"`)), 0o644))
	for _, format := range []string{"table", "wide", "csv", "markdown"} {
		out, err := exec.Command(binary, "compare", "--open", file, "--format", format).Output()
		require.NoError(t, err)
		assert.NotContains(t, string(out), "\x1b")
		assert.Contains(t, string(out), "[2J")
	}
}

func TestCompareRefusesAReportItCannotWrite(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.Command(binary, "compare", "--report", filepath.Join(dir, "none", "a.html")).
		CombinedOutput()
	assert.Error(t, err)
	assert.Equal(t, "lab: --report "+filepath.Join(dir, "none", "a.html")+
		": no such file or directory\n", string(out),
		"told before measuring, and without a temporary name")
	out, err = exec.Command(binary, "compare", "--report", dir).CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "is a directory")
}

func TestCompareRefusesInOneLine(t *testing.T) {
	for want, args := range map[string][]string{
		`no transport "pigeon"`:                                {"--transports", "pigeon"},
		`no workload "work"`:                                   {"--workload", "work"},
		`--clients "many": want a whole number`:                {"--clients", "many"},
		`--runs "1.5": want a whole number`:                    {"--runs", "1.5"},
		`--rate "fast": want a number`:                         {"--rate", "fast"},
		`--duration "10": want a time with its unit`:           {"--duration", "10"},
		`--seed "99999999999999999999": the number is too`:     {"--seed", "99999999999999999999"},
		`--pid "x": want a whole number`:                       {"--pid", "x"},
		`--transports all is every lane: leave the others out`: {"--transports", "all,websocket"},
		`--pid names the process of a server of --to`:          {"--pid", "4"},
		`has no flag --clinets; did you mean "--clients"?`:     {"--clinets", "1"},
		`takes no arguments: leave "now" out`:                  {"now"},
		`--format xml: want table`:                             {"--format", "xml"},
		`it is given twice`: {"--clients", "1",
			"--clients", "2"},
		`rtt is given twice`:        {"--net", "rtt=1ms,rtt=2ms"},
		`network 3g is named twice`: {"--net", "3g", "--net", "3G"},
		`workload "feed" is named`:  {"--workload", "feed,feed"},
		`chat over satellite: short`: {"--workload", "feed,chat", "--net",
			"none,satellite"},
		`so --runs has no use`: {"--open", "a.html", "--runs", "2"},
		`and there are 3`: {"--open",
			"../../docs/figures/feed.json", "--open", "../../docs/figures/ack.json", "--open",
			"../../docs/figures/3g.json"},
		`--open: open none.html`:      {"--open", "none.html"},
		`not a report of lab compare`: {"--open", "compare_test.go"},
		`--cut must be more than 0`: {"--workload", "reconnect-storm",
			"--cut", "0"},
		`has no rooms: leave it out`: {"--workload", "rooms",
			"--transports", "sse,webtransport"},
		`between two polls`:      {"--rate", "5000"},
		`--clients 0: want more`: {"--clients", "0"},
		`--rate 0: want more`:    {"--rate", "0"},
	} {
		c := exec.Command(binary, append([]string{"compare"}, args...)...)
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		assert.Error(t, c.Run(), want)
		assert.Contains(t, []int{exitFailed, exitUsage}, c.ProcessState.ExitCode(), want)
		assert.Contains(t, stderr.String(), want)
		assert.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
		assert.Empty(t, stdout.String(), want)
	}
}

func TestCtrlCEndsAComparisonWithWhatItHas(t *testing.T) {
	need.Time(t)
	c := exec.Command(binary, "compare", "--transports", "websocket,sse", "--clients", "1",
		"--duration", "300ms", "--cut", "0", "--runs", "50", "--format", "csv")
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
	assert.Equal(t, "Interrupted: 1 of 100 turns measured. A turn is one run of one lane.",
		last)
	rows, err := csv.NewReader(&stdout).ReadAll()
	require.NoError(t, err)
	assert.Len(t, rows, 2, "the head, and the turn that was whole")
}

// interrupt runs a comparison, and interrupts it when the progress begins like a line.
func interrupt(t *testing.T, when string, args ...string) (stdout, stderr string, err error) {
	c := exec.Command(binary, append([]string{"compare", "--transports", "websocket,sse",
		"--clients", "1", "--cut", "0"}, args...)...)
	var out, errs bytes.Buffer
	c.Stdout = &out
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { c.Process.Kill() })
	progress := bufio.NewScanner(pipe)
	for progress.Scan() {
		errs.WriteString(progress.Text() + "\n")
		if strings.HasPrefix(progress.Text(), when) {
			require.NoError(t, c.Process.Signal(os.Interrupt))
		}
	}
	err = c.Wait() // out is whole then
	return out.String(), errs.String(), err
}

// A report that was interrupted says so in each of its forms.
func TestAnInterruptedReportSaysSo(t *testing.T) {
	need.Time(t)
	file := filepath.Join(t.TempDir(), "report.html")
	out, _, err := interrupt(t, "[4/6]", "--duration", "300ms", "--runs", "3", "--format", "json",
		"--report", file)
	require.NoError(t, err)
	d, err := compare.ReadDocument(strings.NewReader(out))
	require.NoError(t, err)
	assert.Equal(t, &compare.Incomplete{Turns: 3, Of: 6, Cause: "interrupted"}, d.Incomplete)
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	const sentence = "Interrupted: 3 of 6 turns measured."
	assert.Contains(t, string(page), sentence)
	assert.Contains(t, string(page), ", 1 to 2 of 3 runs, ")
	for _, format := range []string{"table", "markdown"} {
		shown, err := exec.Command(binary, "compare", "--open", file, "--format", format).Output()
		require.NoError(t, err)
		assert.Contains(t, string(shown), sentence, format)
	}
}

func TestAComparisonThatMeasuredNothingFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.html")
	out, errs, err := interrupt(t, "[1/2]", "--duration", "1m", "--runs", "1", "--format", "json",
		"--report", file)
	assert.Error(t, err)
	assert.Empty(t, out)
	assert.Contains(t, errs, "lab: interrupted before the first run ended: nothing was measured\n")
	assert.NoFileExists(t, file)
}

func TestEachServerNeedsItsKind(t *testing.T) {
	for want, args := range map[string][]string{
		"there are 1 --to and 0 --as": {"--to", "http://127.0.0.1:1"},
		"there are 1 --to and 2 --pid": {"--to", "http://127.0.0.1:1", "--as", "sse",
			"--pid", "4,5"},
		`no kind of server "ftp"`: {"--to", "http://127.0.0.1:1", "--as", "ftp"},
		"start the server first":  {"--to", "http://127.0.0.1:1", "--as", "sse"},
	} {
		out, err := exec.Command(binary, append([]string{"compare"}, args...)...).CombinedOutput()
		assert.Error(t, err)
		assert.Contains(t, string(out), want)
	}
}
