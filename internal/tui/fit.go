package tui

import (
	"iter"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// cut shortens s to a width in cells.
func cut(s string, width int) string { return ansi.Truncate(s, max(width, 0), "…") }

// fit makes s exactly that wide, in cells.
func fit(s string, width int) string {
	s = cut(s, width)
	return s + strings.Repeat(" ", max(width-ansi.StringWidth(s), 0))
}

// ends puts left and right on one line; left gives way.
func ends(left, right string, width int) string {
	right = cut(right, width)
	return fit(left, width-ansi.StringWidth(right)) + right
}

// block makes exactly so many lines, each cut to the width.
func block(text string, width, height int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = cut(lines[i], width)
	}
	for len(lines) < height {
		lines = append(lines, "")
	}
	return strings.Join(lines[:max(height, 0)], "\n")
}

// beside puts right next to left, whose lines are that wide.
func beside(left, right string, width int) string {
	l, r := strings.Split(left, "\n"), strings.Split(right, "\n")
	for i := range l {
		l[i] = fit(l[i], width)
		if i < len(r) {
			l[i] += r[i]
		}
	}
	return strings.Join(l, "\n")
}

// splitLines yields the lines without their ends.
func splitLines(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.Lines(s) {
			if !yield(strings.TrimRight(line, "\r\n")) {
				return
			}
		}
	}
}

// size is a number of bytes for people.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return strconv.FormatInt(n, 10) + " B"
	case n < 1<<20:
		return strconv.FormatFloat(float64(n)/(1<<10), 'f', 1, 64) + " KiB"
	case n < 1<<30:
		return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MiB"
	}
	return strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64) + " GiB"
}

// window is the first of height rows to show of total, so that the selected one
// is in sight and the view moves little.
func window(first, selected, total, height int) int {
	first = min(first, selected)
	first = max(first, selected-height+1)
	return max(min(first, total-height), 0)
}

// cells returns how many cells s takes.
func cells(s string) int { return ansi.StringWidth(s) }
