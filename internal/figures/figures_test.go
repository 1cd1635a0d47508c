package figures

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/labtest/need"
	"realtimelab/lessons"
)

var update = flag.Bool("update", false, "write the figures into the texts")

const root = "../.."

func report(t *testing.T, name string) *compare.Report {
	return reportIn(t, filepath.Join(root, "docs", "figures"), name)
}

func reportIn(t *testing.T, dir, name string) *compare.Report {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, name+".json"))
	require.NoError(t, err)
	defer f.Close()
	d, err := compare.ReadDocument(f)
	require.NoError(t, err)
	require.Len(t, d.Parts, 1)
	r := d.Parts[0]
	require.NoError(t, r.Faults())
	require.Len(t, r.Results, len(compare.Default(lessons.All()).Transports))
	return r
}

// columns lists the figures of a table in docs/figures.md, by its report.
var columns = map[string][]string{
	"feed": {"latency_p50_ms", "latency_p50_ms_range", "latency_p99_ms", "latency_max_ms",
		"bytes_per_message", "payload_bytes_per_message", "framing_bytes_per_message",
		"header_bytes_per_message", "requests_per_message", "server_cpu_us_per_message",
		"first_message_p50_ms", "recovery_p50_ms"},
	"ack": {"latency_p50_ms", "latency_p99_ms", "bytes_per_message", "payload_bytes_per_message",
		"framing_bytes_per_message", "header_bytes_per_message",
		"requests_per_message", "server_cpu_us_per_message"},
	"3g": {"latency_p50_ms", "latency_p50_ms_range", "latency_p99_ms", "bytes_per_message",
		"requests_per_message", "packets_per_message", "ip_bytes_per_message",
		"first_message_p50_ms", "recovery_p50_ms"},
	"idle": {"requests_per_client_minute", "bytes_per_client_minute", "server_kib_per_client",
		"server_kib_per_client_range",
		"server_goroutines_per_client", "server_goroutines_per_client_range",
		"server_descriptors_per_client"},
}

// A block in docs/figures.md is the table of a report. A figure in a sentence is followed by a
// comment that names it: 969<!-- feed long-polling bytes -->.
var (
	block = regexp.MustCompile(
		`(?s)(<!-- figures: ([\w速度-]+) -->\n).*?(<!-- end of figures -->)`)
	inline = regexp.MustCompile(`[\d.,]+(<!-- ([\w.%-]+) ([\w-]+) (\w+) -->)`)
)

// TestTextsQuoteTheReports compares docs/figures.md and the lessons with docs/figures.
func TestTextsQuoteTheReports(t *testing.T) {
	reports := map[string]*compare.Report{}
	for _, name := range []string{"feed", "ack", "3g", "idle", "thousand"} {
		reports[name] = report(t, name)
	}
	for path, rewrite := range map[string]func(*testing.T, map[string]*compare.Report,
		string) string{
		"docs/figures.md": figuresOf, "docs/figures.zh.md": figuresOf,
		"lessons/longpoll/lesson.md": tables, "lessons/longpoll/lesson.zh.md": tables,
		"lessons/longconn/lesson.md": tables, "lessons/longconn/lesson.zh.md": tables,
		"lessons/websocket/lesson.md": tables, "lessons/websocket/lesson.zh.md": tables,
	} {
		t.Run(path, func(t *testing.T) {
			file := filepath.Join(root, path)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			want := rewrite(t, reports, string(data))
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
				return
			}
			assert.Equal(t, want, string(data), "go test ./internal/figures -update")
		})
	}
}

// The script measures idle clients in three runs, and the table has the range over them.
func TestIdleClientsAreMeasuredWithTheirSpread(t *testing.T) {
	sh := need.Tool(t, "sh")
	dir := t.TempDir()
	script := filepath.Join(root, "docs", "figures", "measure")
	out, err := exec.CommandContext(t.Context(), sh, script, "quick", dir, "idle", "speed").
		CombinedOutput()
	require.NoError(t, err, string(out))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 1)

	r := reportIn(t, dir, "idle")
	assert.Equal(t, compare.Idle, r.Config.Workload)
	for _, x := range r.Results {
		assert.Equal(t, 3, x.Runs, x.Transport)
		for key, mean := range map[string]float64{"server_kib_per_client": x.MemoryPerClient,
			"server_goroutines_per_client": x.GoroutinesPerClient} {
			require.Contains(t, x.Spread, key, x.Transport)
			assert.LessOrEqual(t, x.Spread[key].Min, mean, x.Transport)
			assert.GreaterOrEqual(t, x.Spread[key].Max, mean, x.Transport)
		}
	}
	var table strings.Builder
	require.NoError(t, r.Columns(&table, columns["idle"]...))
	assert.Contains(t, table.String(),
		"| KiB/client | KiB/client range | goroutines | goroutines range |")

	out, err = exec.CommandContext(t.Context(), sh, script, "quick", dir, "pigeons").
		CombinedOutput()
	assert.Error(t, err)
	assert.Contains(t, string(out), "no figures pigeons; there are: feed,")
}

