package matrix

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"realtimelab/internal/lang"
	"realtimelab/internal/spreadsheet"
)

// Says returns the outcome for the transport in a few words.
func (c Cell) Says() lang.Text {
	switch {
	case !c.Connects:
		return lang.Text{EN: "no connection", ZH: "连不上"}
	case c.Down == Never:
		return lang.Text{EN: "opens, hears nothing", ZH: "连上了，却什么也收不到"}
	case c.Up == Never:
		return lang.Text{EN: "cannot send", ZH: "发不出去"}
	case c.Silence == Dead:
		return lang.Text{EN: "dead after a silence", ZH: "静默之后就断了"}
	case c.Down == Batch:
		return lang.Text{
			EN: fmt.Sprintf("in one batch, %s later",
				lang.Counted(c.BatchMessages, "message")),
			ZH: fmt.Sprintf("成批到达：又发了 %d 条才出现", c.BatchMessages),
		}
	case c.Silence == Back:
		return lang.Text{EN: "cut, comes back", ZH: "被切断，会重连"}
	case c.Down == Late:
		return lang.Text{EN: "hears late", ZH: "收得晚"}
	case c.Up == Late:
		return lang.Text{EN: "sends late", ZH: "发得晚"}
	case c.ForeignOrigin:
		return lang.Text{EN: "works, for any origin", ZH: "可用，但来源检查失效"}
	}
	return lang.Text{EN: "works", ZH: "可用"}
}

// mark is a cell of the table.
func (c Cell) mark() string {
	switch {
	case c.Verdict == Broken:
		return "no"
	case c.Verdict == Degraded:
		return "~"
	case c.ForeignOrigin:
		return "ok!"
	}
	return "ok"
}

// Formats lists the formats of Print.
func Formats() []string { return []string{"table", "wide", "csv", "json", "markdown"} }

// Print writes the cells of a whole matrix in one of the Formats, in English. The table fits 100
// columns, with a legend below it.
func Print(w io.Writer, cells []Cell, format string) error {
	switch format {
	case "json":
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(map[string][]Cell{"cells": cells})
	case "csv":
		return spreadsheet.WriteCSV(w, rows(cells))
	case "wide":
		return align(w, rows(cells), "  ")
	case "markdown":
		table := marks(cells)
		for i, row := range table {
			fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
			if i == 0 {
				fmt.Fprintf(w, "|%s\n", strings.Repeat("---|", len(row)))
			}
		}
		return legend(w, cells, "- ")
	case "table":
		if err := align(w, marks(cells), " "); err != nil {
			return err
		}
		return legend(w, cells, "")
	}
	return fmt.Errorf("no format %q; there are: %s", format, strings.Join(Formats(), ", "))
}

// marks is the matrix: a line for each proxy, a column for each transport.
func marks(cells []Cell) [][]string {
	table := [][]string{{"proxy"}}
	for _, c := range cells {
		if !slices.Contains(table[0], c.Transport) {
			table[0] = append(table[0], c.Transport)
		}
		at := slices.IndexFunc(table, func(row []string) bool { return row[0] == c.Proxy })
		if at < 0 {
			at = len(table)
			table = append(table, []string{c.Proxy})
		}
		table[at] = append(table[at], c.mark())
	}
	return table
}

// legend explains the marks, and describes each cell that is not ok.
func legend(w io.Writer, cells []Cell, bullet string) error {
	if _, err := fmt.Fprint(w,
		"\nok works; ok! works, and the server cannot check the origin; ~ late, in batches or "+
			"with\ninterruptions; no: something never arrives\n\n"); err != nil {
		return err
	}
	sorted := slices.Clone(cells)
	order := marks(cells)
	slices.SortStableFunc(sorted, func(a, b Cell) int { return line(order, a) - line(order, b) })
	for _, c := range sorted {
		if c.mark() == "ok" {
			continue
		}
		text := fmt.Sprintf("%s%s, %s: %s", bullet, c.Proxy, c.Transport, c.Says().EN)
		if c.Up == Late {
			text += fmt.Sprintf(" (%.1f s)", c.UpMS/1000)
		}
		if c.Error != "" && c.Verdict == Broken {
			text += ": " + strconv.Quote(c.Error)
		}
		if _, err := fmt.Fprintln(w, text); err != nil {
			return err
		}
	}
	return nil
}

func line(table [][]string, c Cell) int {
	return slices.IndexFunc(table, func(row []string) bool { return row[0] == c.Proxy })
}

// rows returns all cells, one per line.
func rows(cells []Cell) [][]string {
	all := [][]string{{
		"transport", "proxy", "verdict", "connects", "down", "down_ms", "up", "up_ms",
		"batch_messages", "silence", "foreign_origin", "connections", "requests", "error",
	}}
	for _, c := range cells {
		all = append(all, []string{
			c.Transport, c.Proxy, string(c.Verdict), strconv.FormatBool(c.Connects), string(c.Down),
			number(c.DownMS), string(c.Up), number(c.UpMS),
			strconv.Itoa(c.BatchMessages), string(c.Silence), strconv.FormatBool(c.ForeignOrigin),
			strconv.FormatInt(c.Connections, 10), strconv.FormatInt(c.Requests, 10), c.Error,
		})
	}
	return all
}

func number(v float64) string {
	if v == 0 {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

func align(w io.Writer, rows [][]string, gap string) error {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for _, row := range rows {
		text := ""
		for i, cell := range row {
			text += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + gap
		}
		if _, err := fmt.Fprintln(w, strings.TrimRight(text, " ")); err != nil {
			return err
		}
	}
	return nil
}
