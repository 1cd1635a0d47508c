package figures

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
	"realtimelab/internal/lesson"
	"realtimelab/lessons"
)

var lossRate = regexp.MustCompile(`loss=([\d.]+%)`)

// published reads docs/comparison.json. Its parts have the names WORKLOAD-NETWORK, for example
// "feed-3g", and head-of-line-0% to head-of-line-5%.
func published(t *testing.T) map[string]*compare.Report {
	t.Helper()
	f, err := os.Open(filepath.Join(root, "docs", "comparison.json"))
	require.NoError(t, err)
	defer f.Close()
	d, err := compare.ReadDocument(f)
	require.NoError(t, err)
	require.NoError(t, d.Faults())
	require.Nil(t, d.Incomplete)
	parts := map[string]*compare.Report{}
	for _, part := range d.Parts {
		require.Len(t, part.Results, len(lesson.Lanes(lessons.All())))
		network := part.Config.Network
		if part.Config.Workload == compare.HeadOfLine {
			network = "0%"
			if loss := lossRate.FindStringSubmatch(part.Config.Network); loss != nil {
				network = loss[1]
			}
		}
		parts[part.Config.Workload+"-"+network] = part
	}
	require.Len(t, parts, len(d.Parts))
	return parts
}

// publishedColumns lists the figures of the lesson's tables, by part.
var publishedColumns = map[string][]string{
	"feed-none": {"latency_p50_ms", "latency_p99_ms", "bytes_per_message",
		"requests_per_message", "server_cpu_us_per_message"},
	"reconnect-storm-3g": {"all_back_ms", "storm_connections_per_client",
		"storm_requests_per_client", "storm_bytes_per_client"},
}

// lossRates lists the columns of the table on head-of-line blocking.
var lossRates = []string{"0%", "0.5%", "1%", "2%", "5%"}

// headOfLine returns the table on head-of-line blocking: p99 by loss rate, and the cost at the
// largest loss.
func headOfLine(t *testing.T, parts map[string]*compare.Report, language lang.Lang) string {
	var b strings.Builder
	b.WriteString(language.Say("| p99 in ms at a loss of |", "| 丢包率下的 p99（毫秒） |"))
	for _, rate := range lossRates {
		fmt.Fprintf(&b, " %s |", strings.Replace(rate, "%", " %", 1))
	}
	worst := "head-of-line-" + lossRates[len(lossRates)-1]
	b.WriteString(language.Say(" p90 at 5 % | lost at 5 % | reordered at 5 % |\n",
		" 5 % 时的 p90 | 5 % 时丢失 | 5 % 时乱序 |\n"))
	b.WriteString("|---" + strings.Repeat("|--:", len(lossRates)+3) + "|\n")
	require.Contains(t, parts, worst)
	for _, lane := range parts[worst].Results {
		fmt.Fprintf(&b, "| %s |", lane.Transport)
		for _, rate := range lossRates {
			fmt.Fprintf(&b, " %s |", figure(t, parts, "head-of-line-"+rate, lane.Transport, "p99"))
		}
		sent := float64(lane.Messages+lane.Lost) / 100
		fmt.Fprintf(&b, " %.0f | %.1f %% | %.1f %% |\n", lane.Latency.P90, float64(lane.Lost)/sent,
			float64(lane.Reordered)/sent)
	}
	return b.String()
}

// publishedText writes the tables and the figures of docs/comparison.json into a text.
func publishedText(t *testing.T, parts map[string]*compare.Report, language lang.Lang,
	text string) string {
	seen := map[string]bool{}
	text = block.ReplaceAllStringFunc(text, func(old string) string {
		part := block.FindStringSubmatch(old)
		seen[part[2]] = true
		if part[2] == compare.HeadOfLine {
			return part[1] + headOfLine(t, parts, language) + part[3]
		}
		require.Contains(t, publishedColumns, part[2])
		require.Contains(t, parts, part[2])
		var b bytes.Buffer
		require.NoError(t, parts[part[2]].Columns(&b, publishedColumns[part[2]]...))
		return part[1] + b.String() + part[3]
	})
	require.Len(t, seen, len(publishedColumns)+1, "a table for each part that the lesson shows")
	return quoteFigures(t, parts, text)
}

// TestTheLessonQuotesThePublishedComparison compares the lesson on the comparison with
// docs/comparison.json, and its sentences with their figures.
func TestTheLessonQuotesThePublishedComparison(t *testing.T) {
	parts := published(t)
	assertSentences(t, parts)
	for _, language := range lang.All {
		name := "lesson.md"
		if language == lang.Chinese {
			name = "lesson.zh.md"
		}
		file := filepath.Join(root, "lessons", "comparison", name)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		want := publishedText(t, parts, language, string(data))
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
			continue
		}
		assert.Equal(t, want, string(data), "go test ./internal/figures -update")
	}
}

// assertSentences checks the lesson's sentences about the tables.
func assertSentences(t *testing.T, parts map[string]*compare.Report) {
	lane := func(part, name string) compare.Result {
		require.Contains(t, parts, part)
		for _, x := range parts[part].Results {
			if x.Transport == name {
				return x
			}
		}
		require.Fail(t, "no such lane", name)
		return compare.Result{}
	}
	tcp, stream := lane("head-of-line-5%", "websocket"), lane("head-of-line-5%", "webtransport")
	streams := lane("head-of-line-5%", "webtransport-streams")
	datagrams := lane("head-of-line-5%", "webtransport-datagrams")
	assert.Greater(t, tcp.Latency.P90, 2*stream.Latency.P90,
		"a TCP connection holds up more than a QUIC stream")
	assert.Greater(t, stream.Latency.P90, streams.Latency.P90, "one stream holds up more than many")
	assert.Less(t, datagrams.Latency.P99, 2*lane("head-of-line-0%", "websocket").Latency.P99,
		"datagrams do not wait")
	assert.Positive(t, streams.Reordered)
	assert.Positive(t, datagrams.Lost)
	assert.Greater(t, lane("head-of-line-1%", "websocket").Latency.P99,
		1.5*lane("head-of-line-1%", "webtransport").Latency.P99)

	for _, other := range []string{"hanging", "sse", "long-polling", "socketio-websocket",
		"webtransport"} {
		assert.Less(t, lane("feed-none", "websocket").BytesPerMessage,
			lane("feed-none", other).BytesPerMessage, other)
	}
	assert.Less(t, lane("feed-none", "long-polling-h2").BytesPerMessage,
		lane("feed-none", "long-polling").BytesPerMessage/2)
	assert.Greater(t, lane("feed-none", "sse-h2").CPUPerMessage,
		lane("feed-none", "sse").CPUPerMessage)

	for _, other := range []string{"websocket", "hanging", "long-polling", "webtransport"} {
		assert.Greater(t, lane("reconnect-storm-3g", "sse").Storm.AllBack,
			1.3*lane("reconnect-storm-3g", other).Storm.AllBack, other)
	}
}
