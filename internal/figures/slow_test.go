package figures

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
)

// slowRows are the rows of the table of the policies for slow clients, in both languages.
var slowRows = []struct {
	policy string
	name   lang.Text
}{
	{"block", lang.Text{EN: "block everyone", ZH: "让所有人等"}},
	{"grow", lang.Text{EN: "queue without bound", ZH: "无限排队"}},
	{"drop", lang.Text{EN: "drop the oldest", ZH: "丢弃最旧的"}},
	{"disconnect", lang.Text{EN: "disconnect", ZH: "断开连接"}},
}

// TestTheLessonOnSlowClientsQuotesItsFigures compares the lesson's table with
// docs/figures/slow.json, which a test of the demo measures.
func TestTheLessonOnSlowClientsQuotesItsFigures(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(root, "docs", "figures", "slow.json"))
	require.NoError(t, err)
	var measured struct {
		Policies map[string]struct {
			SteadyP50 float64 `json:"steady_delay_p50_ms"`
			SteadyP99 float64 `json:"steady_delay_p99_ms"`
			SlowP50   float64 `json:"slow_delay_p50_ms"`
			Missed    int64   `json:"slow_missed"`
			Queue     int     `json:"largest_queue_bytes"`
		} `json:"policies"`
	}
	require.NoError(t, json.Unmarshal(data, &measured))
	m := measured.Policies
	require.Len(t, m, len(slowRows))
	// The lesson's sentences about the figures.
	assert.Greater(t, m["block"].SteadyP50, 100*m["grow"].SteadyP50, "block makes all clients wait")
	assert.Greater(t, m["grow"].Queue, 10*m["drop"].Queue, "grow takes memory")
	assert.Greater(t, m["grow"].Queue, m["disconnect"].Queue)
	assert.Positive(t, m["drop"].Missed, "drop leaves gaps")
	assert.Zero(t, m["grow"].Missed)
	assert.Less(t, m["drop"].SlowP50, m["grow"].SlowP50, "what is not dropped is fresher")

	ms := func(v float64) string {
		if v < 1000 {
			return fmt.Sprintf("%.2g ms", v)
		}
		return fmt.Sprintf("%.1f s", v/1000)
	}
	for _, language := range lang.All {
		head := "| policy | steady clients: delay p50 | p99 | slow client: delay " +
			"p50 | it never got | largest queue |"
		name := "slow.md"
		if language == lang.Chinese {
			head = "| 策略 | 正常客户端：延迟 p50 | p99 | 慢客户端：延迟 " +
				"p50 | 它没收到 | 最长的队列 |"
			name = "slow.zh.md"
		}
		var b strings.Builder
		for _, row := range slowRows {
			x := m[row.policy]
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %d | %.0f KB |\n", row.name.In(language),
				ms(x.SteadyP50), ms(x.SteadyP99), ms(x.SlowP50), x.Missed, float64(x.Queue)/1000)
		}
		file := filepath.Join(root, "lessons", "production", name)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		want := replaceTable(t, string(text), head, b.String())
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
			continue
		}
		assert.Equal(t, want, string(text), "go test ./internal/figures -update")
	}
}
