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

	"realtimelab/internal/compare"
	"realtimelab/internal/lang"
	"realtimelab/lessons"
	"realtimelab/lessons/production/choice"
)

// figuresOfChoice reads the figures that the lesson on choosing a transport quotes from the
// reports.
func figuresOfChoice(t *testing.T) choice.Figures {
	t.Helper()
	reports := map[string]*compare.Report{}
	all := choice.Figures{}
	for _, name := range choice.FigureNames() {
		file, figure, _ := strings.Cut(name, " ")
		if reports[file] == nil {
			reports[file] = report(t, file)
		}
		all[name] = map[string]float64{}
		for _, r := range reports[file].Results {
			if slices.Contains(choice.Transports, r.Transport) {
				all[name][r.Transport] = figureOf(t, r, figure)
			}
		}
		require.Len(t, all[name], len(choice.Transports), name)
	}
	return all
}

func figureOf(t *testing.T, r compare.Result, figure string) float64 {
	t.Helper()
	switch figure {
	case "latency":
		return r.Latency.P50
	case "bytes":
		return r.BytesPerMessage
	case "requests":
		return r.RequestsPerMessage
	case "idle":
		return r.RequestsPerMinute
	case "cpu":
		return r.CPUPerMessage
	case "memory":
		return r.MemoryPerClient
	case "recovery":
		require.NotNil(t, r.Recovery)
		return r.Recovery.P50
	}
	require.FailNow(t, "no such figure", figure)
	return 0
}

// value returns a figure by "REPORT TRANSPORT FIGURE".
func value(t *testing.T, f choice.Figures, ref string) float64 {
	t.Helper()
	v, found := f.Value(ref)
	require.True(t, found, ref)
	return v
}

// choiceTable returns the table of the transports and that of its sources.
func choiceTable(t *testing.T, f choice.Figures, language lang.Lang) (table, origin string) {
	var b, o strings.Builder
	for _, row := range choice.Table {
		fmt.Fprintf(&b, "| %s |", row.Name.In(language))
		texts := row.Texts(lessons.All(), f)
		require.Len(t, texts, len(choice.Transports), row.Name.EN)
		var from []string
		for i, text := range texts {
			require.NotEmpty(t, text.In(language), row.Name.EN)
			fmt.Fprintf(&b, " %s |", text.In(language))
			from = append(from, "`"+row.Source(i)+"`")
		}
		b.WriteString("\n")
		slices.Sort(from)
		fmt.Fprintf(&o, "| %s | %s |\n", row.Name.In(language),
			strings.Join(slices.Compact(from), "; "))
	}
	return b.String(), o.String()
}

// casesTable returns the table of the cases.
func casesTable(f choice.Figures, language lang.Lang) string {
	var b strings.Builder
	for _, c := range choice.Cases {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", c.Name.In(language), c.Take.Text.In(language),
			f.Fill(c.Because).In(language))
	}
	return b.String()
}

// replaceTable replaces the rows of the table that has this head.
func replaceTable(t *testing.T, text, head, rows string) string {
	t.Helper()
	before, rest, found := strings.Cut(text, "\n"+head+"\n")
	require.True(t, found, "no table %q", head)
	rule, rest, _ := strings.Cut(rest, "\n")
	require.Regexp(t, `^\|[-:|]+\|$`, rule)
	for strings.HasPrefix(rest, "|") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	return before + "\n" + head + "\n" + rule + "\n" + rows + rest
}

// holds compares a file with its expected content, or writes the content with -update.
func holds(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, want, string(data), "go test ./internal/figures -update")
}

var quoted = regexp.MustCompile(`\{(\S+ \S+ \S+)\}`)

// TestTheChoiceQuotesItsSources compares the lesson on choosing a transport with its sources: each
// cell has a source that exists, and each answer agrees with the figures.
func TestTheChoiceQuotesItsSources(t *testing.T) {
	f := figuresOfChoice(t)
	for _, row := range choice.Table {
		if row.Lane != nil {
			requireTest(t, row.Test)
		}
		for _, c := range row.Cells {
			requireTest(t, c.Test)
		}
	}
	assert.Len(t, choice.Cases, 12)
	for _, c := range choice.Cases {
		assert.NotEmpty(t, c.Less, c.Name.EN)
		for _, pair := range c.Less {
			assert.Less(t, value(t, f, pair[0]), value(t, f, pair[1]), "%s stands on %v",
				c.Name.EN, pair)
		}
	}
	for _, text := range choice.Texts() {
		english, chinese := quoted.FindAllString(text.EN, -1), quoted.FindAllString(text.ZH, -1)
		assert.ElementsMatch(t, english, chinese, "the same figures in both languages")
		for _, ref := range english {
			value(t, f, strings.Trim(ref, "{}"))
		}
	}
	measured, err := json.MarshalIndent(f, "", "\t")
	require.NoError(t, err)
	holds(t, filepath.Join(root, "lessons", "production", "choice", "figures.json"),
		string(measured)+"\n")
	for _, language := range lang.All {
		heads := []string{"|", "| row | source |", "| case | take | because |"}
		name := "choice.md"
		if language == lang.Chinese {
			heads = []string{"|", "| 行 | 来源 |", "| 情况 | 用 | 因为 |"}
			name = "choice.zh.md"
		}
		heads[0] += "  |"
		for _, title := range choice.Titles {
			heads[0] += " " + title.In(language) + " |"
		}
		file := filepath.Join(root, "lessons", "production", name)
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		table, origin := choiceTable(t, f, language)
		want := replaceTable(t, string(data), heads[0], table)
		want = replaceTable(t, want, heads[1], origin)
		holds(t, file, replaceTable(t, want, heads[2], casesTable(f, language)))
	}
}

// requireTest requires that the folder has a test of that name.
func requireTest(t *testing.T, ref string) {
	t.Helper()
	folder, test, found := strings.Cut(ref, " ")
	require.True(t, found, ref)
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(folder), "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		if strings.Contains(string(data), "\nfunc "+test+"(t *testing.T)") {
			return
		}
	}
	require.Fail(t, "no such test", ref)
}
