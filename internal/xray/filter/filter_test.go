package filter

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/lang"
	"realtimelab/internal/tap"
	"realtimelab/internal/xray"
)

// cases is the table of testdata/cases.json, which web/test/xray-language.test.js runs, too.
type cases struct {
	Rows []struct {
		ID, Conn               uint64
		Dir, Layer, Kind, Said string
		Side                   tap.Side
		Size                   int
		Name, Problem, Data    string
		View                   string
		Message                bool
	}
	Matches []struct {
		Filter string
		Rows   []uint64
	}
	Errors []struct {
		Filter string
		At     int
		EN     string
	}
	Completions []struct {
		Filter string
		Start  int
		Terms  []string
	}
	Seen Seen
}

func readCases(t *testing.T) (c cases) {
	data, err := os.ReadFile("testdata/cases.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &c))
	return c
}

func (c cases) rows() (all []*xray.Row) {
	for _, r := range c.Rows {
		row := &xray.Row{
			ID: r.ID, Conn: r.Conn, Layer: xray.Layer(r.Layer), Kind: xray.Kind(r.Kind),
			Side: r.Side, Size: r.Size, Name: r.Name,
			Summary: lang.Same(r.Said), Message: r.Message, Data: []byte(r.Data),
		}
		if r.Dir == "out" {
			row.Dir = tap.Out
		}
		if r.Problem != "" {
			problem := lang.Same(r.Problem)
			row.Problem = &problem
		}
		if r.View != "" {
			row.Views = []xray.View{{Data: []byte(r.View)}}
		}
		all = append(all, row)
	}
	return all
}

func TestMatches(t *testing.T) {
	c := readCases(t)
	rows := c.rows()
	for _, tc := range c.Matches {
		f, err := Parse(tc.Filter)
		require.NoError(t, err, tc.Filter)
		passed := []uint64{}
		for _, r := range rows {
			if f.Match(r, lang.English) {
				passed = append(passed, r.ID)
			}
		}
		assert.Equal(t, tc.Rows, passed, "%s", tc.Filter)
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range readCases(t).Errors {
		_, err := Parse(tc.Filter)
		var wrong *Error
		require.ErrorAs(t, err, &wrong, tc.Filter)
		assert.Equal(t, tc.At, wrong.At, tc.Filter)
		assert.Equal(t, tc.EN, wrong.Says.EN, tc.Filter)
		assert.NotEqual(t, wrong.Says.EN, wrong.Says.ZH, tc.Filter)
	}
	_, err := Parse("chat \"x")
	assert.EqualError(t, err, "character 6: the closing quote is missing")
}

func TestLimits(t *testing.T) {
	_, err := Parse(strings.Repeat("a ", MaxNeedles))
	require.NoError(t, err)
	_, err = Parse(strings.Repeat("a ", MaxNeedles+1))
	require.Error(t, err)
	_, err = Parse(strings.Repeat("a", MaxLength+1))
	require.Error(t, err)
}

func TestCompletions(t *testing.T) {
	c := readCases(t)
	for _, tc := range c.Completions {
		start, terms := Complete(tc.Filter, c.Seen)
		assert.Equal(t, tc.Start, start, tc.Filter)
		assert.Equal(t, tc.Terms, append([]string{}, terms...), tc.Filter)
		for _, term := range terms {
			if strings.ContainsAny(term, "<>=") {
				continue // the number is to come
			}
			_, err := Parse(string([]rune(tc.Filter)[:start]) + term)
			assert.NoError(t, err, term)
		}
	}
}

func TestNeedlesOfARow(t *testing.T) {
	f, err := Parse(`said -"in the view" /by.es/ #3`)
	require.NoError(t, err)
	r := &xray.Row{Layer: xray.WS, Summary: lang.Same("said"), Data: []byte("bytes"),
		Views: []xray.View{{Data: []byte("in the View")}}}
	assert.Equal(t, uint32(0b110), f.Needles(r), "what the row says is not in its bytes")
	r.Layer = xray.TCP
	assert.Zero(t, f.Needles(r), "the rows above it have them")
}

func TestSeenNotesRows(t *testing.T) {
	var s Seen
	for range 2 {
		s.Note(&xray.Row{Conn: 1, Layer: xray.WS})
		s.Note(&xray.Row{Conn: 2, Layer: xray.Event, Name: "news"})
	}
	assert.Equal(t, Seen{[]uint64{1, 2}, []xray.Layer{xray.WS, xray.Event}, []string{"news"}}, s)
}

// Parse returns a filter or a place in the text for any text, and a filter takes any row.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "-", "a -b", `event:"x y`, "/a(b/", "81 05", "size>=1",
		"layer:ws,", "#", "-#3", "0x8", `"\`, "/[/"} {
		f.Add(seed)
	}
	row := &xray.Row{Layer: xray.Event, Name: "x y", Summary: lang.Same("a b"),
		Data: []byte("\x81\x05")}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Parse(text)
		var wrong *Error
		if err != nil {
			require.ErrorAs(t, err, &wrong)
			require.GreaterOrEqual(t, wrong.At, 0)
			require.LessOrEqual(t, wrong.At, len([]rune(text)))
			return
		}
		filter.Match(row, lang.English)
		filter.Needles(row)
		start, _ := Complete(text, Seen{})
		require.LessOrEqual(t, start, len([]rune(text)))
	})
}
