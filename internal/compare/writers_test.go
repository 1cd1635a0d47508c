package compare

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

// measured is a report with every part that a writer shows, of no run in particular.
func measured() *Report {
	c := Default(runner.Lessons)
	c.Transports, c.Clients, c.Seed = []string{"sse", "websocket"}, 2, 9
	r := &Report{Config: ReportedConfig{Config: c, DurationMS: 10_000, IntervalMS: 1000, Network: "none", CutMS: 1000}}
	for i, name := range c.Transports {
		n := float64(i + 1)
		r.Results = append(r.Results, Result{
			Transport: name, Workload: Feed, Runs: 3, Messages: 600, Lost: i,
			Latency: Latency{n, 2 * n, 3 * n, 4 * n, 5 * n}, First: First{10 * n, 20 * n},
			BytesPerMessage: 300, Bytes: Bytes{Payload: 100, Framing: 50, Headers: 150},
			RequestsPerMessage: 0.5, CPUPerMessage: 20, MemoryPerClient: 30, RequestsPerMinute: 300, BytesPerMinute: 9000,
			GoroutinesPerClient: 2, DescriptorsPerClient: 1, GeneratorCPU: 0.1,
			Recovery: &Recovery{P50: 40 * n, Max: 50 * n},
			Spread: Spread{P50: Range{n, n + 0.5}, P99: Range{1, 9}, Bytes: Range{300 * n, 301 * n}, CPU: Range{20, 21},
				Requests: Range{0.5, 0.5}, Memory: Range{30, 31}},
		})
	}
	r.warn("%s: warned", "%s：注意", "sse")
	return r
}

// written is what a writer makes of r.
func written(t *testing.T, write func(*Report, *strings.Builder) error) string {
	var out strings.Builder
	require.NoError(t, write(measured(), &out))
	return out.String()
}

func TestTable(t *testing.T) {
	text := written(t, func(r *Report, out *strings.Builder) error { return r.Table(out) })
	assert.Contains(t, text, "workload feed, 2 clients, rate 10/s, 100 bytes, 10s a run, 3 runs, polling every 1s, seed 9\n")
	assert.Contains(t, text, "latency p50: least sse\n", "the ranges 1 to 1.5 and 2 to 2.5 do not meet")
	assert.Contains(t, text, "latency p99: least sse; no difference: websocket\n")
	assert.Contains(t, text, "warning: sse: warned\n")
	lines := strings.Split(text, "\n")
	assert.Equal(t, len(lines[2]), len(lines[3]), "the columns are aligned")
	assert.Regexp(t, `^ +websocket +600 +1/0/0 +2\.00 +2\.00-2\.50 +4\.00 +6\.00 +8\.00 +10\.00 +300 +100 +50 +150 +0\.500 +20 +20\.0 +80 +30 +2\.0 +1\.0 +0\.10 *$`, lines[4])
}

func TestCSV(t *testing.T) {
	text := written(t, func(r *Report, out *strings.Builder) error { return r.CSV(out) })
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, []string{"transport", "messages", "lost/dup/reord", "p50 ms"}, rows[0][:4])
	assert.Equal(t, []string{"sse", "600", "0/0/0", "1.00"}, rows[1][:4])
	assert.Equal(t, []string{"websocket", "600", "1/0/0", "2.00"}, rows[2][:4])
}

func TestMarkdown(t *testing.T) {
	text := written(t, func(r *Report, out *strings.Builder) error { return r.Markdown(out) })
	lines := strings.Split(text, "\n")
	for _, line := range lines[3:6] {
		assert.Equal(t, strings.Count(lines[2], "|"), strings.Count(line, "|"), "each row is as wide as the head: %s", line)
	}
	assert.True(t, strings.HasPrefix(lines[4], "| sse | 600 |"), lines[4])
	assert.Contains(t, text, "\n- warning: sse: warned\n")
}

func TestJSON(t *testing.T) {
	text := written(t, func(r *Report, out *strings.Builder) error { return r.JSON(out) })
	var back struct {
		Config  map[string]any
		Results []map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(text), &back))
	assert.EqualValues(t, 9, back.Config["seed"])
	require.Len(t, back.Results, 2)
	for _, name := range []string{"transport", "workload", "messages", "lost", "duplicated", "reordered", "latency_ms", "bytes_per_message", "first_message_ms",
		"requests_per_message", "server_cpu_us_per_message", "server_kib_per_client", "spread"} {
		assert.Contains(t, back.Results[0], name)
	}
	assert.Equal(t, map[string]any{"p50": 2.0, "p90": 4.0, "p99": 6.0, "p999": 8.0, "max": 10.0}, back.Results[1]["latency_ms"])
}

func TestHTML(t *testing.T) {
	for language, want := range map[lang.Lang][]string{
		lang.English: {"The transports side by side", "warning: sse: warned"},
		lang.Chinese: {"各种传输并排比较", "警告：sse：注意"},
	} {
		page := written(t, func(r *Report, out *strings.Builder) error { return r.HTML(out, language) })
		for _, text := range want {
			assert.Contains(t, page, text)
		}
		assert.Contains(t, page, "lab compare --transports sse,websocket --workload feed --clients 2 --rate 10 --size 100 --duration 10s")
		assert.Equal(t, 7, strings.Count(page, "<svg"))
		assert.NotContains(t, page, "<script")
		assert.NotRegexp(t, `(src|href)="?http`, page, "nothing comes from the network")
	}
}

// What the writers are given here is what a report of trials looks like.
func TestAReportOfTrialsHasWhatTheWritersShow(t *testing.T) {
	c := measured().Config.Config
	var trials []trial
	for _, name := range c.Transports {
		trials = append(trials, trial{Step: Step{Transport: name}, latency: newHistogram(), first: newHistogram(), recovery: newHistogram(), elapsed: time.Second})
	}
	r := c.report(trials)
	require.Len(t, r.Results, 2)
	assert.NotNil(t, r.Results[0].Recovery)
	assert.Equal(t, measured().Config, r.Config)
}
