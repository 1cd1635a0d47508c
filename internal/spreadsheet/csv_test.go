package spreadsheet_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"realtimelab/internal/spreadsheet"
)

func TestWriteCSV(t *testing.T) {
	cells := map[string]string{
		"": "", "Ann": "Ann", "小明": "小明", "-1.5": "-1.5", "+2": "+2", "-5%": "-5%",
		"a=1": "a=1", "a\"b,c\nd": "a\"b,c\nd",
		"=1+1": "'=1+1", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0", "-2+3": "'-2+3",
		"@SUM(A1)": "'@SUM(A1)", "＝1": "'＝1",
		"\t=1": "'\t=1", " =1": "' =1", "\r\n=1": "'\r\n=1", "\u3000@x": "'\u3000@x", "-": "-",
	}
	for cell, want := range cells {
		var b strings.Builder
		require.NoError(t, spreadsheet.WriteCSV(&b, [][]string{{cell, "end"}}))
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		require.NoError(t, err)
		want = strings.ReplaceAll(want, "\r\n", "\n") // encoding/csv reads both as one
		assert.Equal(t, []string{want, "end"}, rows[0], "%q", cell)
	}
}
