// Package spreadsheet writes tables as CSV that a spreadsheet shows and never runs.
package spreadsheet

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// WriteCSV writes rows as CSV. A cell that a spreadsheet would read as a formula gets an apostrophe
// before it.
func WriteCSV(w io.Writer, rows [][]string) error {
	table := csv.NewWriter(w)
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = harmless(cell)
		}
		if err := table.Write(safe); err != nil {
			return err
		}
	}
	table.Flush()
	return table.Error()
}

// starts are the characters that begin a formula, including the full-width ones of East Asian
// keyboards. Spreadsheets pass over white space before them.
const starts = "=+-@＝＋－＠"

// harmless puts an apostrophe before a cell that is a formula. Numbers and a lone dash stay as they
// are.
func harmless(cell string) string {
	text := strings.TrimLeft(cell, " \t\r\n\v\f\u00a0\u3000")
	if len([]rune(text)) < 2 || !strings.ContainsRune(starts, []rune(text)[0]) {
		return cell
	}
	if _, err := strconv.ParseFloat(strings.TrimSuffix(cell, "%"), 64); err == nil {
		return cell
	}
	return "'" + cell
}
