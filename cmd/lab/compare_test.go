package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// comparison runs a short comparison of two transports.
func comparison(t *testing.T, more ...string) string {
	c := exec.Command(binary, append([]string{"compare", "--transports", "sse,websocket", "--clients", "2", "--rate", "20", "--duration", "300ms", "--runs", "2"}, more...)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(t, err, stderr.String())
	assert.Contains(t, stderr.String(), "[4/4] run 2", "progress")
	return string(out)
}

func TestComparePrintsWhatIsAskedFor(t *testing.T) {
	table := comparison(t)
	assert.Contains(t, table, "workload feed, 2 clients, rate 20/s")
	assert.Contains(t, table, "latency p50: least ")

	rows, err := csv.NewReader(strings.NewReader(comparison(t, "--csv"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, []string{"transport", "sse", "websocket"}, []string{rows[0][0], rows[1][0], rows[2][0]})

	lines := strings.Split(comparison(t, "--markdown", "--workload", "ack"), "\n")
	assert.Equal(t, strings.Count(lines[2], "|"), strings.Count(lines[3], "|"), "the rule is as wide as the head")
	assert.True(t, strings.HasPrefix(lines[4], "| sse | "), lines[4])

	var report struct {
		Config  struct{ Seed int }
		Results []struct {
			Transport string
			Messages  int
			First     struct{ P50 float64 } `json:"first_message_ms"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(comparison(t, "--json", "--seed", "9")), &report))
	assert.Equal(t, 9, report.Config.Seed)
	require.Len(t, report.Results, 2)
	assert.Positive(t, report.Results[1].Messages)
	assert.Positive(t, report.Results[1].First.P50)
}

func TestCompareWritesAPage(t *testing.T) {
	dir := t.TempDir()
	for lang, want := range map[string]string{"en": "The transports side by side", "zh": "各种传输并排比较"} {
		file := filepath.Join(dir, lang+".html")
		comparison(t, "--report", file, "--lang", lang)
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.Contains(t, string(page), want)
		assert.Contains(t, string(page), "lab compare --transports sse,websocket --workload feed --clients 2")
		assert.Equal(t, 7, strings.Count(string(page), "<svg"))
		assert.NotContains(t, string(page), "<script")
		assert.NotRegexp(t, `(src|href)="?http`, string(page), "nothing comes from the network")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, left, 2, "no draft is left")

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
	c := exec.Command(binary, "compare", "--transports", "websocket,sse", "--clients", "1", "--duration", "1s", "--runs", "50", "--csv")
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
	assert.Contains(t, last, "ended early")
	rows, err := csv.NewReader(&stdout).ReadAll()
	require.NoError(t, err)
	assert.Len(t, rows, 2, "the head, and the turn that was whole")
}