// figuresOf returns the text of docs/figures.md with the figures of the reports.
func figuresOf(t *testing.T, reports map[string]*compare.Report, text string) string {
	seen := map[string]bool{}
	text = block.ReplaceAllStringFunc(text, func(old string) string {
		part := block.FindStringSubmatch(old)
		if part[2] == "speed" || part[2] == "速度" {
			return part[1] + speed(t, part[2]) + part[3]
		}
		require.Contains(t, columns, part[2])
		seen[part[2]] = true
		var b bytes.Buffer
		require.NoError(t, reports[part[2]].Columns(&b, columns[part[2]]...))
		return part[1] + b.String() + part[3]
	})
	require.Len(t, seen, len(columns), "a table for each report")
	require.Regexp(t, "<!-- figures: (speed|速度) -->", text)
	return quoteFigures(t, reports, text)
}

// quoteFigures writes the figures that the sentences of a text name.
func quoteFigures(t *testing.T, reports map[string]*compare.Report, text string) string {
	return inline.ReplaceAllStringFunc(text, func(old string) string {
		part := inline.FindStringSubmatch(old)
		return figure(t, reports, part[2], part[3], part[4]) + part[1]
	})
}

// speedRows are the rows of the table of the Socket.IO servers, in both languages.
var speedRows = []struct{ row, en, zh string }{
	{"broadcast paced", "broadcast to 1,000 clients, 25 a second: server CPU per delivery",
		"向 1,000 个客户端广播，每秒 25 次：每次送达的服务器 CPU"},
	{"broadcast 32 in flight", "the same with 32 broadcasts in flight", "同上，32 次广播同时在途"},
	{"ack wall", "event and acknowledgement over WebSocket: round trip",
		"WebSocket 上的事件与回执：往返时间"},
	{"ack CPU", "the same: server CPU", "同上：服务器 CPU"},
	{"ack over polling wall",
		"event and acknowledgement over polling, a POST and a GET: round trip",
		"轮询上的事件与回执（一个 POST 和一个 GET）：往返时间"},
	{"ack over polling CPU", "the same: server CPU", "同上：服务器 CPU"},
	{"connect wall", "from nothing to a joined socket over WebSocket: time",
		"从零到经 WebSocket 加入的 socket：时间"},
	{"connect CPU", "the same: server CPU", "同上：服务器 CPU"},
	{"connect and upgrade wall",
		"the same through polling and the upgrade, with one acknowledged event: time",
		"经轮询与升级连接，再加一个带回执的事件：时间"},
	{"connect and upgrade CPU", "the same: server CPU", "同上：服务器 CPU"},
	{"idle client", "resident memory of an idle client, of 5,000 over WebSocket",
		"一个空闲客户端的常驻内存（共 5,000 个 WebSocket 客户端）"},
	{"broadcast to 100", "broadcast to 100 clients: server CPU per delivery",
		"向 100 个客户端广播：每次送达的服务器 CPU"},
	{"broadcast to 1000", "broadcast to 1,000 clients", "向 1,000 个客户端广播"},
	{"broadcast to 10000", "broadcast to 10,000 clients", "向 10,000 个客户端广播"},
	{"join 10 rooms", "join a room, with 10 in all", "加入一个房间，共 10 个"},
	{"join 100000 rooms", "join a room, with 100,000 in all", "加入一个房间，共 100,000 个"},
	{"leave 10 rooms", "leave the newest of 10 rooms", "离开 10 个房间中最新的一个"},
	{"leave 100000 rooms", "leave the newest of 100,000 rooms", "离开 100,000 个房间中最新的一个"},
}

