package figures

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

// clusterRows lists the adapters of the tables on several servers, by the names of the figures.
var clusterRows = []struct {
	kind string
	name lang.Text
}{
	{"pubsub", lang.Text{EN: "Pub/Sub", ZH: "Pub/Sub"}},
	{"dynamic", lang.Text{EN: "sharded Pub/Sub", ZH: "分片 Pub/Sub"}},
	{"streams", lang.Text{EN: "Streams", ZH: "Streams"}},
}

// runs holds the values of one row of docs/figures/cluster.json, in order of size.
type runs struct {
	Unit           string
	Ours, Official []float64
}

func median(values []float64) float64 { return values[len(values)/2] }

// span returns the range of the runs, or one number if all are equal.
func span(values []float64) string {
	if least, most := slices.Min(values), slices.Max(values); least != most {
		return fmt.Sprintf("%.0f–%.0f", least, most)
	}
	return fmt.Sprintf("%.0f", values[0])
}

// clusterTables returns the tables of the lesson on several servers, by the names of their blocks.
func clusterTables(measured map[string]runs, language lang.Lang) map[string]string {
	throughput := "| adapter | 2 servers: ours | official | 4 servers: ours | official |"
	outage := "| adapter | lost: ours | official | twice: ours | official |"
	if language == lang.Chinese {
		throughput = "| 适配器 | 2 台：本项目 | 官方 | 4 台：本项目 | 官方 |"
		outage = "| 适配器 | 丢失：本项目 | 官方 | 重复：本项目 | 官方 |"
	}
	const rule = "\n|---|--:|--:|--:|--:|\n"
	throughput, outage = throughput+rule, outage+rule
	for _, row := range clusterRows {
		name := row.name.In(language)
		two, four := measured[row.kind+" 2"], measured[row.kind+" 4"]
		throughput += line(name, rate(two.Ours), rate(two.Official), rate(four.Ours),
			rate(four.Official))
		lost, doubled := measured[row.kind+" lost"], measured[row.kind+" doubled"]
		outage += line(name, span(lost.Ours), span(lost.Official), span(doubled.Ours),
			span(doubled.Official))
	}
	return map[string]string{"throughput": throughput, "outage": outage}
}

func line(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// rate returns the median of messages a second, in steps of 100.
func rate(values []float64) string {
	rounded := fmt.Sprintf("%.0f", median(values)/100) + "00"
	for i := len(rounded) - 3; i > 0; i -= 3 {
		rounded = rounded[:i] + "," + rounded[i:]
	}
	return rounded
}

var lessonBlock = regexp.MustCompile(`(?s)(<!-- figures: (\w+) -->\n).*?(<!-- end of figures -->)`)

// TestTheLessonOnSeveralServersQuotesItsFigures compares the lesson's tables with
// docs/figures/cluster.json, which the benchmarks of internal/conformance/cluster measure.
func TestTheLessonOnSeveralServersQuotesItsFigures(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "figures", "cluster.json"))
	require.NoError(t, err)
	var file struct{ Rows map[string]runs }
	require.NoError(t, json.Unmarshal(data, &file))
	m := file.Rows
	require.Len(t, m, 4*len(clusterRows))
	for name, row := range m {
		require.NotEmpty(t, row.Ours, name)
		require.Len(t, row.Official, len(row.Ours), name)
	}
	// The lesson makes these claims.
	assert.Equal(t, "0", span(m["streams lost"].Ours), "a stream loses nothing")
	for _, row := range clusterRows {
		two, four := m[row.kind+" 2"], m[row.kind+" 4"]
		assert.Less(t, median(four.Ours), median(two.Ours),
			"%s: four servers on one machine are slower", row.kind)
		assert.Equal(t, "0", span(m[row.kind+" doubled"].Ours), "%s: none arrives twice", row.kind)
		if row.kind != "streams" {
			assert.Positive(t, slices.Max(m[row.kind+" lost"].Ours), "%s keeps nothing", row.kind)
		}
	}

	for _, language := range lang.All {
		name := "cluster.md"
		if language == lang.Chinese {
			name = "cluster.zh.md"
		}
		file := filepath.Join(root, "lessons", "production", name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		tables := clusterTables(m, language)
		want := lessonBlock.ReplaceAllStringFunc(string(text), func(old string) string {
			part := lessonBlock.FindStringSubmatch(old)
			require.Contains(t, tables, part[2], "each table once")
			table := tables[part[2]]
			delete(tables, part[2])
			return part[1] + table + part[3]
		})
		assert.Empty(t, tables, "no block in %s", name)
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
			continue
		}
		assert.Equal(t, want, string(text), "go test ./internal/figures -update")
	}
}