// speed returns the table of the Socket.IO servers that internal/conformance/speed has measured.
func speed(t *testing.T, language string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "figures", "speed.json"))
	require.NoError(t, err)
	var measured struct {
		Rows map[string]struct {
			Unit                        string
			Hub, Canned, Ours, Official float64
		}
	}
	require.NoError(t, json.Unmarshal(data, &measured))
	head := "| | hub | canned | official | ours | of hub | of canned | of official |"
	if language != "speed" {
		head = "| | hub | 固定应答 | 官方 | 本项目 | 与 hub 之比 | 与固定应答之比 | 与官方之比 |"
	}
	var b strings.Builder
	b.WriteString(head + "\n|---|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range speedRows {
		m, ok := measured.Rows[r.row]
		require.True(t, ok, "no figure of %q", r.row)
		value := func(v float64) string {
			switch {
			case v == 0:
				return ""
			case v >= 100:
				return fmt.Sprintf("%.0f %s", v, m.Unit)
			}
			return fmt.Sprintf("%.3g %s", v, m.Unit)
		}
		ratio := func(v float64) string {
			if v == 0 {
				return ""
			}
			return fmt.Sprintf("%.2f", m.Ours/v)
		}
		label := r.en
		if language != "speed" {
			label = r.zh
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", label,
			value(m.Hub), value(m.Canned), value(m.Official), value(m.Ours), ratio(m.Hub),
			ratio(m.Canned), ratio(m.Official))
	}
	return b.String()
}

// figure is one figure as a sentence quotes it.
func figure(t *testing.T, reports map[string]*compare.Report, name, transport, what string) string {
	t.Helper()
	require.Contains(t, reports, name)
	for _, r := range reports[name].Results {
		if r.Transport != transport {
			continue
		}
		switch what {
		case "bytes":
			return fmt.Sprintf("%.0f", r.BytesPerMessage)
		case "headers":
			return fmt.Sprintf("%.0f", r.Bytes.Headers)
		case "requests":
			return fmt.Sprintf("%.1f", r.RequestsPerMessage)
		case "deliveries":
			return fmt.Sprint(r.Messages)
		case "p50":
			return fmt.Sprintf("%.0f", r.Latency.P50)
		case "p90":
			return fmt.Sprintf("%.0f", r.Latency.P90)
		case "p99":
			return fmt.Sprintf("%.0f", r.Latency.P99)
		case "lost": // percent
			return fmt.Sprintf("%.1f", 100*float64(r.Lost)/float64(r.Messages+r.Lost))
		case "allBack":
			require.NotNil(t, r.Storm)
			return fmt.Sprint(math.Round(r.Storm.AllBack))
		case "first":
			return fmt.Sprintf("%.0f", r.First.P50)
		case "idleKB": // a minute
			return fmt.Sprintf("%.0f", r.BytesPerMinute/1000)
		case "memory":
			return fmt.Sprintf("%.0f", r.MemoryPerClient)
		case "cpu":
			return fmt.Sprintf("%.0f", r.CPUPerMessage)
		}
	}
	t.Fatalf("no figure %s %s %s", name, transport, what)
	return ""
}

// lane returns the transport of a row in a lesson's table.
var lane = []struct{ transport, words string }{
	{"short-polling", "short polling|短轮询"}, {"long-polling", "long polling|长轮询"},
	{"hanging", "hanging"},
	{"sse", "sse"}, {"websocket", "WebSocket"},
}

var row = regexp.MustCompile(`(?m)^\| ([^|]+) \| [\d.]+ µs \| [\d.]+ KiB \|$`)

// tables are the lessons' tables of CPU and memory with 1,000 clients.
func tables(t *testing.T, reports map[string]*compare.Report, text string) string {
	rows := 0
	text = row.ReplaceAllStringFunc(text, func(old string) string {
		label := row.FindStringSubmatch(old)[1]
		for _, l := range lane {
			for _, word := range strings.Split(l.words, "|") {
				if strings.Contains(label, word) {
					rows++
					return fmt.Sprintf("| %s | %s µs | %s KiB |", label,
						figure(t, reports, "thousand", l.transport, "cpu"),
						figure(t, reports, "idle", l.transport, "memory"))
				}
			}
		}
		t.Fatalf("no transport for %q", label)
		return ""
	})
	require.Equal(t, 3, rows)
	return text
}
